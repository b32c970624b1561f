"""A migration that was released already is changed.

Tools that keep checksums refuse to go on; the others never run it again, so that new and old
databases differ from here on. A released migration is history: what must change goes into a new
one. Where only comments or spaces change, it counts less, unless the tool keeps a sum of the file.
What stands for others (a baseline, a checkpoint, a squash) is released as well.
"""

from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Find nothing in a statement: the reader of the file finds it."""
    del operation, context
    yield from ()


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=SAFE_TO_RUN,
    on=(),
    check=check,
    instead="Undo the edit, and put the change into a new migration.",
    by_hand="the file as it was released is in git; what the edit adds is for a new file.",
    bad=(),
    good=(),
)
