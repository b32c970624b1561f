"""A migration has a name by which its tool will not run it.

`V1_orders.sql` has one underscore where Flyway wants two, and is passed over in silence; so are a
lower-case `v1__`, a missing `.up.sql`, a suffix `.SQL`. The release then runs without its change.
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
    instead="Give the file the name that its tool looks for.",
    by_hand="the tool goes by the file's name.",
    bad=(),
    good=(),
    sources=(
        "https://documentation.red-gate.com/flyway/flyway-concepts/migrations",
        "https://github.com/golang-migrate/migrate/blob/master/MIGRATIONS.md",
    ),
)
