"""Allowances in comments: `cdkit: allow RULE (reason) [until YYYY-MM-DD]`, on the line or above."""

import functools
import re
from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from cdkit.core.finding import Suppression


class Allowance(Struct, frozen=True, kw_only=True):
    """One allowance: of which rule, why, until when, in which line it stands.

    `target` is the line that it speaks of: its own where code stands before it, else the next
    that holds any. `fault` says why it does not count, empty where it does; `owner` who brought it.
    """

    rule: str
    reason: str
    until: str
    line: int
    target: int
    source: str
    fault: str = ""
    owner: str = ""

    def suppression(self) -> Suppression:
        """Return it as the finding shows it."""
        return Suppression(
            reason=self.reason, owner=self.owner, expires=self.until, source=self.source
        )


@functools.cache
def _pattern(marks: tuple[str, ...]) -> re.Pattern[str]:
    comment = "|".join(re.escape(mark) for mark in marks)
    return re.compile(
        rf"(?:{comment})\s*cdkit:\s*allow\s+(?P<rule>[a-z0-9-]+)\s*"
        r"(?:\((?P<reason>[^()]*(?:\([^()]*\)[^()]*)*)\))?\s*(?:until\s+(?P<until>\S+))?"
    )


def allowances(
    lines: Sequence[str], *, path: str, marks: tuple[str, ...], today: date
) -> tuple[Allowance, ...]:
    """Return what the comments of a file allow, whether it counts or not.

    `marks` are what a comment begins with there (`--`, `#`); `today` is the date in UTC.
    """
    lines = [line.removeprefix("\ufeff").strip() for line in lines]
    following = _next_code(lines, marks)
    found = []
    for number, line in enumerate(lines, start=1):
        match = _pattern(marks).search(line) if "cdkit:" in line else None
        if match is None:
            continue
        reason, until = (match["reason"] or "").strip(), match["until"] or ""
        found.append(
            Allowance(
                rule=match["rule"],
                reason=reason,
                until=until,
                line=number,
                target=number if match.start() else following[number],
                source=f"{path}:{number}",
                fault=_fault(reason, until, line[match.end() :], today),
            )
        )
    return tuple(found)


def _next_code(lines: Sequence[str], marks: tuple[str, ...]) -> list[int]:
    """Return for each line, and before the first, the number of the next that holds code.

    Behind the last of them it is the line itself.
    """
    following = list(range(len(lines) + 1))
    for number in range(len(lines) - 1, -1, -1):
        if lines[number] and not lines[number].startswith(marks):
            following[number] = number + 1
        elif following[number + 1] > number + 1:
            following[number] = following[number + 1]
    return following


def _fault(reason: str, until: str, rest: str, today: date) -> str:
    if not reason and rest.startswith(","):
        return "it names several rules: write one for each, `allow RULE (why)`"
    if not reason:
        return "it gives no reason: write `allow RULE (why)`"
    if not until:
        # `(why), until 2026-12-31` would else hold for ever.
        dated = re.search(r"(?i)\buntil|\bexpire|\d{4}-\d\d-\d\d", rest)
        return "its date cannot be read: write `(why) until 2026-12-31`" if dated else ""
    try:
        return "" if today <= date.fromisoformat(until) else f"it expired on {until}"
    except ValueError:
        return f"{until!r} is no date: write `until 2026-12-31`"
