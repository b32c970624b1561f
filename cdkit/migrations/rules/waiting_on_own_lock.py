"""The migration waits for a lock that its own tool holds.

Flyway keeps others out by an advisory lock in a transaction of its own connection (since 9.1.2),
and CREATE INDEX CONCURRENTLY waits until all transactions are gone that may still see the old
state: the release hangs. With `postgresql.transactional.lock=false` Flyway takes a lock of the
session instead.
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
    severity=Severity.LOW,
    question=SAFE_TO_RUN,
    on=(),
    check=check,
    instead="Set flyway.postgresql.transactional.lock=false.",
    bad=(),
    good=(),
    sources=("https://github.com/flyway/flyway/issues/3508",),
)
