"""What an operation comes to on the schema that is there: a MODIFY is what it changes."""

from collections.abc import Iterator
from typing import Any

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.mysql.types import change
from cdkit.migrations.nouns import Column, Default
from cdkit.migrations.operation import Operation
from cdkit.migrations.reading.query import view_columns
from cdkit.migrations.replay import renamed
from cdkit.migrations.schema import Schema


def refine(operation: Operation, schema: Schema) -> tuple[Operation, ...]:
    """Return what an operation does to this schema, the operation itself last."""
    if isinstance(operation, op.CreateObject) and operation.kind == "view":
        return (*_of_view(operation, schema), operation)
    if not isinstance(operation, op.ChangeColumn):
        return (operation,)
    old = schema.column(operation.table, operation.column)
    changed = structs.replace(operation, old=old)
    return (*_parts(changed), changed)


def _of_view(made: op.CreateObject, schema: Schema) -> Iterator[Operation]:
    """Yield the columns that a view loses by being replaced."""
    before = schema.thing(made.name)
    if before is None or not made.replace or schema.is_new(before.epoch):
        return
    old, new = (_columns_of(body) for body in (before.body, made.body))
    for name in old or () if new else ():
        if new and name.lower() not in {each.lower() for each in new}:
            yield op.DropColumn(statement=made.statement, at=made.at, table=made.name, column=name)


def _columns_of(body: str) -> tuple[str, ...] | None:
    names, _, query = body.partition("AS ") if body.startswith("(") else ("", "", body)
    if names:
        return tuple(part.strip(" `()") for part in names.split(","))
    return view_columns(query.removeprefix("AS "), "mysql")


def _parts(changed: op.ChangeColumn) -> Iterator[Operation]:
    where: dict[str, Any] = {
        "statement": changed.statement, "at": changed.at, "table": changed.table,
    }  # fmt: skip
    old, new = changed.old, changed.new
    if new.name != changed.column:
        yield renamed(changed)
    if old is None:
        if new.name == changed.column:
            yield op.ChangeType(**where, column=new.name, type=new.type)
        if new.not_null:
            yield op.SetNotNull(**where, column=new.name)
        return
    if is_other_type(old, new):
        yield op.ChangeType(**where, column=new.name, type=new.type)
    if new.not_null and not old.not_null:
        yield op.SetNotNull(**where, column=new.name)
    if old.not_null and not new.not_null and not new.serial:
        yield op.DropNotNull(**where, column=new.name)
    yield from _default(where, old, new)
    if old.generated != new.generated or old.expression != new.expression:
        action = "SET EXPRESSION" if new.generated else "DROP EXPRESSION"
        yield op.ChangeIdentity(**where, column=new.name, action=action)


def is_other_type(old: Column, new: Column) -> bool:
    """Whether the type is another one, its size included; enums have a rule of their own."""
    both = old.type.name == new.type.name
    if both and old.type.name in {"enum", "set"}:
        return False
    return not both or change(old.type, new.type).fares != "same"


def _default(where: dict[str, Any], old: Column, new: Column) -> Iterator[Operation]:
    if old.generated or new.generated or new.serial:
        return
    before, after = effective(old), effective(new)
    if before and not after:
        yield op.DropDefault(**where, column=new.name)
    elif after and after.sql != (before.sql if before else ""):
        yield op.SetDefault(**where, column=new.name, default=after)


def effective(column: Column) -> Default | None:
    """Return a column's default, unless that is NULL, as it is without one."""
    return None if column.default is None or column.default.null else column.default
