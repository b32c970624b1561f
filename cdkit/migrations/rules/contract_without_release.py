"""A contract does not name the release that stopped using what it takes away.

That release is what makes a contract safe: once it, or a later one, is all that runs anywhere,
nobody is left to miss the column. Without its name nothing can be held against what runs, so the
contract excuses nothing.
"""

from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Find nothing in a statement: the reader of the declaration finds it."""
    del operation, context
    yield from ()


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    on=(),
    check=check,
    instead="Name the release that stopped using it: `-- cdkit: phase contract since v1.4 (why)`.",
    bad=(
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text);\n"
                "-- released\n"
                "-- cdkit: phase contract (nobody uses it)\n"
                "ALTER TABLE orders DROP COLUMN note;"
            ),
            line=3,
        ),
    ),
    good=(
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text);\n"
                "-- released\n"
                "-- cdkit: phase contract since v1.4 (unused)\n"
                "ALTER TABLE orders DROP COLUMN note;"
            ),
        ),
    ),
    sources=("https://martinfowler.com/bliki/ParallelChange.html",),
)
