"""Two migrations have the same version.

Two branches took the same number. Some tools refuse to start then, others run one of the two and
take the other for done: which, may differ from database to database.
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
    instead="Give the newer of the two a version of its own.",
    by_hand="the version is in the file's name.",
    bad=(),
    good=(),
    sources=(
        "https://documentation.red-gate.com/flyway/flyway-concepts/migrations",
        "https://github.com/golang-migrate/migrate/blob/master/MIGRATIONS.md",
    ),
)
