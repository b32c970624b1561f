"""Rows are read or written in the transaction that has locked a table against everybody.

A lock is held until the transaction ends. What takes long after it (an UPDATE of many rows, a
validation, an index) makes every query on the locked table wait as long. Change the table in one
migration, fill it in another.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import CreateIndex, Operation, ValidateConstraint, WriteRows
from cdkit.migrations.otherwise import on_its_own
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Flag long work behind an ACCESS EXCLUSIVE lock on a table that was there before."""
    locked, schema = context.session.locked, context.schema
    table = getattr(operation, "table", None)
    if not locked or table is None or schema.is_new_relation(table):
        return
    if isinstance(operation, WriteRows) and operation.verb not in {"UPDATE", "DELETE"}:
        return
    held = str(table) if str(table) in locked else next(iter(locked))
    sure = context.ahead.sure
    yield Hit(
        message=f"{_WORK[type(operation)]} {table} while {held} is locked against everybody"
        + ("" if sure else ", if the file is one transaction"),
        about=str(table),
        severity=None if sure else Severity.LOW,
        confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
        fix=Fix(
            summary="do it in a migration of its own, after the one that takes the lock",
            replacement=on_its_own(operation),
        ),
    )


_WORK = {
    WriteRows: "writes rows of",
    ValidateConstraint: "validates",
    CreateIndex: "builds an index on",
}


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(WriteRows, ValidateConstraint, CreateIndex),
    check=check,
    instead="Do it in a migration of its own, after the one that takes the lock.",
    bad=(
        Example(
            text="BEGIN;\nALTER TABLE o ADD COLUMN a int;\n"
            "UPDATE o SET a = b WHERE b > 0;\nCOMMIT;",
            line=3,
        ),
    ),
    good=(
        Example(
            text="BEGIN;\nALTER TABLE o ADD COLUMN a int;\nCOMMIT;\nUPDATE o SET a = b WHERE b > 0;"
        ),
        Example(text="BEGIN;\nALTER TABLE o ADD COLUMN a int;\nINSERT INTO p VALUES (1);\nCOMMIT;"),
    ),
    sources=("https://www.postgresql.org/docs/current/explicit-locking.html",),
)
