"""Replaying operations on the schema, so that the next one is judged for what it is."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.nouns import Constraint, Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Index, Schema, Table, Thing


def apply(schema: Schema, operation: Operation) -> None:
    """Let the schema be what it is after an operation; what is unknown changes nothing."""
    if change := _CHANGES.get(type(operation)):
        change(schema, operation)


def _create_table(schema: Schema, made: op.CreateTable) -> None:
    full = schema.full(made.table)
    if full in schema.tables:
        # With IF NOT EXISTS nothing happens, without it the server refuses: the table stays as
        # old as it is, so that nothing on it passes for new.
        return
    inherited = [schema.table(parent) for parent in made.parents]
    columns = {
        name: column for parent in inherited if parent for name, column in parent.columns.items()
    }
    columns |= {column.name: column for column in made.columns}
    table = Table(
        name=full,
        epoch=schema.epoch,
        known=made.columns_known and all(inherited),
        columns=columns,
        born=dict.fromkeys(columns, schema.epoch),
        partition=made.partition,
    )
    schema.tables[full] = table
    written = [(column.name, each) for column in made.columns for each in column.constraints]
    for column, constraint in (*written, *(("", each) for each in made.constraints)):
        _constrain(schema, full, constraint, column)


def _constrain(schema: Schema, name: Name, constraint: Constraint, column: str = "") -> None:
    table = schema.table(name)
    if table is None:
        return
    if column and not constraint.columns:
        constraint = structs.replace(constraint, columns=(column,))
    named = constraint.name or _automatic_name(name.name, constraint)
    constraint = structs.replace(constraint, name=named)
    table.constraints[named] = constraint
    if constraint.kind in {"primary key", "unique"}:
        index = Index(table=table.name, epoch=schema.epoch, unique=True, columns=constraint.columns)
        schema.put_index(Name(table.name.schema, named), index)
    if constraint.kind in {"primary key", "not null"}:
        for each in constraint.columns if constraint.valid else ():
            _alter_column(schema, name, each, not_null=True)


def _automatic_name(table: str, constraint: Constraint) -> str:
    """Return the name that the server gives (PostgreSQL's ChooseConstraintName), unshortened."""
    suffix = {
        "primary key": "pkey", "unique": "key", "foreign key": "fkey", "check": "check",
        "exclusion": "excl", "not null": "not_null",
    }[constraint.kind]  # fmt: skip
    columns = () if constraint.kind == "primary key" else constraint.columns
    if constraint.kind == "check" and len(columns) > 1:
        columns = ()
    return "_".join((table, *columns, suffix))


def _alter_column(schema: Schema, table: Name, column: str, **fields: object) -> None:
    found, old = schema.table(table), schema.column(table, column)
    if found and old:
        found.columns[column] = structs.replace(old, **fields)


def _add_column(schema: Schema, added: op.AddColumn) -> None:
    table, column = schema.table(added.table), added.column
    if table is None or (added.if_not_exists and column.name in table.columns):
        return
    table.columns[column.name] = column
    table.born[column.name] = schema.epoch
    for constraint in column.constraints:
        _constrain(schema, table.name, constraint, column.name)


def _drop_column(schema: Schema, dropped: op.DropColumn) -> None:
    if table := schema.table(dropped.table):
        if table.columns.pop(dropped.column, None) is None and table.known:
            return
        for name in [k for k, v in table.constraints.items() if dropped.column in v.columns]:
            del table.constraints[name]


def _rename_column(schema: Schema, renamed: op.RenameColumn) -> None:
    table, old = schema.table(renamed.table), schema.column(renamed.table, renamed.column)
    if table is None or old is None:
        return
    new = structs.replace(old, name=renamed.to)
    columns = {(renamed.to if k == renamed.column else k): v for k, v in table.columns.items()}
    schema.change(
        renamed.table,
        columns={**columns, renamed.to: new},
        born={**table.born, renamed.to: table.born.get(renamed.column, 0)},
    )


def _add_constraint(schema: Schema, added: op.AddConstraint) -> None:
    constraint = added.constraint
    if constraint.index and not constraint.columns:
        index = schema.index(Name(schema.full(added.table).schema, constraint.index))
        columns = index.columns if index else ()
        name = constraint.name or constraint.index
        constraint = structs.replace(constraint, columns=columns, name=name)
    _constrain(schema, schema.full(added.table), constraint)


def _drop_constraint(schema: Schema, dropped: op.DropConstraint) -> None:
    if table := schema.table(dropped.table):
        table.constraints.pop(dropped.constraint, None)
        schema.indexes.pop(Name(table.name.schema, dropped.constraint), None)


def _validate(schema: Schema, validated: op.ValidateConstraint) -> None:
    table = schema.table(validated.table)
    if table and (old := table.constraints.get(validated.constraint)):
        table.constraints[validated.constraint] = structs.replace(old, valid=True)


def _rename_table(schema: Schema, renamed: op.RenameTable) -> None:
    old = schema.full(renamed.table)
    if table := schema.tables.pop(old, None):
        new = Name(old.schema, renamed.to)
        schema.tables[new] = structs.replace(table, name=new)
        for name in schema.indexes_of.pop(old, ()):
            if (index := schema.indexes.get(name)) and index.table == old:
                schema.put_index(name, structs.replace(index, table=new))
    elif thing := schema.things.pop(old, None):
        schema.things[Name(old.schema, renamed.to)] = thing


def _create_index(schema: Schema, made: op.CreateIndex) -> None:
    table = schema.full(made.table)
    named = made.name or "_".join((table.name, *filter(None, made.columns), "idx"))
    name = Name(table.schema, named)
    if name in schema.indexes:
        return
    index = Index(table=table, epoch=schema.epoch, unique=made.unique, columns=made.columns)
    schema.put_index(name, index)


def _drop_object(schema: Schema, dropped: op.DropObject) -> None:
    full = schema.full(dropped.name)
    if dropped.kind in {"table", "foreign table"}:
        schema.tables.pop(full, None)
    elif dropped.kind == "index":
        schema.indexes.pop(full, None)
    elif dropped.kind == "schema":
        inside = [name for name in schema.tables if name.schema == dropped.name.name]
        for name in inside:
            del schema.tables[name]
    else:
        schema.things.pop(full, None)


def _create_object(schema: Schema, made: op.CreateObject) -> None:
    full = schema.full(made.name)
    old = schema.things.get(full)
    epoch = old.epoch if old else schema.epoch
    body = made.body or (old.body if old else "")
    schema.things[full] = Thing(kind=made.kind, epoch=epoch, body=body)


def _rename_object(schema: Schema, renamed: op.RenameObject) -> None:
    old = schema.full(renamed.name)
    new = Name(renamed.to, old.name) if renamed.moved else Name(old.schema, renamed.to)
    if renamed.table and renamed.kind == "constraint":
        _rename_constraint(schema, renamed.table, renamed.name.name, renamed.to)
    stores: tuple[dict[Name, Any], ...] = (schema.tables, schema.indexes, schema.things)
    for store in () if renamed.table else stores:
        if old in store:
            store[new] = store.pop(old)
    if new in schema.indexes:
        schema.put_index(new, schema.indexes[new])
    if new in schema.tables:
        schema.tables[new] = structs.replace(schema.tables[new], name=new)


def _rename_constraint(schema: Schema, name: Name, old: str, new: str) -> None:
    table = schema.table(name)
    if table and old in table.constraints:
        renamed = structs.replace(table.constraints[old], name=new)
        left = {k: v for k, v in table.constraints.items() if k != old}
        schema.change(name, constraints={**left, new: renamed})


def _set_path(schema: Schema, given: op.SetVariable) -> None:
    if given.name == "search_path":
        first = given.value.split(",")[0].strip().strip('"')
        schema.path = first if first and first != "$user" else schema.home


def _attach(schema: Schema, moved: op.MovePartition) -> None:
    schema.change(moved.other, partition=moved.action in {"ATTACH PARTITION", "INHERIT"})


def _generate(schema: Schema, changed: op.ChangeIdentity) -> None:
    identity = {"ADD GENERATED AS IDENTITY": True, "DROP IDENTITY": False}.get(changed.action)
    if identity is not None:
        _alter_column(schema, changed.table, changed.column, identity=identity)
    if changed.action == "DROP EXPRESSION":
        _alter_column(schema, changed.table, changed.column, generated="")


def _on_column(field: str, value: Callable[[Any], object]) -> Callable[[Schema, Any], None]:
    def change(schema: Schema, operation: Any) -> None:  # noqa: ANN401 - any that has a column
        _alter_column(schema, operation.table, operation.column, **{field: value(operation)})

    return change


_CHANGES: dict[type[Operation], Callable[[Schema, Any], None]] = {
    op.CreateTable: _create_table,
    op.AddColumn: _add_column,
    op.DropColumn: _drop_column,
    op.RenameColumn: _rename_column,
    op.ChangeType: _on_column("type", lambda changed: changed.type),
    op.SetNotNull: _on_column("not_null", lambda _: True),
    op.DropNotNull: _on_column("not_null", lambda _: False),
    op.SetDefault: _on_column("default", lambda changed: changed.default),
    op.DropDefault: _on_column("default", lambda _: None),
    op.ChangeIdentity: _generate,
    op.AddConstraint: _add_constraint,
    op.DropConstraint: _drop_constraint,
    op.ValidateConstraint: _validate,
    op.RenameTable: _rename_table,
    op.CreateIndex: _create_index,
    op.DropObject: _drop_object,
    op.CreateObject: _create_object,
    op.RenameObject: _rename_object,
    op.SetVariable: _set_path,
    op.MovePartition: _attach,
}


def replay(schema: Schema, operations: Iterable[Operation]) -> None:
    """Apply operations one after the other."""
    for operation in operations:
        apply(schema, operation)
