"""The history of migrations has several ends.

Two branches each added a migration after the same one. Alembic refuses `upgrade head` then, Django
refuses `migrate`; and in which order the two run is no longer one order for all databases.
"""

from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Find nothing in a statement: the source finds it."""
    del operation, context
    yield from ()


RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    on=(),
    check=check,
    instead="Merge the ends, or let the newer migration follow the other.",
    by_hand="the order is in the files' own headers, and the tool makes the file that joins them.",
    bad=(),
    good=(),
    sources=(
        "Alembic documentation, 'Working with Branches'",
        "Django documentation, 'Migrations', Version control",
    ),
)
