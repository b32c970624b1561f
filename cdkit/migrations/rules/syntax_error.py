"""A statement is not what the server takes.

What it would have done cannot be told, so the answer is "cannot tell"; the statements around it are
judged all the same. Templates must be rendered first.
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
    instead="Mend the statement; render templates first.",
    by_hand="what cannot be read cannot be rewritten.",
    bad=(
        Example(text="SELECT 1;\nALTER TABEL orders ADD COLUMN a int;", line=2),
        Example(text="ALTER TABLE orders ${action};", line=1),
        Example(text="CREATE TABLE a (b int;", line=1),
    ),
    good=(Example(text="SELECT 1;"),),
)
