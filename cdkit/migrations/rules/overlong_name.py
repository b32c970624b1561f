"""A name is longer than 63 bytes: the server cuts it, and says so in a notice that nobody reads.

What later names it in full may mean another thing that was cut to the same name.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.mend import Splice, rewritten, words_of
from cdkit.migrations.nouns import Constraint, quoted
from cdkit.migrations.operation import (
    AddColumn,
    AddConstraint,
    CreateIndex,
    CreateObject,
    CreateTable,
    Operation,
    RenameColumn,
    RenameObject,
    RenameTable,
)
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule

_LONGEST = 63
"""Bytes of a name: NAMEDATALEN - 1 (PostgreSQL manual, 4.1.1)."""
_SHORT = (_LONGEST - 3) // 4
"""Characters up to which a name has fewer bytes than one that was cut: each takes 4 at most."""


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Flag each name that is given and too long: the reader has cut it, as the server would."""
    del context
    for name in _names(operation):
        if len(name) < _SHORT or not _LONGEST - 3 <= len(name.encode()) <= _LONGEST:
            continue
        if whole := _written(name, operation):
            yield Hit(
                message=f"a name has {len(whole)} bytes: the server cuts it to {name}",
                about=name,
                fix=Fix(
                    summary=f"give it a name of at most {_LONGEST} bytes",
                    replacement=_shorter(name, whole, operation),
                ),
            )


def _written(name: str, operation: Operation) -> bytes:
    """Return a name as it is written where that is longer; a cut spares whole characters."""
    for token in words_of(operation):
        written = token.text.strip(b'"').replace(b'""', b'"')
        longer = token.kind == "name" and len(written) > _LONGEST
        if longer and written.lower().startswith(name.lower().encode()):
            return written
    return b""


def _shorter(name: str, whole: bytes, operation: Operation) -> str:
    """The statement with the name as the server has cut it, which is what it means now."""
    splices = [
        Splice(at=token.start, end=token.end, text=quoted(name))
        for token in words_of(operation)
        if token.kind == "name" and token.text.strip(b'"').replace(b'""', b'"') == whole
    ]
    return rewritten(splices, operation)


def _names(operation: Operation) -> Iterator[str]:
    match operation:
        case CreateTable(table=table):
            yield table.name
            yield from (column.name for column in operation.columns)
            yield from (constraint.name for constraint in operation.constraints)
        case AddColumn(column=column):
            yield column.name
        case CreateIndex(name=name) | AddConstraint(constraint=Constraint(name=name)):
            yield name
        case CreateObject(name=thing):
            yield thing.name
        case RenameColumn(to=to) | RenameTable(to=to) | RenameObject(to=to):
            yield to
        case _:
            pass


RULE = LintRule(
    severity=Severity.LOW,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(
        CreateTable,
        AddColumn,
        CreateIndex,
        AddConstraint,
        CreateObject,
        RenameColumn,
        RenameTable,
        RenameObject,
    ),
    check=check,
    instead="Give it a name of at most 63 bytes.",
    bad=(
        Example(text=f"CREATE INDEX CONCURRENTLY {'i' * 64} ON o (a);", line=1),
        Example(text=f"CREATE TABLE o (\n  {'a' * 70} int\n);", line=1),
    ),
    good=(Example(text=f"CREATE TABLE {'o' * 63} (a int);"),),
    sources=("https://www.postgresql.org/docs/current/sql-syntax-lexical.html",),
)
