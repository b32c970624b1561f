"""A contract waits for a release that is not yet part of what runs.

What runs (`--against`), or the revision that the change starts from (`--since`), does not contain
the release that stopped using the object: somebody still uses it. A contract comes one release
later than the code that makes it possible.
"""

from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Find nothing in a statement: what looks up the release finds it."""
    del operation, context
    yield from ()


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    on=(),
    check=check,
    instead="Let the release run everywhere first; then bring the contract.",
    by_hand="the SQL is right as it is; it waits for a release.",
    bad=(),
    good=(),
    sources=("https://martinfowler.com/bliki/ParallelChange.html",),
)
