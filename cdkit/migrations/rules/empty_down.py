"""The way back of a migration is empty.

The tool takes an empty file for a success: it notes that the migration is undone, and everything
is still there. The next run forward then fails on what it finds.
"""

from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Find nothing in a statement: what judges ways back finds it."""
    del operation, context
    yield from ()


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    on=(),
    check=check,
    instead="Write what undoes it, or say `-- cdkit: irreversible (why)`.",
    bad=(
        Example(
            text=(
                "-- migrate:up\nALTER TABLE orders ADD COLUMN a int;\n-- migrate:down\n-- nothing"
            ),
            line=2,
        ),
    ),
    good=(
        Example(
            text=(
                "-- migrate:up\n"
                "ALTER TABLE orders ADD COLUMN a int;\n"
                "-- migrate:down\n"
                "ALTER TABLE orders DROP COLUMN a;"
            ),
        ),
        Example(
            text=(
                "-- migrate:up\n"
                "ALTER TABLE orders ADD COLUMN a int;\n"
                "-- migrate:down\n"
                "-- cdkit: irreversible (additions stay)"
            ),
        ),
        Example(
            text=("-- migrate:up\nUPDATE orders SET a = 1 WHERE a IS NULL;\n-- migrate:down\n"),
        ),
    ),
)
