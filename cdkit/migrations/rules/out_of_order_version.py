"""A new migration sorts before one that is released.

It was written on a branch that came late. Flyway, goose and Atlas refuse it, golang-migrate and
Drizzle skip it without a word where the later one ran, and new databases run it all the same, so
that they differ from the old ones.
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
    instead="Give it a version after the newest released one.",
    by_hand="the version is in the file's name.",
    bad=(),
    good=(),
    sources=(
        "https://documentation.red-gate.com/flyway/flyway-concepts/migrations",
        "https://github.com/golang-migrate/migrate/blob/master/MIGRATIONS.md",
        "https://pressly.github.io/goose/",
    ),
)
