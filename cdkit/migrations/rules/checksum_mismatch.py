"""The migrations are not those that the checksums were written for.

Atlas refuses a folder that differs from its atlas.sum: a file was edited, added or taken away
without the tool, or two branches were merged.
"""

from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Find nothing in a statement: the reader of the tool's files finds it."""
    del operation, context
    yield from ()


RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    on=(),
    check=check,
    instead="Undo the edit, or run `atlas migrate hash` where it is meant.",
    by_hand="the sum is Atlas's own file; `atlas migrate hash` writes it.",
    bad=(),
    good=(),
    sources=("https://atlasgo.io/concepts/migration-directory-integrity",),
)
