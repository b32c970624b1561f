"""What MySQL and MariaDB refuse, by version: one says what the other does not know.

Sources: MySQL manual, release notes of 8.0 (RENAME COLUMN), 8.0.12 (INSTANT), 8.0.13 (functional
key parts, expressions as defaults), 8.0.23 (invisible columns), of 5.7.4 (no ALTER IGNORE); MariaDB, "ALTER TABLE" (IF EXISTS,
NOCOPY, WAIT; RENAME COLUMN since 10.5.2) and "Differences from MySQL" (no functional key parts).
"""

from cdkit.migrations import operation as op
from cdkit.migrations.anew import AlterTable, ChangeColumn, ChangeOption
from cdkit.migrations.engine import Server, Version
from cdkit.migrations.lazy import pattern
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema

_ASKS = "IF [NOT] EXISTS in ALTER TABLE"
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
    "mysql": frozenset({_ASKS, "ALGORITHM=NOCOPY", "WAIT", "ALTER IGNORE TABLE"} | {"a LOCK beside ALGORITHM=INSTANT"}),
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


_NEEDED = (ChangeColumn, op.DropObject)


def _feature(operation: Operation) -> str:  # noqa: C901, PLR0911 - one form a line
    match operation:
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
        case AlterTable() if _IGNORES().match(operation.statement.node):
            return "ALTER IGNORE TABLE"
        case AlterTable(algorithm="INSTANT", lock="NONE" | "SHARED" | "EXCLUSIVE"):
            return "a LOCK beside ALGORITHM=INSTANT"
        case AlterTable(algorithm="INSTANT" | "NOCOPY"):
            return f"ALGORITHM={operation.algorithm}"
        case AlterTable(waits=True):
            return "WAIT"
        case op.AddColumn(column=column) if column.invisible:
            return "an INVISIBLE column"
        case op.AddColumn(column=column) if column.default and not column.default.constant:
            return "a default that is an expression"
        case _:
            return ""
