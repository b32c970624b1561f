"""A new value of an enum is put at its end, since nobody says where it belongs.

ORDER BY and comparisons follow that order, and it can never be changed. A matter of taste.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.mend import words_of
from cdkit.migrations.operation import AddEnumValue
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: AddEnumValue, context: Context) -> Iterator[Hit]:
    """Flag each value without BEFORE or AFTER."""
    if not any(token.text.upper() in {b"BEFORE", b"AFTER"} for token in words_of(operation)):
        yield Hit(
            message=f"puts {operation.value!r} at the end of {operation.type}, for good",
            about=f"{operation.type}.{operation.value}",
            fix=Fix(
                summary="say where it belongs: BEFORE or AFTER another value",
                replacement=_placed(operation, context),
            ),
        )


def _placed(operation: AddEnumValue, context: Context) -> str:
    """The statement with AFTER the last value that is known, which is where it goes without."""
    known = context.schema.thing(operation.type)
    values = [each for each in known.labels if each != operation.value] if known else []
    if not values:
        return ""
    value, before = (text.replace("'", "''") for text in (operation.value, values[-1]))
    return f"ALTER TYPE {operation.type.sql} ADD VALUE '{value}' AFTER '{before}';"


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    opinion=True,
    engines=("postgres",),
    on=(AddEnumValue,),
    check=check,
    instead="Say where it belongs: BEFORE or AFTER another value.",
    by_hand="where no migration here makes the type, nobody knows its other values.",
    bad=(Example(text="ALTER TYPE state ADD VALUE 'paid';", line=1),),
    good=(Example(text="ALTER TYPE state ADD VALUE 'paid' AFTER 'open';"),),
    sources=("https://www.postgresql.org/docs/current/sql-altertype.html",),
)
