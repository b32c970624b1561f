"""A contract comes in the same change as application code.

The release that stopped using the object has to run everywhere before the object goes, so the code
and the contract cannot come together; where the release is taken back, the contract is not. Asked
where `--since` says what the change is. Everything counts as code but migrations, documentation,
tests, and the configuration of pipelines; `--application` names it instead.
"""

from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.migrations.operation import Operation
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: Operation, context: Context) -> Iterator[Hit]:
    """Find nothing in a statement: the step, which knows the whole change, finds it."""
    del operation, context
    yield from ()


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    on=(),
    check=check,
    instead="Bring the contract in a change of its own, after the code runs everywhere.",
    by_hand="the SQL is right as it is; it belongs into another change.",
    bad=(),
    good=(),
    sources=("https://martinfowler.com/bliki/ParallelChange.html",),
)
