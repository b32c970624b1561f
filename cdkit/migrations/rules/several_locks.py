"""One transaction locks several tables against everybody.

It waits for the second lock while it holds the first, and so do all who use either; two such
transactions, or one and a query that joins the tables in another order, can end in a deadlock. One
table a transaction waits for one lock at a time.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import Operation
from cdkit.migrations.otherwise import on_its_own
from cdkit.migrations.postgres.locks import LOCKING
from cdkit.migrations.rule import EXCLUSIVE, SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Flag each further table that is locked while another one is."""
    locked, schema = context.session.locked, context.schema
    if not locked or not context.ahead.sure:
        return
    lock, tables = context.lock_of(operation)
    if lock != EXCLUSIVE:
        return
    for table in tables:
        if str(table) not in locked and not schema.is_new_relation(table):
            yield Hit(
                message=f"locks {table} against everybody while {next(iter(locked))} is locked too",
                about=str(table),
                fix=Fix(
                    summary="change one table a transaction",
                    replacement=on_its_own(operation),
                ),
            )


RULE = LintRule(
    severity=Severity.LOW,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=LOCKING,
    check=check,
    instead="Change one table a transaction.",
    bad=(
        Example(
            text="BEGIN;\nALTER TABLE o ADD COLUMN a int;\n"
            "ALTER TABLE p ADD COLUMN a int;\nCOMMIT;",
            line=3,
        ),
        Example(text="BEGIN;\nLOCK TABLE o;\nREFRESH MATERIALIZED VIEW v;\nCOMMIT;", line=3),
    ),
    good=(
        Example(
            text="BEGIN;\nALTER TABLE o ADD COLUMN a int;\nALTER TABLE o ADD COLUMN b int;\nCOMMIT;"
        ),
        Example(
            text="BEGIN;\nALTER TABLE o ADD COLUMN a int;\nCOMMIT;\nBEGIN;\n"
            "ALTER TABLE p ADD COLUMN a int;\nCOMMIT;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/explicit-locking.html",),
)
