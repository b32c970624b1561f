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
            fix=Fix(
                summary="leave the lock to the statements that need one; where it must be, wait "
                "for it no longer than others can wait, and do under it only what needs it",
                replacement=_instead(operation, context),
            ),
        )


def _instead(operation: LockTable, context: Context) -> str:
    """The lock with an end to the waiting, for which all others stand behind it in the queue."""
    table = context.sql(operation.table)
    if context.server.engine == "postgres":
        return (
            "-- it gives up after two seconds: run it again then\nBEGIN;\n"
            "SET LOCAL lock_timeout = '2s';\nSET LOCAL statement_timeout = '10s';\n"
            f"LOCK TABLE {table} IN {operation.lock} MODE;\n-- only what needs the lock\nCOMMIT;\n"
            "-- or, where only two migrations must not run at once, what stops nobody else:\n"
            f"-- SELECT pg_advisory_xact_lock({_ADVICE});"
        )
    mode = operation.lock if operation.lock in {"READ", "WRITE"} else "WRITE"
    return (
        "-- it gives up after two seconds: run it again then\nSET SESSION lock_wait_timeout = 2;\n"
        f"LOCK TABLES {table} {mode};\n-- only what needs the lock\nUNLOCK TABLES;\n"
        "SET SESSION lock_wait_timeout = DEFAULT;"
    )


_ADVICE = 20_100
"""A number for an advisory lock, as good as any other that all migrations take."""


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
