"""LOCK TABLE keeps others out of a table for the rest of the transaction, or of the session."""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import LockTable
from cdkit.migrations.postgres.locks import BLOCKING
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule

_STOPS = BLOCKING | {"READ", "WRITE"}


def check(operation: LockTable, context: Context) -> Iterator[Hit]:
    """Flag each lock that stops writes."""
    if operation.lock in _STOPS and not context.schema.is_new_table(operation.table):
        until = "the transaction ends"
        if context.server.engine in {"mysql", "mariadb"}:
            until = "UNLOCK TABLES or the session's end"
        yield Hit(
            message=f"locks {operation.table} in {operation.lock} mode until {until}",
            about=str(operation.table),
            fix=Fix(summary="leave the lock to the statements that need one, and keep them short"),
        )


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=SAFE_TO_RUN,
    engines=("postgres", "mysql", "mariadb"),
    on=(LockTable,),
    check=check,
    instead="Leave the lock to the statements that need one.",
    bad=(Example(text="LOCK TABLE orders;", line=1),),
    good=(Example(text="LOCK TABLE orders IN ROW EXCLUSIVE MODE;"),),
    sources=("https://www.postgresql.org/docs/current/explicit-locking.html",),
)
