"""What MySQL and MariaDB refuse, by version: one says what the other does not know.

Sources: MySQL manual, release notes of 5.7.4 (no ALTER IGNORE), 8.0 (RENAME COLUMN), 8.0.12
(INSTANT), 8.0.13 (functional key parts, expressions as defaults), 8.0.23 (invisible columns), "Data
Type Default Values" (none for a BLOB, but an expression); MariaDB, "ALTER TABLE" (IF EXISTS,
NOCOPY, WAIT; RENAME COLUMN since 10.5.2) and "Differences from MySQL" (no functional key parts).
"""

from cdkit.migrations import operation as op
from cdkit.migrations.anew import AlterTable, ChangeColumn, ChangeOption
from cdkit.migrations.engine import Server, Version
from cdkit.migrations.lazy import pattern
from cdkit.migrations.nouns import Column
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema

_ASKS = "IF [NOT] EXISTS in ALTER TABLE"
_PLAIN_DEFAULT = "a DEFAULT of a TEXT, BLOB, JSON or GEOMETRY column that is no expression"
_UNFILLED = frozenset(
    {"tinytext", "text", "mediumtext", "longtext", "tinyblob", "blob", "mediumblob", "longblob"}
    | {"json", "geometry", "point", "linestring", "polygon"}
)
_IGNORES = pattern(rb"(?i)alter\s+(?:online\s+)?ignore\b")
_EXISTS = pattern(rb"(?i)\bexists\b")
_SINCE: dict[str, dict[str, Version]] = {
    "mysql": {
        "RENAME COLUMN": (8, 0),
        "ALGORITHM=INSTANT": (8, 0, 12),
        "an index on an expression": (8, 0, 13),
        "a default that is an expression": (8, 0, 13),
        "an INVISIBLE column": (8, 0, 23),
    },
    "mariadb": {"RENAME COLUMN": (10, 5, 2)},
}
_NEVER = {
    # With INSTANT no LOCK but DEFAULT may be said (MySQL manual, "ALTER TABLE Statement").
    "mysql": frozenset(
        {_ASKS, "ALGORITHM=NOCOPY", "WAIT", "a LOCK beside ALGORITHM=INSTANT"}
        | {"ALTER IGNORE TABLE", _PLAIN_DEFAULT}
    ),
    "mariadb": frozenset({"an index on an expression", "ALTER COLUMN SET INVISIBLE"}),
}


def refuses(operation: Operation, schema: Schema, server: Server) -> tuple[str, str] | None:
    """Return why the server refuses an operation and what to do instead, or None."""
    feature = _feature(operation)
    # Code that asks first says it in words of its own, which any server knows.
    if not feature or (feature == _ASKS and not _EXISTS().search(operation.statement.node)):
        return _of_keys(operation, schema, server)
    if feature in _NEVER[server.engine]:
        return f"{server.engine} does not know {feature}", "write it without"
    since = _SINCE[server.engine].get(feature, ())
    if since and server.before(*since):
        needed = ".".join(map(str, since))
        return f"{feature} needs {server.engine} {needed}, and {server} runs", "write it without"
    return None


def _of_keys(operation: Operation, schema: Schema, server: Server) -> tuple[str, str] | None:
    """Return what a foreign key forbids; most statements touch none of what it needs."""
    if not isinstance(operation, AlterTable):
        return None
    if not any(isinstance(part, _NEEDED) for part in operation.parts):
        return None
    from cdkit.migrations.mysql import keys  # which few migrations need

    return keys.refuses(operation, schema, server)


_NEEDED = (ChangeColumn, ChangeOption, op.AddConstraint, op.DropObject)


def _feature(operation: Operation) -> str:  # noqa: PLR0911 - one form a line
    match operation:
        case AlterTable():
            return _of_whole(operation)
        case op.AddColumn(if_not_exists=True) | op.DropColumn(if_exists=True):
            return _ASKS
        case op.CreateIndex(if_not_exists=True) | op.DropConstraint(if_exists=True):
            return _ASKS
        case op.DropObject(kind="index", if_exists=True):
            return _ASKS
        case op.RenameColumn() if "RENAME" in operation.statement.source.upper():
            return "RENAME COLUMN"
        case ChangeOption(option="COLUMN VISIBLE" | "COLUMN INVISIBLE"):
            return "ALTER COLUMN SET INVISIBLE"
        case op.CreateIndex(columns=columns) if "" in columns:
            return "an index on an expression"
        case op.AddColumn(column=column):
            return _of_column(column)
        case _:
            return ""


def _of_whole(whole: AlterTable) -> str:
    if _IGNORES().match(whole.statement.node):
        return "ALTER IGNORE TABLE"
    if whole.algorithm == "INSTANT" and whole.lock:
        return "a LOCK beside ALGORITHM=INSTANT"
    if whole.algorithm in {"INSTANT", "NOCOPY"}:
        return f"ALGORITHM={whole.algorithm}"
    return "WAIT" if whole.waits else ""


def _of_column(column: Column) -> str:
    given = column.default
    if column.invisible:
        return "an INVISIBLE column"
    if given is None or given.null:
        return ""
    if not given.constant:
        return "a default that is an expression"
    return _PLAIN_DEFAULT if column.type.name in _UNFILLED else ""
