"""Rows are read or written in the transaction that has locked a table against everybody.

A lock is held until the transaction ends. What takes long after it (an UPDATE of many rows, a
validation, an index, a materialized view that is filled) makes every query on the locked table wait
as long. Change the table in one migration, fill it in another.
"""

from collections.abc import Container, Iterable, Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import Name, quoted
from cdkit.migrations.operation import (
    Call,
    CreateIndex,
    CreateObject,
    CreateTable,
    OnTable,
    Operation,
    ValidateConstraint,
    WriteRows,
)
from cdkit.migrations.otherwise import on_its_own
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule

_SLEEPING = frozenset({"pg_sleep", "pg_sleep_for", "pg_sleep_until"})
_WHOLE = frozenset({"UPDATE", "DELETE", "COPY"})
"""What may be about very many rows of the table itself; an INSERT brings its own."""


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Flag long work behind an ACCESS EXCLUSIVE lock on a table that was there before."""
    locked = context.session.locked
    work = _work(operation, context) if locked else ""
    if not work:
        return
    table = _worked_on(operation, context)
    held = str(table) if str(table) in locked else next(iter(locked))
    sure = context.ahead.sure
    yield Hit(
        message=f"{work} while {held} is locked against everybody"
        + ("" if sure else ", if the file is one transaction"),
        about=str(table or held),
        severity=None if sure else Severity.LOW,
        confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
        fix=_fix(operation, locked),
    )


def _work(operation: Operation, context: Context) -> str:
    """Say what takes long; empty for what does not, and for what only new tables are part of."""
    if isinstance(operation, Call):
        return "sleeps" if _SLEEPING & set(operation.functions) else ""
    table = _worked_on(operation, context)
    if table is None or context.schema.is_new_relation(table):
        return ""
    if isinstance(operation, WriteRows):
        if operation.reads:
            return f"copies rows from {table}"
        return f"writes rows of {table}" if operation.verb in _WHOLE else ""
    return f"{_WORK[type(operation)]} {table}"


def _fix(operation: Operation, locked: Container[str]) -> Fix:
    """A view that takes the place of another one is filled under a name of its own first."""
    if not isinstance(operation, CreateObject) or str(operation.name) not in locked:
        return Fix(
            summary="do it in a migration of its own, after the one that takes the lock",
            replacement=on_its_own(operation),
        )
    name = operation.name
    new = quoted(f"{name.name}_new")
    return Fix(
        summary="make and fill it under another name in a migration before, and let the two change "
        "names in one transaction",
        replacement=f"-- in a migration before this one: the same query as {new}\nBEGIN;\n"
        f"DROP MATERIALIZED VIEW {name.sql};\n"
        f"ALTER MATERIALIZED VIEW {Name(name.schema, f'{name.name}_new').sql} "
        f"RENAME TO {quoted(name.name)};\nCOMMIT;",
    )


def _worked_on(operation: Operation, context: Context) -> Name | None:
    """Return the table whose rows it goes over; of what is filled, an old one that it reads.

    What a view reads is not always known: then it is the view itself.
    """
    match operation:
        case WriteRows(reads=reads) | CreateTable(reads=reads) if reads:
            return _old(reads, context)
        case OnTable(table=table):
            return table
        case CreateObject(kind="materialized view", name=name, query=query):
            if query is None:
                return name
            return None if query.empty else _old(query.sources, context)
        case _:
            return None


def _old(tables: Iterable[Name], context: Context) -> Name | None:
    return next((each for each in tables if not context.schema.is_new_relation(each)), None)


_WORK = {
    ValidateConstraint: "validates",
    CreateIndex: "builds an index on",
    CreateTable: "fills a table from",
    CreateObject: "fills a materialized view from",
}


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(WriteRows, ValidateConstraint, CreateIndex, CreateObject, CreateTable, Call),
    check=check,
    instead="Do it in a migration of its own, after the one that takes the lock.",
    bad=(
        Example(
            text="BEGIN;\nALTER TABLE o ADD COLUMN a int;\nINSERT INTO p SELECT b FROM o;\nCOMMIT;",
            line=3,
        ),
        Example(
            text="BEGIN;\nALTER TABLE o ADD COLUMN a int;\nCREATE TABLE p AS SELECT b FROM o;\n"
            "COMMIT;",
            line=3,
        ),
        Example(
            text="BEGIN;\nALTER TABLE o ADD COLUMN a int;\nSELECT pg_sleep(30);\nCOMMIT;",
            line=3,
        ),
        Example(
            text="BEGIN;\nALTER TABLE o ADD COLUMN a int;\n"
            "UPDATE o SET a = b WHERE b > 0;\nCOMMIT;",
            line=3,
        ),
        Example(
            text="CREATE TABLE o (a int);\nCREATE MATERIALIZED VIEW v AS SELECT a FROM o;\n"
            "-- released\nBEGIN;\nDROP MATERIALIZED VIEW v;\n"
            "CREATE MATERIALIZED VIEW v AS SELECT a FROM o WHERE a > 0;\nCOMMIT;",
            line=6,
        ),
    ),
    good=(
        Example(
            text="BEGIN;\nALTER TABLE o ADD COLUMN a int;\nINSERT INTO p SELECT 1 WHERE NOT EXISTS "
            "(SELECT FROM p);\nCOMMIT;"
        ),
        Example(
            text="BEGIN;\nALTER TABLE o ADD COLUMN a int;\nCOMMIT;\nUPDATE o SET a = b WHERE b > 0;"
        ),
        Example(text="BEGIN;\nALTER TABLE o ADD COLUMN a int;\nINSERT INTO p VALUES (1);\nCOMMIT;"),
        Example(
            text="CREATE TABLE o (a int);\n-- released\nBEGIN;\nALTER TABLE o ADD COLUMN b int;\n"
            "CREATE MATERIALIZED VIEW v AS SELECT a FROM o WITH NO DATA;\nCOMMIT;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/explicit-locking.html",),
)
