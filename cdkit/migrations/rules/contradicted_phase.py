"""A migration is declared to be harmless, and takes something away.

It is declared as expand or migrate, and it drops, renames, narrows or refuses something that the
running version may use. Whoever trusts the declaration runs it too early.
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
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    on=(),
    check=check,
    instead="Move what takes away into a contract of its own, in a later release.",
    bad=(
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text);\n"
                "-- released\n"
                "-- cdkit: phase expand\n"
                "ALTER TABLE orders DROP COLUMN note;"
            ),
            line=4,
        ),
        Example(
            text=(
                "-- cdkit: phase migrate\n"
                "UPDATE orders SET a = 1 WHERE a IS NULL;\n"
                "ALTER TABLE orders ALTER a SET NOT NULL;"
            ),
            line=3,
        ),
    ),
    good=(
        Example(
            text=("-- cdkit: phase expand\nALTER TABLE orders ADD COLUMN a int;"),
        ),
        Example(
            text=("-- cdkit: phase migrate\nUPDATE orders SET a = 1 WHERE a IS NULL;"),
        ),
        Example(
            text=(
                "CREATE TABLE orders (id bigint, note text);\n"
                "-- released\n"
                "-- cdkit: phase expand\n"
                "ALTER TABLE orders ADD COLUMN a int;\n"
                "ALTER TABLE orders DROP COLUMN a;"
            ),
        ),
    ),
    sources=("https://martinfowler.com/bliki/ParallelChange.html",),
)
