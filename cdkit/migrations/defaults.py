"""Whether two defaults of a column fill it alike, however they are written."""

from typing import Final

from cdkit.migrations.implied import is_same_value
from cdkit.migrations.nouns import Default, Type


def is_same_default(one: Default | None, other: Default | None, kind: Type | None = None) -> bool:
    """Whether two defaults fill a column alike, one of the type where that is known.

    To a number 1, 1.0 and '1' are the same, and to a boolean false and 'f'; what mysqldump writes
    is quoted, whatever the type.
    """
    if one == other or bool(one and other and is_same_value(one.text, other.text)):
        return True
    if not (one and other and one.constant and other.constant and kind) or kind.array:
        return False
    values = [(each.value or each.sql).strip("'\" ").lower() for each in (one, other)]
    if kind.name in {"bool", "boolean"}:
        return all(map(_TRUTHS.get, values)) and _TRUTHS[values[0]] == _TRUTHS[values[1]]
    if kind.name not in _NUMBERS:
        return False
    numbers = [_WORDS.get(each, each) for each in values]
    from decimal import Decimal, InvalidOperation  # which few migrations need

    try:
        return Decimal(numbers[0]) == Decimal(numbers[1])
    except InvalidOperation:
        return False


_WORDS: Final = {"true": "1", "false": "0"}
_TRUTHS: Final = dict.fromkeys(("t", "true", "y", "yes", "on", "1"), "1") | dict.fromkeys(
    ("f", "false", "n", "no", "off", "0"), "0"
)
"""What a boolean takes for true and for false (PostgreSQL manual, 8.6)."""
_NUMBER_WORDS: Final = """
    tinyint smallint mediumint int integer bigint decimal numeric float double real int2 int4 int8
    float4 float8
"""
_NUMBERS: Final = frozenset(_NUMBER_WORDS.split())
