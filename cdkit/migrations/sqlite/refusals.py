"""What SQLite refuses, by version.

Sources: SQLite, "ALTER TABLE", 4 "ALTER TABLE ADD COLUMN" and 5 "ALTER TABLE DROP COLUMN"; release
notes of 3.25 (RENAME COLUMN), 3.31 (generated columns), 3.35 (DROP COLUMN), 3.37 (STRICT).
"""

import re

from cdkit.migrations import operation as op
from cdkit.migrations.anew import RebuildTable
from cdkit.migrations.engine import Server
from cdkit.migrations.nouns import Column, Constraint
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema

_REBUILD = "rebuild the table in the twelve steps of the manual"
_SINCE = {
    "RENAME COLUMN": (3, 25),
    "a generated column": (3, 31),
    "DROP COLUMN": (3, 35),
    "a STRICT table": (3, 37),
}


def refuses(operation: Operation, schema: Schema, server: Server) -> tuple[str, str] | None:
    """Return why SQLite refuses an operation and what to do instead, or None."""
    feature = _feature(operation)
    if feature and server.before(*_SINCE[feature]):
        since = ".".join(map(str, _SINCE[feature]))
        return f"{feature} needs SQLite {since}, and {server} runs", f"{_REBUILD}, or upgrade"
    if isinstance(operation, RebuildTable) and not server.before(3, 25):
        return _of_rebuild(operation, schema)
    if isinstance(operation, op.AddColumn):
        what = _of_added(operation) or _of_default(operation, schema)
        return (f"SQLite adds no column {what}", _REBUILD) if what else _of_types(operation, schema)
    if isinstance(operation, op.DropColumn):
        what = _of_dropped(operation, schema)
        return (f"SQLite drops no column {what}", _REBUILD) if what else None
    return _of_types(operation, schema)


def _feature(operation: Operation) -> str:
    match operation:
        case op.RenameColumn() if operation.statement.kind == "ALTER":
            return "RENAME COLUMN"
        case op.DropColumn() if operation.statement.kind == "ALTER":
            return "DROP COLUMN"
        case op.AddColumn(column=column) if column.generated:
            return "a generated column"
        case op.CreateTable(options=options) if "STRICT" in options:
            return "a STRICT table"
        case _:
            return ""


def _of_rebuild(rebuilt: RebuildTable, schema: Schema) -> tuple[str, str] | None:
    """A RENAME reads every view and trigger, and meets those that name the table that is gone."""
    legacy = schema.settings.get("legacy_alter_table", "") in {"on", "1", "true", "yes"}
    if rebuilt.aside or legacy:
        return None
    name = rebuilt.table.name.lower()
    kind = f"trigger on {name}"
    for at, thing in schema.things.items():
        words = re.findall(r"\w+", thing.body.lower())
        if thing.kind.lower() != kind and name in words:
            what = f"SQLite renames no table while the {thing.kind} {at} names {rebuilt.table}"
            return what, "drop it first and make it again, or PRAGMA legacy_alter_table = ON"
    return None


def _of_added(added: op.AddColumn) -> str:
    column, given = added.column, added.column.default
    if added.statement.kind != "ALTER":
        return ""
    kinds = {each.kind for each in column.constraints}
    if kinds & {"unique", "primary key"}:
        return "that is UNIQUE or a PRIMARY KEY"
    if column.generated == "stored":
        return "that is generated and STORED"
    if column.not_null and not column.generated and (given is None or given.null):
        return "that is NOT NULL and has no default"
    if given and not given.constant and not given.null:
        return f"whose default is computed ({given.sql[:40]})"
    return ""


def _of_default(added: op.AddColumn, schema: Schema) -> str:
    """A default would refer to a row that nobody has looked for."""
    column = added.column
    refers = any(each.kind == "foreign key" for each in column.constraints)
    off = schema.settings.get("foreign_keys", "").lower() in {"0", "off", "false", "no"}
    if off or not refers or column.default is None or column.default.null:
        return ""
    return "that refers to another table and has a default, while foreign keys are on"


def _of_types(operation: Operation, schema: Schema) -> tuple[str, str] | None:
    """Return which column a STRICT table cannot have (SQLite, "STRICT Tables")."""
    columns: tuple[Column, ...] = ()
    if isinstance(operation, op.CreateTable) and "STRICT" in operation.options:
        columns = operation.columns
    elif isinstance(operation, op.AddColumn):
        table = schema.table(operation.table)
        columns = (operation.column,) if table and "STRICT" in table.options else ()
    for each in columns:
        if each.type.name not in _STRICT or each.type.modifiers:
            what = f"a STRICT table has no column of the type '{each.type}' ({each.name})"
            return what, "say INTEGER, REAL, TEXT, BLOB or ANY"
    return None


_STRICT = frozenset({"int", "integer", "real", "text", "blob", "any"})


def _among(constraint: Constraint, own: tuple[Constraint, ...]) -> bool:
    """Whether a constraint was written with its column: it goes with that."""
    return any(each.at == constraint.at and each.kind == constraint.kind for each in own)


def _of_dropped(dropped: op.DropColumn, schema: Schema) -> str:  # noqa: PLR0911 - a list
    table = schema.table(dropped.table)
    if dropped.statement.kind != "ALTER" or table is None:
        return ""
    name, full = dropped.column, schema.full(dropped.table)
    for each in table.constraints.values():
        if name in each.columns and each.kind in {"primary key", "unique"}:
            return f"that is in a {each.kind}"
        own = table.columns[name].constraints if name in table.columns else ()
        if name in each.columns and each.kind == "foreign key" and not _among(each, own):
            return "that refers to another table"
        if each.kind == "check" and name in each.columns and len(set(each.columns)) > 1:
            return "that a CHECK of the table names"
    for other in table.columns.values():
        if name.lower() in re.findall(r"\w+", other.expression.lower()):
            return f"that {other.name} is generated from"
    for at, index in schema.indexes.items():
        if index.table == full and name in index.columns:
            return f"that is in the index {at.name}"
    return ""
