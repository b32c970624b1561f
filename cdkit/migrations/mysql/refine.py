"""What an operation comes to on the schema that is there: a MODIFY is what it changes."""

import re
from collections.abc import Iterator
from typing import Any

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.anew import ChangeColumn, ChangeOption
from cdkit.migrations.defaults import is_same_default
from cdkit.migrations.mysql.commands import PREPARED
from cdkit.migrations.mysql.marks import COPIED, written
from cdkit.migrations.mysql.types import change
from cdkit.migrations.nouns import Column, Default
from cdkit.migrations.operation import Operation
from cdkit.migrations.reading.query import View, view
from cdkit.migrations.replay import renamed
from cdkit.migrations.schema import Schema


def refine(operation: Operation, schema: Schema) -> tuple[Operation, ...]:
    """Return what an operation does to this schema, the operation itself last."""
    if isinstance(operation, op.CreateObject) and operation.kind == "view":
        return _of_view(operation, schema)
    if isinstance(operation, ChangeOption) and operation.option == "DISCARD TABLESPACE":
        gone = op.Truncate(statement=operation.statement, at=operation.at, table=operation.table)
        return gone, operation
    if _is_code(operation):
        from cdkit.migrations.mysql import code  # which few migrations need

        return code.refined(operation, schema, refine)
    if not isinstance(operation, ChangeColumn):
        return (operation,)
    old = schema.column(operation.table, operation.column)
    changed = structs.replace(operation, old=old)
    table = schema.table(operation.table)
    if old and table and table.has_key_of(operation.column):
        still = structs.replace(operation.new, not_null=True)
        return (*_parts(structs.replace(changed, new=still)), changed)
    return (*_parts(changed), changed)


def _is_code(operation: Operation) -> bool:
    """Whether it runs code that a migration made, or sets what SQL may be put together from."""
    match operation:
        case op.SetVariable(name=name):
            return name.startswith(("@", PREPARED))
        case op.Call(procedure=procedure):
            return procedure
        case op.Unread(statement=statement):
            return statement.kind in {"EXECUTE", "BEGIN", "SET"}
        case _:
            return False


def _of_view(made: op.CreateObject, schema: Schema) -> tuple[Operation, ...]:
    """Return the columns that a view loses by being replaced, and the view itself."""
    before = schema.thing(made.name)
    if before is None or not made.replace or schema.is_new(before.epoch):
        return (made,)
    old, new = _query_of(before.body), _query_of(made.body)
    other = _is_written(before.body) != _is_written(made.body)
    other = other or (_checks(made.body) and not _checks(before.body))
    if old is None or new is None:
        return (structs.replace(made, other_rows=other),)
    left = {name.lower() for name in new.columns}
    where: dict[str, Any] = {"statement": made.statement, "at": made.at, "table": made.name}
    lost = (name for name in old.columns if name.lower() not in left)
    dropped = (op.DropColumn(**where, column=name) for name in lost)
    other = other or old.rows != new.rows or _computes_otherwise(old, new)
    return (*dropped, structs.replace(made, other_rows=other))


def _computes_otherwise(old: View, new: View) -> bool:
    """Whether a column of one name stands for something else."""
    now = {name.lower(): each for name, each in zip(new.columns, new.shown, strict=False)}
    return any(
        now.get(name.lower(), each) != each
        for name, each in zip(old.columns, old.shown, strict=False)
    )


def _is_written(body: str) -> bool:
    """Whether nothing keeps a view from being written (MySQL manual, "Updatable … Views")."""
    return not body.endswith(COPIED) and not re.search(
        r"(?i)\bselect\s+distinct\b|\bgroup\s+by\b|\bunion\b|\blimit\b", body
    )


def _checks(body: str) -> bool:
    """Whether a view refuses to write rows that it does not show."""
    return _CHECK.search(written(body)) is not None


_CHECK = re.compile(r"(?i)\s+with\s+(?:cascaded\s+|local\s+)?check\s+option\s*$")


def _query_of(body: str) -> View | None:
    """Return what the query of a view gives, under the names that it gives them if it does."""
    names, _, query = body.partition(" AS ") if body.startswith("(") else ("", "", body)
    query = _CHECK.sub("", written(query))
    found = view(query.removeprefix("AS "), "mysql")
    if found is None or not names:
        return found
    given = tuple(part.strip(" `()") for part in names.split(","))
    return structs.replace(found, columns=given)


def _parts(changed: ChangeColumn) -> Iterator[Operation]:
    where: dict[str, Any] = {
        "statement": changed.statement, "at": changed.at, "table": changed.table,
    }  # fmt: skip
    old, new = changed.old, changed.new
    if new.name != changed.column:
        yield renamed(changed)
    for each in new.constraints:
        if each.kind in {"check", "unique"}:
            named = structs.replace(each, columns=each.columns or (new.name,))
            yield op.AddConstraint(**where, constraint=named)
    if old is None:
        if new.name == changed.column:
            yield op.ChangeType(**where, column=new.name, type=new.type)
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
    elif after and not (before and is_same_default(before, after, new.type)):
        yield op.SetDefault(**where, column=new.name, default=after)


def effective(column: Column) -> Default | None:
    """Return a column's default, unless that is NULL, as it is without one."""
    return None if column.default is None or column.default.null else column.default
