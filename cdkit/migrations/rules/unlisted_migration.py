"""A migration is not on its tool's list, so the tool will not run it.

Sqitch runs what sqitch.plan lists, Drizzle what the journal lists, and nothing else. A file beside
them looks like a part of the release, and is none.
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
    instead="Add it with the tool itself, so that its list names it.",
    by_hand="the list is the tool's own file.",
    bad=(),
    good=(),
    sources=(
        "https://sqitch.org/docs/manual/sqitchtutorial/",
        "https://orm.drizzle.team/docs/migrations",
    ),
)
