"""What a rebuild comes to: the old table and the new one, column by column."""

from collections.abc import Iterator
from typing import Any

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.anew import RebuildTable
from cdkit.migrations.mysql.remedy import REMEDY
from cdkit.migrations.nouns import Column, Constraint, Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema, Table
from cdkit.migrations.sqlite.columns import change


def refine(operation: Operation, schema: Schema) -> tuple[Operation, ...]:
    """Return what an operation does to this schema, the operation itself last."""
    if not isinstance(operation, RebuildTable):
        return (operation,)
    old = schema.table(operation.table)
    if old is None or not old.known:
        what = f"rebuilds {operation.table}, and no migration here tells what it was before"
        return (_unread(operation, what), operation)
    if not operation.made.columns_known:
        what = (
            f"rebuilds {operation.table} by CREATE TABLE AS, which keeps no constraint or default"
        )
        unread = op.Unread(statement=operation.statement, at=operation.at, what=what, remedy=REMEDY)
        return (unread, operation)
    triggers = tuple(_lost_triggers(operation, schema))
    others = frozenset(_others(operation, schema))
    operation = structs.replace(operation, recreated=operation.recreated - others)
    known = structs.replace(operation, kept=tuple(old.columns), lost=triggers)
    return (*_parts(operation, old, schema), known)


def _unread(rebuilt: RebuildTable, what: str) -> op.Unread:
    return op.Unread(statement=rebuilt.statement, at=rebuilt.at, what=what, remedy=REMEDY)


def _parts(rebuilt: RebuildTable, old: Table, schema: Schema) -> Iterator[Operation]:
    where: dict[str, Any] = {
        "statement": rebuilt.statement, "at": rebuilt.at, "table": rebuilt.table,
    }  # fmt: skip
    # Before the columns, with which what is known of their indexes goes.
    yield from _lost(where, rebuilt, schema)
    new = {column.name: column for column in _made(rebuilt, old)}
    renamed = {
        source: target
        for target, source in rebuilt.copied.items()
        if source in old.columns and source not in new and target not in old.columns
    }
    for name, column in old.columns.items():
        if name in renamed:
            yield op.RenameColumn(**where, column=name, to=renamed[name])
            yield from _column(where, column, new[renamed[name]])
        elif name not in new:
            yield op.DropColumn(**where, column=name)
        else:
            yield from _column(where, column, new[name])
    for name, column in new.items():
        if name not in old.columns and name not in renamed.values():
            # Its constraints are told below, with those of the whole table.
            yield op.AddColumn(**where, column=structs.replace(column, constraints=()))
    yield from _constraints(where, rebuilt, old)


def _made(rebuilt: RebuildTable, old: Table) -> Iterator[Column]:
    """Yield the columns of the new table: one of a primary key stays as it was, NOT NULL or not."""
    written = (*_all(rebuilt.made.columns), *rebuilt.made.constraints)
    keyed = {name for each in written if each.kind == "primary key" for name in each.columns}
    for column in rebuilt.made.columns:
        was = old.columns.get(column.name) if column.name in keyed else None
        kept = column.not_null or (was is not None and was.not_null)
        yield structs.replace(column, not_null=kept)


def _column(where: dict[str, Any], old: Column, new: Column) -> Iterator[Operation]:
    name = new.name
    if change(old.type, new.type).breaks:
        yield op.ChangeType(**where, column=name, type=new.type)
    if new.not_null and not old.not_null:
        yield op.SetNotNull(**where, column=name)
    if old.not_null and not new.not_null and not new.serial:
        yield op.DropNotNull(**where, column=name)
    if (bool(old.generated), old.expression) != (bool(new.generated), new.expression):
        action = "SET EXPRESSION" if new.generated else "DROP EXPRESSION"
        yield op.ChangeIdentity(**where, column=name, action=action)
    before = old.default and not old.default.null
    after = new.default and not new.default.null
    if before and not after:
        yield op.DropDefault(**where, column=name)
    elif after and new.default and new.default != old.default:
        yield op.SetDefault(**where, column=name, default=new.default)


def _all(columns: Iterator[Column] | tuple[Column, ...]) -> Iterator[Constraint]:
    for column in columns:
        for each in column.constraints:
            yield each if each.columns else structs.replace(each, columns=(column.name,))


def _key(constraint: Constraint) -> tuple[object, ...]:
    columns = () if constraint.kind == "check" else constraint.columns
    sql = constraint.sql.lower() if constraint.kind == "check" else ""
    does = (constraint.deletes, constraint.pins)
    return constraint.kind, columns, constraint.references, does, sql


def _constraints(where: dict[str, Any], rebuilt: RebuildTable, old: Table) -> Iterator[Operation]:
    written = (*_all(rebuilt.made.columns), *rebuilt.made.constraints)
    before = {_key(each) for each in old.constraints.values()}
    after = {_key(each) for each in written}
    for each in written:
        if _key(each) not in before:
            yield op.AddConstraint(**where, constraint=each)
    for name, each in old.constraints.items():
        if _key(each) not in after:
            yield op.DropConstraint(**where, constraint=name, kind=each.kind)


def _lost(where: dict[str, Any], rebuilt: RebuildTable, schema: Schema) -> Iterator[Operation]:
    """Yield the indexes that went with the old table and are not made again."""
    table = schema.full(rebuilt.table)
    inside = {"statement": where["statement"], "at": where["at"]}
    own = {constraint.lower() for constraint in _names(schema, table)}
    for name, index in list(schema.indexes.items()):
        if index.table == table and name.name.lower() not in rebuilt.recreated | own:
            yield op.DropObject(**inside, kind="index", name=name)


def _others(rebuilt: RebuildTable, schema: Schema) -> Iterator[str]:
    """Yield the names of old indexes that the new ones of these names are no more."""
    table = schema.full(rebuilt.table)
    for made in rebuilt.indexes:
        old = schema.index(Name(table.schema, made.name))
        if old is None or old.table != table:
            continue
        new = (made.unique, tuple(made.columns), made.expressions, made.where)
        if new != (old.unique, tuple(old.columns), old.expressions, old.where):
            yield made.name.lower()


def _lost_triggers(rebuilt: RebuildTable, schema: Schema) -> Iterator[str]:
    """Yield the triggers that went with the old table and are not made again."""
    kind = f"trigger on {rebuilt.table.name}".lower()
    for name, thing in schema.things.items():
        if thing.kind.lower() == kind and name.name.lower() not in rebuilt.recreated:
            yield name.name


def _names(schema: Schema, table: Name) -> Iterator[str]:
    found = schema.table(table)
    yield from found.constraints if found else ()
