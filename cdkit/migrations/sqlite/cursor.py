"""A cursor over a statement of SQLite: names of tables are without case there."""

from cdkit.migrations.nouns import TEMPORARY, Name
from cdkit.migrations.reading.cursor import Cursor
from cdkit.migrations.reading.scan import scan
from cdkit.migrations.statement import Statement

HEAD = 20_000
"""Bytes of an INSERT that are read token by token: its table and columns stand there."""


def cursor_of(statement: Statement) -> Cursor:
    """Return a cursor over a statement; its tokens stand where they do in the file."""
    rows = statement.kind in {"INSERT", "REPLACE"} and len(statement.node) > HEAD
    tokens = scan(statement.node[:HEAD] if rows else statement.node, sqlite=True)
    for token in tokens:
        token.start += statement.start
        token.end += statement.start
    return Cursor(tokens, statement.end, anycase=True)


def table(cursor: Cursor) -> Name:
    """Read the name of a table; a bare name is of `temp` where that has it, else of `main`."""
    name = cursor.table()
    schema = name.schema.lower()
    return Name(TEMPORARY if schema in {"temp", "temporary"} else schema, name.name)
