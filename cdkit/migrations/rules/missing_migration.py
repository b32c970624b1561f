"""A migration that its tool expects is not there.

The tool's own list (sqitch.plan, a journal, atlas.sum, a folder) names a migration whose file is
not there. The tool refuses to go on, or goes on without it: mostly a file that was not committed.
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
    instead="Commit the file, or take it off the list.",
    by_hand="the file was written already, and is not here.",
    bad=(),
    good=(),
    sources=(
        "https://sqitch.org/docs/manual/sqitchtutorial/",
        "https://orm.drizzle.team/docs/migrations",
    ),
)
