"""A sequence that the running version draws from goes on elsewhere.

A RESTART can give numbers that exist already; a smaller range, a larger step or another type can
run out.
"""

from collections.abc import Iterator, Mapping, Sequence

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.guard import MOVES
from cdkit.migrations.operation import ChangeSequence
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: ChangeSequence, context: Context) -> Iterator[Hit]:
    """Say so for each sequence that was there before; who owns it is nobody's concern."""
    if context.schema.is_new_thing(operation.sequence):
        return
    found = context.schema.thing(operation.sequence)
    values, old = dict(operation.values), found.numbers if found else {}
    changed = [each for each in operation.options if not _is_harmless(each, values, old)]
    if changed:
        again = _repeats(values, old) or _runs_out(changed, values)
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


_NOBODYS = frozenset({"owned_by", "cache", "start"})
"""What no number that is drawn depends on: `start` counts for a later RESTART alone."""
_SIZES = {"int2": 1, "int4": 2, "int8": 3}


def _is_harmless(option: str, values: Mapping[str, str], old: Mapping[str, str]) -> bool:
    """Whether the numbers stay, and there are as many as before."""
    if option in _NOBODYS:
        return True
    new, was = values.get(option, ""), old.get(option, "")
    if option == "as":
        return _SIZES.get(new, 0) >= _SIZES.get(was or "int8", 4)
    if option == "maxvalue":
        return not new or (_is_number(was) and _is_number(new) and int(new) >= int(was))
    if option == "minvalue":
        least = int(was) if _is_number(was) else 1
        return _is_number(new) and int(new) <= least and _goes_up(old)
    return new == was != ""


def _repeats(values: Mapping[str, str], old: Mapping[str, str]) -> bool:
    """Whether it begins anew for sure, or goes back: where it stands, no migration tells."""
    first = old.get("start", "1")
    for option in MOVES & values.keys():
        at = values[option]
        if not at or (_is_number(at) and int(at) <= max(int(first) if _is_number(first) else 1, 1)):
            return True
    return _goes_up(old) and not _goes_up(values)


def _runs_out(changed: Sequence[str], values: Mapping[str, str]) -> bool:
    """Whether fewer numbers are left than there were."""
    return "maxvalue" in changed and values.get("cycle") != "on"


def _goes_up(values: Mapping[str, str]) -> bool:
    return not values.get("increment", "").startswith("-")


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdigit()


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    on=(ChangeSequence,),
    check=check,
    instead="See that the numbers to come are free.",
    bad=(
        Example(text="ALTER SEQUENCE order_number RESTART WITH 1;", line=1),
        Example(text="SELECT setval('order_number', 1, false);", line=1),
        Example(text="ALTER SEQUENCE order_number INCREMENT BY -1;", line=1),
    ),
    good=(
        Example(text="ALTER SEQUENCE order_number OWNED BY orders.no;"),
        Example(text="CREATE SEQUENCE s AS int;\n-- released\nALTER SEQUENCE s AS bigint;"),
        Example(text="CREATE SEQUENCE s MAXVALUE 9;\n-- released\nALTER SEQUENCE s MAXVALUE 99;"),
        Example(text="CREATE SEQUENCE s;\nALTER SEQUENCE s RESTART WITH 5;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altersequence.html",),
)
