"""A migration holds no statement.

It may be meant so; it may also be what a bad merge or a cut-off file left.
"""

from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Find nothing in a statement: the reader of the file finds it."""
    del operation, context
    yield from ()


RULE = LintRule(
    severity=Severity.LOW,
    question=SAFE_TO_RUN,
    on=(),
    check=check,
    instead="Delete it, or put SELECT 1 into it.",
    bad=(Example(text="-- nothing here\n", line=1),),
    good=(Example(text="SELECT 1;"),),
)
