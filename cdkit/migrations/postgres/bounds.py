"""Which rows the partitions of a table take, by the fingerprints of their bounds.

Only what can be told without the server: lists of values, and ranges of one column between whole
numbers or dates of one form (`2026-01-31`), MINVALUE and MAXVALUE among them.
"""

from collections.abc import Collection, Iterable

import msgspec

from cdkit.migrations.lazy import pattern
from cdkit.migrations.nouns import quoted
from cdkit.migrations.postgres.prints import fingerprint
from cdkit.migrations.postgres.tree import Json, literal

Edge = tuple[int, int, str]
"""Where a range begins or ends: -1 or 1 for what has no end, a number, a date."""

_DATE = pattern(r"[0-9]{4}-[01][0-9]-[0-3][0-9]")
_ENDLESS = {"minvalue": -1, "maxvalue": 1}
_ONE = r"\s*(?:'(?:[^']|'')*'|[-+\w.:]+)\s*"
_SAID = pattern(
    rf"(?is)\bFOR\s+VALUES\s+(?:IN\s*\(({_ONE}(?:,{_ONE})*)\)"
    rf"|FROM\s*\(({_ONE})\)\s*TO\s*\(({_ONE})\))"
)
"""A list of constants, or a range of one column, each a text, a number or a word."""
_NULL = pattern(r"(?i)(?:^|,)\s*NULL\s*(?:,|$)")


def covers(new: Iterable[str], old: str) -> bool:
    """Whether partitions with the bounds `new` take each row that one with `old` took, for sure."""
    bounds = [msgspec.json.decode(each) for each in new if each not in {"", "DEFAULT"}]
    wanted: Json = msgspec.json.decode(old) if old not in {"", "DEFAULT"} else {}
    same = [each for each in bounds if each.get("strategy") == wanted.get("strategy")]
    if wanted.get("strategy") == "l":
        values = {fingerprint(value) for each in same for value in each.get("listdatums", [])}
        return {fingerprint(value) for value in wanted.get("listdatums", [])} <= values
    return wanted.get("strategy") == "r" and _are_covered(same, wanted)


def condition(said: str, keyed: Collection[str]) -> str:
    """Return what a partition's bound asks of a row, as SQL, from how it is written.

    An empty text where it is not of one column, or no list or range that can be said so.
    """
    column, found = quoted("".join(keyed)), _SAID().search(said)
    if len(keyed) != 1 or column == quoted("") or found is None:
        return ""
    listed, low, high = ((each or "").strip() for each in found.groups())
    asked = [f"{column} IS NOT NULL"]
    if listed:
        asked += [] if _NULL().search(listed) else [f"{column} IN ({listed})"]
        return " AND ".join(asked) if len(asked) > 1 else ""
    asked += [f"{column} >= {low}"] * (low.lower() not in _ENDLESS)
    asked += [f"{column} < {high}"] * (high.lower() not in _ENDLESS)
    return " AND ".join(asked)


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
