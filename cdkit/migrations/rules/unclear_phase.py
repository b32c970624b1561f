"""A migration declares a phase that nobody can understand.

Such a declaration excuses nothing. It is one line in a comment: `cdkit: phase expand`, `phase
migrate`, or `phase contract since RELEASE: objects (why)`, where the release is a tag, a commit or
an image's digest, and the objects may be left out. Two declarations that differ are one too many.
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
    instead="Write `-- cdkit: phase contract since v1.4: orders.note (why)`, or `phase expand`.",
    by_hand="a phase is declared in a comment.",
    bad=(
        Example(
            text=("-- cdkit: phase shrink\nALTER TABLE orders ADD COLUMN a int;"),
            line=1,
        ),
        Example(
            text=("-- cdkit: phase expand since v1.4\nALTER TABLE orders ADD COLUMN a int;"),
            line=1,
        ),
        Example(
            text=("-- cdkit: phase expand\nSELECT 1;\n-- cdkit: phase migrate"),
            line=1,
        ),
    ),
    good=(
        Example(
            text=("-- cdkit: phase expand (new field)\nALTER TABLE orders ADD COLUMN a int;"),
        ),
        Example(
            text=(
                "-- cdkit: phase contract since v1.4: orders.note (unused)\n"
                "ALTER TABLE orders DROP COLUMN note;"
            ),
        ),
    ),
    sources=("https://martinfowler.com/bliki/ParallelChange.html",),
)
