"""A migration mixes what runs in a transaction with what cannot.

Flyway finds out by itself that CREATE INDEX CONCURRENTLY or VACUUM cannot run in a transaction,
and refuses a file that holds anything beside it, even a SET, unless `mixed` is switched on or the
script's own configuration says `executeInTransaction`.
"""

from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Find nothing in a statement: the reader of the tool's files finds it."""
    del operation, context
    yield from ()


RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    on=(),
    check=check,
    instead="Put the statement into a migration of its own.",
    by_hand="the tool wants the same SQL in a file of its own.",
    bad=(),
    good=(),
    sources=(
        "https://documentation.red-gate.com/flyway/flyway-concepts/migrations/migration-transaction-handling",
    ),
)
