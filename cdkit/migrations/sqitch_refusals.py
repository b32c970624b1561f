"""Why Sqitch refuses a plan: a merge of two branches often makes one that it does.

Source: Sqitch 1.3.1 itself (`sqitch plan`), which reads the plan whole before it deploys anything.
"""

import sys
from collections.abc import Iterator

from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.migrations.lazy import pattern
from cdkit.migrations.source import Complaint

_ENTRY = pattern(
    r"(?:\+\s*)?(?P<name>@?[^\s!\"#$%&'()*+,\-./:;<=>?@\[\\\]^`{|}~][^\s@:#\\]*)"
    r"(?:\s+\[\s*(?P<needs>[^\]\s][^\]]*)\])?"
    r"\s+\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\s+[^\s<][^<]*<[^>]+>\s*(?:#.*)?"
)
"""A change or a tag: its name, what it needs, when it was planned, by whom, a note."""
_ID = pattern(r"[0-9a-f]{40}")


def faults(plan: str, data: bytes) -> tuple[Reason, ...]:
    """Return why a plan cannot be read, at the first line that is none of a plan's."""
    for number, line in _lines(data):
        if line.startswith("-") or _ENTRY().fullmatch(line):
            continue
        return (
            cannot_tell(
                "Sqitch reads no change and no tag here, so it refuses the plan",
                where=Location(path=plan, line=number),
                remedy="resolve what a merge left; a line is `name [what it needs] "
                "2026-01-31T12:00:00Z Planner <planner@example.com> # note`",
            ),
        )
    return ()


def complaints(plan: str, data: bytes) -> Iterator[Complaint]:
    """Yield each change or tag that stands twice, and each that needs what comes later or never."""
    entries = [
        (number, said["name"], (said["needs"] or "").split())
        for number, line in _lines(data)
        if (said := _ENTRY().fullmatch(line))
    ]
    lines = {name: number for number, name, _ in reversed(entries)}
    there: dict[str, int] = {}
    untagged: set[str] = set()
    for place, (number, name, needs) in enumerate(entries):
        is_tag = name.startswith("@")
        if name in (there if is_tag else untagged):
            why = "twice" if is_tag else "twice, with no tag in between"
            yield _complaint(plan, number, "duplicate-version", f"has {name} {why}", name)
        for need in needs:
            if _is_met(need, there):
                continue
            if need in lines and need != name:
                what = f"has {name} before {need}, which it needs"
                yield _complaint(plan, number, "out-of-order-version", what, name)
            else:
                what = f"has no {need} before {name}, which needs it"
                yield _complaint(plan, number, "missing-migration", what, need)
        there.setdefault(name, place)
        if is_tag:
            untagged.clear()
        else:
            untagged.add(name)


def _is_met(need: str, there: dict[str, int]) -> bool:
    """Whether what a change needs stands before it; what is of another plan is not looked for."""
    if need[0] == "!" or ":" in need or _ID().fullmatch(need):
        return True
    name, at, tag = need.partition("@")
    tagged = there.get(f"@{tag}", -1) if at else sys.maxsize
    return tagged >= 0 and (not name or there.get(name, tagged) < tagged)


def _complaint(plan: str, line: int, rule: str, what: str, about: str) -> Complaint:
    remedy = {
        "duplicate-version": "take one out, or tag the plan between them (`sqitch rework`)",
        "out-of-order-version": f"move the line of {about} down, below what it needs",
    }.get(rule, "put it into the plan, or take it from what is needed")
    return Complaint(
        rule=rule,
        path=plan,
        line=line,
        what=f"{what}: Sqitch refuses the plan",
        about=about,
        remedy=remedy,
        whole=True,
    )


def _lines(data: bytes) -> Iterator[tuple[int, str]]:
    """Yield the lines that are neither empty, nor pragmas or comments, by number."""
    for number, raw in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        line = raw.strip()
        if line and line[0] not in "%#":
            yield number, line
