"""A file is not UTF-8 text.

PostgreSQL would refuse it, or stop reading at its first NUL byte; what it does cannot be told.
So it is with a pointer of Git LFS in place of the file, and with a merge whose markers are there.
"""

from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Find nothing in a statement: the reader of the file finds it."""
    del operation, context
    yield from ()


RULE = LintRule(
    severity=Severity.UNKNOWN,
    question="",
    on=(),
    check=check,
    instead="Save the file as UTF-8.",
    by_hand="what cannot be read cannot be rewritten.",
    bad=(
        Example(text="SELECT 1;\n\0", line=2),
        Example(text="<<<<<<< HEAD\nSELECT 1;\n=======\nSELECT 2;\n>>>>>>> other", line=1),
    ),
    good=(Example(text="\ufeffSELECT 'é';"),),
)
