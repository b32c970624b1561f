"""The migration may wait for a lock that its own tool holds.

Flyway keeps others out by an advisory lock, since 9.1.2 in a transaction that stays open, and
CREATE INDEX CONCURRENTLY waits for transactions that may still see the old state: releases were
seen to hang. With `postgresql.transactional.lock=false` Flyway takes a lock of the session instead.
The version and the rest of the configuration are not known here, so this is no more than a hint.
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
    by_hand="it is a setting of the tool's.",
    bad=(),
    good=(),
    sources=("https://github.com/flyway/flyway/issues/3508",),
)
