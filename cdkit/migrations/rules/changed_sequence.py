"""A sequence that the running version draws from goes on elsewhere.

A RESTART can give numbers that exist already; a smaller range, a larger step or another type can
run out.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import ChangeSequence
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: ChangeSequence, context: Context) -> Iterator[Hit]:
    """Say so for each sequence that was there before; who owns it is nobody's concern."""
    changed = [each for each in operation.options if each not in {"owned_by", "cache"}]
    if changed and not context.schema.is_new_thing(operation.sequence):
        yield Hit(
            message=f"changes the sequence {operation.sequence} ({', '.join(changed)}): a running "
            "version draws other numbers",
            about=str(operation.sequence),
            fix=Fix(summary="see that the numbers to come are free"),
        )


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    on=(ChangeSequence,),
    check=check,
    instead="See that the numbers to come are free.",
    bad=(Example(text="ALTER SEQUENCE order_number RESTART WITH 1;", line=1),),
    good=(
        Example(text="ALTER SEQUENCE order_number OWNED BY orders.no;"),
        Example(text="CREATE SEQUENCE s;\nALTER SEQUENCE s RESTART WITH 5;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altersequence.html",),
)
