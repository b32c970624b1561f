"""SQLite as the frame wants a dialect."""

from cdkit.migrations.anew import RebuildTable
from cdkit.migrations.engine import Dialect, Server
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.reading.scan import SQLITE_COMMENTS
from cdkit.migrations.remarks import comments
from cdkit.migrations.schema import Schema
from cdkit.migrations.sqlite.columns import change
from cdkit.migrations.sqlite.parser import parse
from cdkit.migrations.sqlite.read import operations
from cdkit.migrations.sqlite.refine import refine
from cdkit.migrations.sqlite.refusals import refuses

_BY_SHELL = frozenset({"load_extension", "writefile", "edit", "eval", "fts3_tokenizer"})
"""Functions that reach out of the database; a connection has others only of its own making."""


def lock_of(operation: Operation, schema: Schema, server: Server) -> tuple[str, tuple[Name, ...]]:
    """Return the lock of an operation: a writer has the whole database to itself, always."""
    del schema, server
    if isinstance(operation, RebuildTable):
        return "EXCLUSIVE (the whole database)", (operation.table,)
    return "", ()


def _otherwise(operation: Operation, schema: Schema, server: Server) -> str:
    """Say a refused statement otherwise; what that takes is imported where one is."""
    from cdkit.migrations.sqlite.otherwise import otherwise

    return otherwise(operation, schema, server)


DIALECT = Dialect(
    parse=lambda text, sql, _server, _processes: parse(text, sql),
    operations=operations,
    comments=lambda data: comments(data, SQLITE_COMMENTS()),
    lock_of=lock_of,
    change=change,
    refine=refine,
    harmless=lambda function: function.lower() not in _BY_SHELL,
    refuses=refuses,
    otherwise=_otherwise,
)
