"""The reader of MySQL and MariaDB: which function reads which kind of statement."""

from collections.abc import Callable, Iterable
from typing import Any

from cdkit.migrations import operation as op
from cdkit.migrations.mysql import alter, commands, objects, tables
from cdkit.migrations.mysql.remedy import REMEDY
from cdkit.migrations.operation import Operation
from cdkit.migrations.reading.cursor import Cursor, UnexpectedError
from cdkit.migrations.reading.scan import scan
from cdkit.migrations.statement import Statement

_READERS: dict[str, Callable[[Statement, Cursor], Iterable[Operation]]] = {
    "ALTER": objects.alter,
    "CREATE": objects.create,
    "DROP": objects.drop,
    "RENAME": objects.rename,
    "REVOKE": objects.revoke,
    "TRUNCATE": tables.truncate,
    "OPTIMIZE": tables.maintenance,
    "ANALYZE": tables.maintenance,
    "REPAIR": tables.maintenance,
    "CHECK": tables.maintenance,
    "INSERT": commands.insert,
    "REPLACE": commands.insert,
    "UPDATE": commands.update,
    "DELETE": commands.delete,
    "LOAD": commands.load,
    "SELECT": commands.queried,
    "WITH": commands.queried,
    "(": commands.queried,
    "SET": commands.settings,
    "START": commands.transaction,
    "BEGIN": commands.transaction,
    "COMMIT": commands.transaction,
    "ROLLBACK": commands.transaction,
    "LOCK": commands.lock_tables,
    "CALL": commands.call,
    "USE": commands.use,
    "FLUSH": commands.flush,
    "PREPARE": commands.execute,
    "EXECUTE": commands.execute,
}
_HARMLESS = frozenset(
    [
        "GRANT",
        "SHOW",
        "EXPLAIN",
        "DESCRIBE",
        "DESC",
        "HELP",
        "CHECKSUM",
        "SAVEPOINT",
        "RELEASE",
        "UNLOCK",
        "DEALLOCATE",
        "DO",
        "VALUES",
        "CACHE",
        "TABLE",
    ]
)


def operations(statement: Statement) -> tuple[Operation, ...]:
    """Return what a statement does, in order; Unread where this cdkit cannot say."""
    sql = b" " * 0 + statement.node
    cursor = Cursor(_placed(sql, statement.start), statement.end)
    where: dict[str, Any] = {"statement": statement, "at": statement.start}
    word = cursor.peek().up
    if word in _HARMLESS:
        return (op.Harmless(**where),)
    reader = _READERS.get(word)
    if word == "ALTER" and _of_table(cursor):
        reader = alter.alter_table
    if reader is None:
        what = f"cdkit does not know what {_words(statement)} does to those who run"
        return (op.Unread(**where, what=what, remedy=REMEDY),)
    try:
        found = tuple(reader(statement, cursor))
    except UnexpectedError as fault:
        what = f"this {_words(statement)} cannot be read: {fault.what}"
        return (op.Unread(statement=statement, at=fault.at, what=what, remedy=REMEDY),)
    if not cursor.done and any(isinstance(each, op.CreateTable | op.DropObject) for each in found):
        cursor.any_of("RESTRICT", "CASCADE", "WAIT", "NOWAIT")
    return found


def _placed(sql: bytes, start: int) -> list[Any]:
    """Return the tokens of a statement with the bytes where they stand in the file."""
    found = scan(sql, sqlite=False)
    for token in found:
        token.start += start
        token.end += start
    return found


def _of_table(cursor: Cursor) -> bool:
    return any(cursor.peek(i).up == "TABLE" for i in (1, 2, 3)) and cursor.peek(1).up in {
        "TABLE",
        "ONLINE",
        "IGNORE",
    }


def _words(statement: Statement) -> str:
    return " ".join(statement.source.split()[:2]).upper()[:40]
