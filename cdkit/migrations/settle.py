"""Settling findings: what is allowed where it stands, and the names that survive line moves."""

import functools
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping

from msgspec import structs

from cdkit.core.allow import Allowance
from cdkit.core.finding import Finding, fingerprint
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.tell import UNTOLD

_ALLOWABLE_UNTOLD = frozenset({"unread-code", "unread-command"})
NEVER_ACCEPTED = UNTOLD - _ALLOWABLE_UNTOLD
"""Rules that nobody's word settles: what they name is no SQL."""
EVERYWHERE = range(sys.maxsize)
"""Every line of a file."""


def settle(
    findings: Iterable[Finding],
    parsed: Parsed,
    allowed: tuple[Allowance, ...],
    lines: range = EVERYWHERE,
) -> tuple[list[Finding], tuple[str, ...]]:
    """Suppress what is allowed where it stands; say which allowances were of no use.

    Those that speak of other `lines` are of another migration in the same file.
    """
    used: set[int] = set()
    by_rule: dict[str, dict[int, list[Allowance]]] = {}
    for each in allowed:
        by_rule.setdefault(each.rule, {}).setdefault(each.target, []).append(each)
    spans = _Spans(parsed)
    settled = [_allowed(one, spans, by_rule.get(one.rule, {}), used) for one in findings]
    notes = [
        f"{each.source}: nothing here needs `allow {each.rule}`; take it out"
        for each in allowed
        if each.line not in used and each.target in lines
    ]
    return settled, tuple(notes)


class _Spans:
    """The lines of the statements of a file, looked at when the first allowance wants them."""

    def __init__(self, parsed: Parsed) -> None:
        self._parsed = parsed

    @functools.cached_property
    def _lines(self) -> list[tuple[int, int]]:
        return sorted(
            (each.place().line, each.text.place(each.end).line) for each in self._parsed.statements
        )

    def firsts(self, line: int) -> Iterator[int]:
        """Yield the first line of each statement on a line: an allowance may stand above it.

        Statements follow one another, so those that reach this line stand side by side.
        """
        at = bisect_right(self._lines, line, key=lambda one: one[0])
        while at and self._lines[at - 1][1] >= line:
            at -= 1
            yield self._lines[at][0]


def _allowed(
    finding: Finding, spans: _Spans, here: Mapping[int, list[Allowance]], used: set[int]
) -> Finding:
    if not here or finding.rule in NEVER_ACCEPTED or not finding.locations:
        return finding
    line = finding.locations[0].line
    lines = {line, *spans.firsts(line)}
    found = [each for target in lines for each in here.get(target, ())]
    for each in sorted(found, key=lambda one: one.line):
        used.add(each.line)
        if not each.fault:
            return structs.replace(finding, suppressed=each.suppression())
        said = f"{finding.message} (the allowance in line {each.line} does not count: {each.fault})"
        finding = structs.replace(finding, message=said)
    return finding


def named(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Name each finding by rule, thing and statement, not by line; equal ones are counted."""
    seen: dict[tuple[str, ...], int] = {}
    done = []
    for finding in findings:
        path = finding.locations[0].path.rpartition("/")[2]
        key = (finding.rule, path, finding.about, finding.fingerprint)
        seen[key] = count = seen.get(key, 0) + 1
        done.append(structs.replace(finding, fingerprint=fingerprint(*key, str(count))))
    return tuple(done)
