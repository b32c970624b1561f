"""Allowances: `-- cdkit: allow RULE (reason) [until YYYY-MM-DD]`, on the line or just above it."""

import functools
import re
from datetime import date

from msgspec import Struct

from cdkit.core.finding import Suppression
from cdkit.migrations.text import Text


class Allowance(Struct, frozen=True, kw_only=True):
    """One allowance: of which rule, why, until when, in which line it stands.

    `target` is the line that it speaks of: its own where code stands before it, else the next
    that holds any. `fault` says why it does not count, empty where it does.
    """

    rule: str
    reason: str
    until: str
    line: int
    target: int
    source: str
    fault: str = ""

    def suppression(self) -> Suppression:
        """Return it as the finding shows it."""
        return Suppression(reason=self.reason, expires=self.until, source=self.source)


@functools.cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        r"--\s*cdkit:\s*allow\s+(?P<rule>[a-z0-9-]+)\s*"
        r"(?:\((?P<reason>[^()]*(?:\([^()]*\)[^()]*)*)\))?\s*(?:until\s+(?P<until>\S+))?"
    )


def allowances(text: Text, today: date) -> tuple[Allowance, ...]:
    """Return what a file allows, whether it counts or not; `today` is the date in UTC."""
    if b"cdkit:" not in text.data:
        return ()
    lines = [line.decode("utf-8", "replace").strip() for line in text.lines()]
    found = []
    for number, line in enumerate(lines, start=1):
        match = _pattern().search(line)
        if match is None:
            continue
        reason, until = (match["reason"] or "").strip(), match["until"] or ""
        found.append(
            Allowance(
                rule=match["rule"],
                reason=reason,
                until=until,
                line=number,
                target=number if match.start() else _next_code(lines, number),
                source=f"{text.path}:{number}",
                fault=_fault(reason, until, today),
            )
        )
    return tuple(found)


def _next_code(lines: list[str], number: int) -> int:
    """Return the line after a block of comments."""
    following = (n for n, line in enumerate(lines[number:], number + 1) if line[:2] != "--")
    return next(following, number)


def _fault(reason: str, until: str, today: date) -> str:
    if not reason:
        return "it gives no reason: write `allow RULE (why)`"
    if not until:
        return ""
    try:
        return "" if today <= date.fromisoformat(until) else f"it expired on {until}"
    except ValueError:
        return f"{until!r} is no date: write `until 2026-12-31`"
