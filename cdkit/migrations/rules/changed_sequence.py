"""A sequence that the running version draws from goes on elsewhere.

A RESTART can give numbers that exist already; a smaller range, a larger step or another type can
run out.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import ChangeSequence
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: ChangeSequence, context: Context) -> Iterator[Hit]:
    """Say so for each sequence that was there before; who owns it is nobody's concern."""
    values = dict(operation.values)
    grows = values.get("as") == "int8"
    changed = [
        each for each in operation.options if each not in {"owned_by", "cache", *["as"] * grows}
    ]
    again = _repeats(values)
    if changed and not context.schema.is_new_thing(operation.sequence):
        yield Hit(
            message=f"changes the sequence {operation.sequence} ({', '.join(changed)}): a running "
            f"version draws {'numbers that are taken, or none' if again else 'other numbers'}",
            about=str(operation.sequence),
            severity=Severity.MEDIUM if again else None,
            fix=Fix(
                summary="see that the numbers to come are free",
                replacement=later(operation, "code that can live with the numbers to come"),
            ),
        )


def _repeats(values: dict[str, str]) -> bool:
    """Whether it begins anew for sure, or ends: where it stands, no migration tells."""
    for option in ("restart", "setval"):
        if option in values and values[option] in {"", "0", "1"}:
            return True
    return bool(values.get("maxvalue")) and values.get("cycle") != "on"


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    on=(ChangeSequence,),
    check=check,
    instead="See that the numbers to come are free.",
    bad=(
        Example(text="ALTER SEQUENCE order_number RESTART WITH 1;", line=1),
        Example(text="SELECT setval('order_number', 1, false);", line=1),
    ),
    good=(
        Example(text="ALTER SEQUENCE order_number OWNED BY orders.no;"),
        Example(text="ALTER SEQUENCE order_number AS bigint;"),
        Example(text="CREATE SEQUENCE s;\nALTER SEQUENCE s RESTART WITH 5;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altersequence.html",),
)
