"""What MySQL or MariaDB refuses, said so that it takes it: without the word, or another way.

Sources: MySQL manual, "ALTER TABLE Statement" (CHANGE says a column whole) and
`lock_wait_timeout`; MariaDB, "Generated (Persistent/Virtual) Columns" (an index on one that is
virtual).
"""

from collections.abc import Callable, Iterator, Sequence

from cdkit.migrations import operation as op
from cdkit.migrations.anew import AlterTable
from cdkit.migrations.engine import Server
from cdkit.migrations.inverse import Speech, definition
from cdkit.migrations.lexer import Token
from cdkit.migrations.mend import Splice, rewritten, words_of
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema

_EXISTS = (op.AddColumn, op.DropColumn, op.CreateIndex, op.DropConstraint, op.DropObject)
_WAIT = b"WAIT"


def otherwise(operation: Operation, schema: Schema, server: Server) -> str:  # noqa: PLR0911 - a list
    """Return the statement as the server takes it; an empty text where nobody can tell here."""
    match operation:
        case op.RenameColumn():
            return _changed(operation, schema, server)
        case AlterTable(waits=True):
            return f"SET SESSION lock_wait_timeout = 2;\n{_without(operation, _waiting)}"
        case AlterTable(lock=lock) if lock and server.engine == "mysql":
            return _without(operation, _lock)
        case AlterTable():
            return _without(operation, _algorithm)
        case op.AddColumn(column=column) if column.invisible:
            return _without(operation, _invisible)
        case op.CreateIndex(expressions=expressions) if "" in operation.columns and expressions:
            return _of_expression(operation)
        case _:
            return _without(operation, _exists) if isinstance(operation, _EXISTS) else ""


def _changed(renamed: op.RenameColumn, schema: Schema, server: Server) -> str:
    """CHANGE, which every version knows, and which wants the column whole."""
    from cdkit.migrations.mysql.dialect import DIALECT

    column = schema.column(renamed.table, renamed.column)
    speech = Speech(dialect=DIALECT, server=server)
    said = definition(column, speech) if column else ""
    table, old, new = speech.name(renamed.table), *map(DIALECT.quoted, (renamed.column, renamed.to))
    if not said:
        return (
            f"SHOW CREATE TABLE {table};\n-- all that it says of the column, behind the names:\n"
            f"ALTER TABLE {table} CHANGE COLUMN {old} {new} …;"
        )
    return f"ALTER TABLE {table} CHANGE COLUMN {old} {new} {said.partition(' ')[2]};"


def _of_expression(made: op.CreateIndex) -> str:
    """A virtual column holds the expression, and the index is on that."""
    from cdkit.migrations.mysql.dialect import quoted

    parts = iter(made.expressions)
    names = [name or f"{made.name}_{at}" for at, name in enumerate(made.columns, 1)]
    added = [
        f"ADD COLUMN {quoted(name)} varchar(255) AS ({next(parts)}) VIRTUAL"
        for name, column in zip(names, made.columns, strict=True)
        if not column
    ]
    if len(added) != len(made.expressions):
        return ""
    kind = "UNIQUE INDEX" if made.unique else "INDEX"
    index = f"ADD {kind} {quoted(made.name)} ({', '.join(map(quoted, names))})"
    return (
        "-- varchar(255) stands for the type of the expression\n"
        f"ALTER TABLE {quoted(made.table.name)} {', '.join((*added, index))};"
    )


Found = Iterator[tuple[int, int]]


def _without(operation: Operation, find: Callable[[Sequence[Token]], Found]) -> str:
    """Return the statement without some of its words; a comma before them goes with them."""
    words = words_of(operation)
    data = operation.statement.text.data
    splices = []
    for start, end in find(words):
        first, last = words[start - 1].end, words[end].end
        if words[start - 1].text == b",":
            first = words[start - 1].start
        elif words[end + 1 : end + 2] and words[end + 1].text == b",":
            last = words[end + 1].end
        more = b" " if data[last : last + 1].strip() else b""
        splices.append(Splice(at=first, end=last, text=more.decode()))
    return rewritten(splices, operation)


def _exists(words: Sequence[Token]) -> Found:
    for at, word in enumerate(words):
        if word.text.upper() == b"IF":
            yield at, at + (2 if words[at + 1].text.upper() == b"NOT" else 1)


def _pair(words: Sequence[Token], name: bytes) -> Found:
    """Yield where `NAME=VALUE`, or `NAME VALUE`, stands."""
    for at, word in enumerate(words[:-1]):
        if word.text.upper() == name:
            yield at, at + (2 if words[at + 1].text == b"=" else 1)


def _lock(words: Sequence[Token]) -> Found:
    return _pair(words, b"LOCK")


def _algorithm(words: Sequence[Token]) -> Found:
    return _pair(words, b"ALGORITHM")


def _invisible(words: Sequence[Token]) -> Found:
    return ((at, at) for at, word in enumerate(words) if word.text.upper() == b"INVISIBLE")


def _waiting(words: Sequence[Token]) -> Found:
    for at, word in enumerate(words):
        if word.text.upper() in {_WAIT, b"NOWAIT"}:
            yield at, at + (word.text.upper() == _WAIT)
