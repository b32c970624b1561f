"""One migration, or one change, does what belongs into several phases.

What adds can run at once; what takes away has to wait for a release to run everywhere. Together
they wait for each other: either the new column comes late, or the old one goes early. Rows that are
written in the migration that changes the table are written under its lock (information only).
"""

from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Find nothing in a statement: what compares the operations finds it."""
    del operation, context
    yield from ()


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    on=(),
    check=check,
    instead="Put what adds, what writes rows and what takes away into migrations of their own.",
    bad=(
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text);\n"
                "-- released\n"
                "ALTER TABLE orders ADD COLUMN remark text;\n"
                "ALTER TABLE orders DROP COLUMN note;"
            ),
            line=4,
        ),
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text);\n"
                "-- released\n"
                "ALTER TABLE orders ADD COLUMN remark text;\n"
                "UPDATE orders SET remark = note WHERE remark IS NULL;"
            ),
            line=4,
        ),
    ),
    good=(
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text);\n"
                "-- released\n"
                "ALTER TABLE orders ADD COLUMN remark text;"
            ),
        ),
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text);\n"
                "-- released\n"
                "ALTER TABLE orders DROP COLUMN note;"
            ),
        ),
        Example(
            text=("CREATE TABLE states (name text);\nINSERT INTO states VALUES ('open');"),
        ),
    ),
    sources=("https://martinfowler.com/bliki/ParallelChange.html",),
)
