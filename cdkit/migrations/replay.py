"""Replaying operations on the schema, so that the next one is judged for what it is."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import structs

from cdkit.migrations import likeness, option
from cdkit.migrations import operation as op
from cdkit.migrations.anew import ChangeColumn, ChangeOption, RebuildTable
from cdkit.migrations.enums import ENUMS, rename_type
from cdkit.migrations.forget import (
    forget_children,
    forget_index,
    forget_indexes,
    forget_references,
    forget_schema,
    forget_sequence,
    forget_shown,
    forget_table,
    forget_thing,
    stores,
)
from cdkit.migrations.guard import GUARDS
from cdkit.migrations.indexes import Index, index_of, usual_name
from cdkit.migrations.nouns import TEMPORARY, Column, Constraint, Name, automatic_name
from cdkit.migrations.operation import Operation
from cdkit.migrations.permit import PERMITS
from cdkit.migrations.schema import Schema, Table, Thing
from cdkit.migrations.things import create_object, move_indexes, place_column, rely, unknown


def apply(schema: Schema, operation: Operation) -> None:
    """Let the schema be what it is after an operation; what is unknown changes nothing."""
    if change := _CHANGES.get(type(operation)):
        change(schema, operation)


def _create_table(schema: Schema, made: op.CreateTable) -> None:
    full = schema.full(made.table)
    if full in schema.tables:  # nothing happens, or the server refuses: nothing on it is new
        return
    inherited = [schema.table(parent) for parent in made.parents]
    if made.parents or made.reads or made.like:
        rely(schema, *made.parents, *made.reads, *([made.like] if made.like else ()))
    columns = {
        name: column for parent in inherited if parent for name, column in parent.columns.items()
    }
    copied = schema.table(made.like) if made.like else None
    columns |= {each.name: each for each in made.columns} | likeness.columns(copied, made)
    epoch = schema.epoch_of(full)
    table = Table(
        name=full,
        epoch=epoch,
        made=schema.epoch,
        known=copied.known if copied else made.columns_known and all(inherited),
        columns=columns,
        born=dict.fromkeys(columns, epoch)
        if epoch
        else {name: schema.epoch_of_column(full, name) for name in columns},
        partition=made.partition,
        parents=frozenset(schema.full(parent) for parent in made.parents),
        partitioned=made.partitioned,
        bound=made.bound,
        keyed=made.keyed,
        options=likeness.options(copied, made) | made.options,
    )
    schema.make(table)
    if full.schema == TEMPORARY:
        schema.temporary |= {full}
    schema.grants.make("table", full)
    for parent in sorted(table.parents):
        schema.note("children", parent, full)
    for each in made.columns:
        if each.serial or each.identity:
            _own_sequence(schema, full, each)
    written = [(column.name, each) for column in made.columns for each in column.constraints]
    written += [*(("", each) for each in made.constraints), *likeness.constraints(copied, made)]
    for column, constraint in written:
        _constrain(schema, full, constraint, column)
    for index in (*made.indexes, *likeness.indexes(copied, made, schema)):
        _create_index(schema, index)


def _own_sequence(schema: Schema, table: Name, column: Column) -> None:
    """A serial or identity column brings its sequence, on PostgreSQL alone (manual, 8.1.4)."""
    if schema.home and (column.serial or column.identity):
        named = Name(table.schema, f"{table.name}_{column.name}_seq")
        schema.things.setdefault(named, Thing(kind="sequence", epoch=schema.epoch))
        schema.call(named)
        schema.grants.make("sequence", named)


def _constrain(schema: Schema, name: Name, constraint: Constraint, column: str = "") -> None:
    table = schema.table(name)
    if table is None:
        return
    if column and not constraint.columns:
        constraint = structs.replace(constraint, columns=(column,))
    given = schema.naming(table, constraint) if schema.naming else ""
    named = constraint.name or given or automatic_name(name.name, constraint)
    if named != constraint.name:
        constraint = structs.replace(constraint, name=named)
    schema.put(name, "constraints", named, constraint)
    if constraint.references:
        rely(schema, constraint.references)
        schema.note("referring", schema.full(constraint.references), table.name)
    if constraint.kind in {"primary key", "unique"}:
        index = index_of(constraint, table.name, schema.epoch)
        schema.indexes[schema.index_name(table.name, named)] = index
        schema.call(schema.index_name(table.name, named))
    if constraint.kind in {"primary key", "not null"}:
        for each in constraint.columns if constraint.valid else ():
            _alter_column(schema, name, each, not_null=True)


def _alter_column(schema: Schema, table: Name, column: str, **fields: object) -> None:
    found, old = schema.table(table), schema.column(table, column)
    if found and old:
        schema.put(table, "columns", column, structs.replace(old, **fields))


def _add_column(schema: Schema, added: op.AddColumn) -> None:
    column = added.column
    table = schema.table(added.table) or unknown(schema, added)
    if table is None or (added.if_not_exists and column.name in table.columns):
        return
    schema.put(added.table, "columns", column.name, column)
    born = schema.epoch_of_column(table.name, column.name)
    schema.put(added.table, "born", column.name, born)
    place_column(schema, added.table, column.name, added.place)
    _own_sequence(schema, table.name, column)
    for constraint in column.constraints:
        _constrain(schema, table.name, constraint, column.name)


def _drop_column(schema: Schema, dropped: op.DropColumn) -> None:
    if table := schema.table(dropped.table):
        columns = {k: v for k, v in table.columns.items() if k != dropped.column}
        schema.change(dropped.table, columns=columns, constraints=_without(table, dropped.column))
        forget_indexes(schema, table.name, dropped.column)
        if column := table.columns.get(dropped.column):
            forget_sequence(schema, table.name, column)


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
        born={**table.born, renamed.to: _born(schema, table, renamed)},
    )


def _born(schema: Schema, table: Table, renamed: op.RenameColumn) -> int:
    """A column that takes the name of a released one stands for it from now on."""
    taken = schema.epoch_of_column(table.name, renamed.to) == 0
    return 0 if taken else table.born.get(renamed.column, 0)


def _change_column(schema: Schema, changed: ChangeColumn) -> None:
    if table := schema.table(changed.table):
        if changed.new.name != changed.column and changed.column in table.columns:
            _rename_column(schema, renamed(changed))
        null = not (changed.new.not_null or table.has_key_of(changed.column))
        new = structs.replace(changed.new, not_null=not null)
        _alter_column(schema, changed.table, changed.new.name, **structs.asdict(new))
        place_column(schema, changed.table, changed.new.name, changed.place)


def renamed(changed: ChangeColumn) -> op.RenameColumn:
    """Return the renaming that a CHANGE is."""
    return op.RenameColumn(
        statement=changed.statement,
        at=changed.at,
        table=changed.table,
        column=changed.column,
        to=changed.new.name,
    )


def _rebuild(schema: Schema, rebuilt: RebuildTable) -> None:
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


def _set_option(schema: Schema, changed: ChangeOption) -> None:
    if table := schema.table(changed.table):
        word, _, seen = changed.option.partition(" ")
        if word == "COLUMN":
            _alter_column(schema, changed.table, changed.value, invisible=seen == "INVISIBLE")
            return
        options = option.changed(table.options, changed.option, changed.value)
        schema.change(changed.table, options=options)


def _add_constraint(schema: Schema, added: op.AddConstraint) -> None:
    constraint = added.constraint
    if constraint.index and not constraint.columns:
        index = schema.index(Name(schema.full(added.table).schema, constraint.index))
        columns = index.columns if index else ()
        name = constraint.name or constraint.index
        constraint = structs.replace(constraint, columns=columns, name=name)
        # The server gives the index the constraint's name.
        schema.indexes.pop(Name(schema.full(added.table).schema, added.constraint.index), None)
    _constrain(schema, schema.full(added.table), constraint)


def _drop_constraint(schema: Schema, dropped: op.DropConstraint) -> None:
    if table := schema.table(dropped.table):
        left = {k: v for k, v in table.constraints.items() if k != dropped.constraint}
        schema.change(dropped.table, constraints=left)
        forget_index(schema, schema.index_name(table.name, dropped.constraint))


def _validate(schema: Schema, validated: op.ValidateConstraint) -> None:
    table = schema.table(validated.table)
    if table and (old := table.constraints.get(validated.constraint)):
        valid = structs.replace(old, valid=True)
        schema.put(validated.table, "constraints", validated.constraint, valid)


def _rename_table(schema: Schema, renamed: op.RenameTable) -> None:
    old = schema.full(renamed.table)
    if table := schema.tables.pop(old, None):
        new = Name(old.schema, renamed.to)
        epoch = 0 if schema.epoch_of(new) == 0 else table.epoch
        was = table.was or (None if schema.is_new(table.epoch) else old)
        schema.hold(structs.replace(table, name=new, epoch=epoch, was=was))
        schema.grants.rename("table", old, new)
        move_indexes(schema, old, new)
    elif thing := schema.things.pop(old, None):
        new = Name(old.schema, renamed.to)
        schema.things[new] = thing
        schema.call(new)
        for source in thing.query.sources if thing.query else ():
            schema.note("showing", schema.full(source), new)
        schema.grants.rename(thing.kind, old, new)


def _create_index(schema: Schema, made: op.CreateIndex) -> None:
    table = schema.full(made.table)
    named = made.name or usual_name(table.name, made.columns)
    name = schema.index_name(table, named)
    if name in schema.indexes:
        return
    if table not in schema.tables:
        rely(schema, table)
    schema.call(name)
    schema.indexes[name] = Index(
        table=table,
        epoch=schema.epoch,
        unique=made.unique,
        columns=made.columns,
        expressions=made.expressions,
        where=made.where,
        form=made.form,
    )


def _drop_object(schema: Schema, dropped: op.DropObject) -> None:
    full = schema.full(dropped.name)
    kind = "table" if dropped.kind == "foreign table" else dropped.kind
    if kind == "table" and full in schema.tables:
        forget_table(schema, full)
        forget_children(schema, full, cascade=dropped.cascade)
        if dropped.cascade:
            forget_references(schema, full)
            forget_shown(schema, full)
    elif kind == "index":
        forget_index(schema, full)
    elif kind == "schema":
        forget_schema(schema, dropped.name.name)
        schema.things.pop(full, None)
    elif kind != "table":
        forget_thing(schema, full, dropped)


def _rename_object(schema: Schema, renamed: op.RenameObject) -> None:
    old = schema.full(renamed.name)
    new = Name(renamed.to, old.name) if renamed.moved else Name(old.schema, renamed.to)
    if renamed.table and renamed.kind == "constraint":
        _rename_constraint(schema, renamed.table, renamed.name.name, renamed.to)
    for store in () if renamed.table else stores(schema):
        if old in store:
            store[new] = store.pop(old)
            schema.call(new)
            move_indexes(schema, old, new)
    if renamed.kind == "type":
        rename_type(schema, old, new)
    if renamed.table is None:
        kind = "table" if new in schema.tables else renamed.kind
        schema.grants.rename(kind, old, new)
    if new in schema.tables:
        schema.hold(structs.replace(schema.tables[new], name=new))


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
    child, parent = schema.table(moved.other), schema.full(moved.table)
    attached = moved.action in {"ATTACH PARTITION", "INHERIT"}
    held = child.parents if child else frozenset[Name]()
    parents = held | {parent} if attached else held - {parent}
    schema.change(moved.other, partition=attached, parents=parents, bound=moved.bound)
    if attached:
        schema.note("children", parent, schema.full(moved.other))


def _generate(schema: Schema, changed: op.ChangeIdentity) -> None:
    identity = {"ADD GENERATED AS IDENTITY": True, "DROP IDENTITY": False}.get(changed.action)
    if identity is not None:
        _alter_column(schema, changed.table, changed.column, identity=identity)
    if changed.action == "DROP EXPRESSION":
        _alter_column(schema, changed.table, changed.column, generated="")


def _change_type(schema: Schema, to: op.ChangeType) -> None:
    _alter_column(schema, to.table, to.column, type=to.type, collation=to.collation)


def _on_column(field: str, value: Callable[[Any], object]) -> Callable[[Schema, Any], None]:
    def change(schema: Schema, operation: Any) -> None:  # noqa: ANN401 - any that has a column
        _alter_column(schema, operation.table, operation.column, **{field: value(operation)})

    return change


_CHANGES: dict[type[Operation], Callable[[Schema, Any], None]] = {
    op.CreateTable: _create_table,
    op.AddColumn: _add_column,
    op.DropColumn: _drop_column,
    op.RenameColumn: _rename_column,
    op.ChangeType: _change_type,
    op.SetNotNull: _on_column("not_null", lambda _: True),
    op.DropNotNull: _on_column("not_null", lambda _: False),
    op.ChangeIdentity: _generate,
    ChangeColumn: _change_column,
    ChangeOption: _set_option,
    RebuildTable: _rebuild,
    op.AddConstraint: _add_constraint,
    op.DropConstraint: _drop_constraint,
    op.ValidateConstraint: _validate,
    op.RenameTable: _rename_table,
    op.CreateIndex: _create_index,
    op.DropObject: _drop_object,
    op.CreateObject: create_object,
    op.RenameObject: _rename_object,
    op.SetVariable: _set_variable,
    op.MovePartition: _attach,
    **ENUMS,
    **GUARDS,
    **PERMITS,
}


def replay(schema: Schema, operations: Iterable[Operation]) -> None:
    """Apply operations one after the other."""
    for operation in operations:
        apply(schema, operation)
