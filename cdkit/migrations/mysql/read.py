"""The reader of MySQL and MariaDB: which function reads which kind of statement."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from cdkit.migrations import operation as op
from cdkit.migrations.mysql import alter, commands, objects, tables
from cdkit.migrations.mysql.remedy import REMEDY
from cdkit.migrations.mysql.unheeded import WORDS, heeded
from cdkit.migrations.operation import Operation
from cdkit.migrations.reading.cursor import Cursor, UnexpectedError, explained
from cdkit.migrations.reading.scan import Token, scan
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
    "DO": commands.do,
    "PREPARE": commands.execute,
    "EXECUTE": commands.execute,
}
_HARMLESS_WORDS = """
    GRANT SHOW EXPLAIN DESCRIBE DESC HELP CHECKSUM SAVEPOINT RELEASE UNLOCK DEALLOCATE VALUES
    CACHE TABLE
"""
_HARMLESS = frozenset(_HARMLESS_WORDS.split())


def operations(statement: Statement) -> tuple[Operation, ...]:
    """Return what a statement does, in order; Unread where this cdkit cannot say."""
    cursor = Cursor(_placed(_head(statement), statement.start), statement.end)
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
        what = f"this {_words(statement)} cannot be read: {explained(fault, statement)}"
        return (op.Unread(statement=statement, at=fault.at, what=what, remedy=REMEDY),)
    if not found:
        what = f"this {_words(statement)} cannot be read: it says nothing"
        return (op.Unread(**where, what=what, remedy=REMEDY),)
    if over := statement.passed_over:
        words = statement.node.lower()
        if any(WORDS[kind] in words for kind in over):
            found = tuple(heeded(found, over))
    return found if statement.kind == "SET" else (*found, *_filled(statement, cursor.tokens))


def _filled(statement: Statement, tokens: Sequence[Token]) -> Iterator[Operation]:
    """Yield the variables that a statement fills with nobody knows what: INTO @a, @a := 1."""
    if b"@" not in statement.node:
        return
    into = statement.kind == "CALL"
    for number, token in enumerate(tokens):
        into = into or token.up == "INTO"
        after = tokens[number + 1].up if number + 1 < len(tokens) else ""
        if token.kind == "variable" and (into or after == ":="):
            name = token.text.lower().replace("`", "")
            yield op.SetVariable(statement=statement, at=statement.start, name=name, value="")


HEAD = 20_000
"""Bytes of an INSERT that are read token by token: its table and columns stand there."""


def _head(statement: Statement) -> bytes:
    rows = statement.kind in {"INSERT", "REPLACE"}
    return statement.node[:HEAD] if rows else statement.node


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
