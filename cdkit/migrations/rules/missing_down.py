"""A migration has no way back, and its like have one.

Where the release must go back and the schema with it, somebody has to write SQL at the worst
moment. Asked where the tool's files have a way back, where the name is one of a pair, or where at
least half of the project's migrations have one; never of what changes nothing in the schema.
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
    instead="Write the way back, or say `-- cdkit: irreversible (why)`.",
    bad=(
        Example(
            text=("-- migrate:up\nALTER TABLE orders ADD COLUMN a int;"),
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
                "-- cdkit: irreversible (additions stay)\n"
                "-- migrate:up\n"
                "ALTER TABLE orders ADD COLUMN a int;"
            ),
        ),
        Example(
            text=("-- migrate:up\nUPDATE orders SET a = 1 WHERE a IS NULL;"),
        ),
        Example(
            text=("ALTER TABLE orders ADD COLUMN a int;"),
        ),
    ),
)
