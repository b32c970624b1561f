"""Which rows the partitions of a table take, by the fingerprints of their bounds.

Only what can be told without the server: lists of values, and ranges of one column between whole
numbers or dates of one form (`2026-01-31`), MINVALUE and MAXVALUE among them.
"""

from collections.abc import Iterable

import msgspec

from cdkit.migrations.lazy import pattern
from cdkit.migrations.postgres.prints import fingerprint
from cdkit.migrations.postgres.tree import Json, literal

Edge = tuple[int, int, str]
"""Where a range begins or ends: -1 or 1 for what has no end, a number, a date."""

_DATE = pattern(r"[0-9]{4}-[01][0-9]-[0-3][0-9]")
_ENDLESS = {"minvalue": -1, "maxvalue": 1}


def covers(new: Iterable[str], old: str) -> bool:
    """Whether partitions with the bounds `new` take each row that one with `old` took, for sure."""
    bounds = [msgspec.json.decode(each) for each in new if each not in {"", "DEFAULT"}]
    wanted: Json = msgspec.json.decode(old) if old not in {"", "DEFAULT"} else {}
    same = [each for each in bounds if each.get("strategy") == wanted.get("strategy")]
    if wanted.get("strategy") == "l":
        values = {fingerprint(value) for each in same for value in each.get("listdatums", [])}
        return {fingerprint(value) for value in wanted.get("listdatums", [])} <= values
    return wanted.get("strategy") == "r" and _are_covered(same, wanted)


def _are_covered(bounds: list[Json], wanted: Json) -> bool:
    """Go from the begin of a range through those that follow one another, up to its end."""
    ranges = [
        (begin, end)
        for each in bounds
        if (begin := _edge(each, "lowerdatums")) and (end := _edge(each, "upperdatums"))
    ]
    reached, end = _edge(wanted, "lowerdatums"), _edge(wanted, "upperdatums")
    if reached is None or end is None:
        return False
    kinds = {bool(date) for pair in (*ranges, (reached, end)) for way, _, date in pair if not way}
    if len(kinds) > 1:
        return False
    for begin, until in sorted(ranges):
        if begin <= reached < until:
            reached = until
    return reached >= end


def _edge(bound: Json, side: str) -> Edge | None:
    """Return an edge of a range of one column; None where its order is not known."""
    values = bound.get(side, [])
    if len(values) != 1:
        return None
    names = values[0].get("ColumnRef", {}).get("fields", [])
    word = str(names[0].get("String", {}).get("sval", "")).lower() if names else ""
    if word:
        return (_ENDLESS[word], 0, "") if word in _ENDLESS else None
    text = literal(values[0])
    if "ival" in values[0].get("A_Const", {}) and text:
        return 0, int(text), ""
    return (0, 0, text) if text and _DATE().fullmatch(text) else None
