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
        options=made.options,
    )
    schema.tables[full] = table
    written = [(column.name, each) for column in made.columns for each in column.constraints]
    for column, constraint in (*written, *(("", each) for each in made.constraints)):
        _constrain(schema, full, constraint, column)
    for index in made.indexes:
        _create_index(schema, index)


def _constrain(schema: Schema, name: Name, constraint: Constraint, column: str = "") -> None:
    table = schema.table(name)
    if table is None:
        return
    if column and not constraint.columns:
        constraint = structs.replace(constraint, columns=(column,))
    given = schema.naming(table, constraint) if schema.naming else ""
    named = constraint.name or given or _automatic_name(name.name, constraint)
    constraint = structs.replace(constraint, name=named)
    schema.change(name, constraints={**table.constraints, named: constraint})
    if constraint.kind in {"primary key", "unique"}:
        index = Index(table=table.name, epoch=schema.epoch, unique=True, columns=constraint.columns)
        schema.indexes[schema.index_name(table.name, named)] = index
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
        new = structs.replace(old, **fields)
        schema.change(table, columns={**found.columns, column: new})


def _add_column(schema: Schema, added: op.AddColumn) -> None:
    table, column = schema.table(added.table), added.column
    if table is None or (added.if_not_exists and column.name in table.columns):
        return
    schema.change(
        added.table,
        columns={**table.columns, column.name: column},
        born={**table.born, column.name: schema.epoch},
    )
    for constraint in column.constraints:
        _constrain(schema, table.name, constraint, column.name)


def _drop_column(schema: Schema, dropped: op.DropColumn) -> None:
    if table := schema.table(dropped.table):
        columns = {k: v for k, v in table.columns.items() if k != dropped.column}
        schema.change(dropped.table, columns=columns, constraints=_without(table, dropped.column))


def _without(table: Table, column: str) -> dict[str, Constraint]:
    return {k: v for k, v in table.constraints.items() if column not in v.columns}


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


def _change_column(schema: Schema, changed: op.ChangeColumn) -> None:
    if table := schema.table(changed.table):
        if changed.new.name != changed.column and changed.column in table.columns:
            _rename_column(schema, renamed(changed))
        new = structs.replace(changed.new, not_null=changed.new.not_null or _is_key(table, changed))
        _alter_column(schema, changed.table, changed.new.name, **structs.asdict(new))


def renamed(changed: op.ChangeColumn) -> op.RenameColumn:
    """Return the renaming that a CHANGE is."""
    return op.RenameColumn(
        statement=changed.statement,
        at=changed.at,
        table=changed.table,
        column=changed.column,
        to=changed.new.name,
    )


def _is_key(table: Table, changed: op.ChangeColumn) -> bool:
    keys = (each for each in table.constraints.values() if each.kind == "primary key")
    return any(changed.column in each.columns for each in keys)


def _rebuild(schema: Schema, rebuilt: op.RebuildTable) -> None:
    """The table is what its new CREATE says; columns that were there before stay as old.

    A table that was unknown is known from here on, and was there before all the same.
    """
    full = schema.full(rebuilt.table)
    old = schema.tables.pop(full, None)
    for name in [each for each, index in schema.indexes.items() if index.table == full]:
        if name.name.lower() not in rebuilt.recreated:
            del schema.indexes[name]
    epoch, schema.epoch = schema.epoch, old.epoch if old else 0
    _create_table(schema, structs.replace(rebuilt.made, table=rebuilt.table))
    schema.epoch = epoch
    if old:
        names = schema.tables[full].columns
        schema.change(full, born={name: old.born.get(name, epoch) for name in names})


def _set_option(schema: Schema, changed: op.ChangeOption) -> None:
    if table := schema.table(changed.table):
        options = {**table.options, changed.option: changed.value}
        schema.change(changed.table, options=options)


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
        left = {k: v for k, v in table.constraints.items() if k != dropped.constraint}
        schema.change(dropped.table, constraints=left)
        schema.indexes.pop(schema.index_name(table.name, dropped.constraint), None)


def _validate(schema: Schema, validated: op.ValidateConstraint) -> None:
    table = schema.table(validated.table)
    if table and (old := table.constraints.get(validated.constraint)):
        valid = structs.replace(old, valid=True)
        schema.change(
            validated.table, constraints={**table.constraints, validated.constraint: valid}
        )


def _rename_table(schema: Schema, renamed: op.RenameTable) -> None:
    old = schema.full(renamed.table)
    if table := schema.tables.pop(old, None):
        new = Name(old.schema, renamed.to)
        schema.tables[new] = structs.replace(table, name=new)
        for name, index in [each for each in schema.indexes.items() if each[1].table == old]:
            del schema.indexes[name]
            kept = name.name if schema.shared_names else name.name.removeprefix(f"{old.name}.")
            named = schema.index_name(new, kept)
            schema.indexes[named] = structs.replace(index, table=new)
    elif thing := schema.things.pop(old, None):
        schema.things[Name(old.schema, renamed.to)] = thing


def _create_index(schema: Schema, made: op.CreateIndex) -> None:
    table = schema.full(made.table)
    named = made.name or "_".join((table.name, *filter(None, made.columns), "idx"))
    name = schema.index_name(table, named)
    if name in schema.indexes:
        return
    schema.indexes[name] = Index(
        table=table, epoch=schema.epoch, unique=made.unique, columns=made.columns, form=made.form
    )


def _drop_object(schema: Schema, dropped: op.DropObject) -> None:
    full = schema.full(dropped.name)
    if dropped.kind in {"table", "foreign table"}:
        schema.tables.pop(full, None)
        for name in [each for each, index in schema.indexes.items() if index.table == full]:
            del schema.indexes[name]
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
    if new in schema.tables:
        schema.tables[new] = structs.replace(schema.tables[new], name=new)


def _rename_constraint(schema: Schema, name: Name, old: str, new: str) -> None:
    table = schema.table(name)
    if table and old in table.constraints:
        renamed = structs.replace(table.constraints[old], name=new)
        left = {k: v for k, v in table.constraints.items() if k != old}
        schema.change(name, constraints={**left, new: renamed})


def _set_variable(schema: Schema, given: op.SetVariable) -> None:
    schema.settings[given.name] = given.value
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
    op.ChangeColumn: _change_column,
    op.ChangeOption: _set_option,
    op.RebuildTable: _rebuild,
    op.AddConstraint: _add_constraint,
    op.DropConstraint: _drop_constraint,
    op.ValidateConstraint: _validate,
    op.RenameTable: _rename_table,
    op.CreateIndex: _create_index,
    op.DropObject: _drop_object,
    op.CreateObject: _create_object,
    op.RenameObject: _rename_object,
    op.SetVariable: _set_variable,
    op.MovePartition: _attach,
}


def replay(schema: Schema, operations: Iterable[Operation]) -> None:
    """Apply operations one after the other."""
    for operation in operations:
        apply(schema, operation)
