"""Settling findings: what is allowed where it stands, and the names that survive line moves."""

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import structs

from cdkit.core.allow import Allowance
from cdkit.core.finding import Finding, fingerprint
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.tell import UNTOLD

_ALLOWABLE_UNTOLD = frozenset({"unread-code", "unread-command"})
NEVER_ACCEPTED = UNTOLD - _ALLOWABLE_UNTOLD
"""Rules that nobody's word settles: what they name is no SQL."""


def settle(
    findings: Iterable[Finding], parsed: Parsed, allowed: tuple[Allowance, ...]
) -> tuple[list[Finding], tuple[str, ...]]:
    """Suppress what is allowed where it stands; say which allowances were of no use."""
    used: set[int] = set()
    settled = [_allowed(finding, parsed, allowed, used) for finding in findings]
    notes = [
        f"{each.source}: nothing here needs `allow {each.rule}`; take it out"
        for each in allowed
        if each.line not in used
    ]
    return settled, tuple(notes)


def _allowed(
    finding: Finding, parsed: Parsed, allowed: tuple[Allowance, ...], used: set[int]
) -> Finding:
    here = {each.target for each in allowed if each.rule == finding.rule}
    if not here or finding.rule in NEVER_ACCEPTED or not finding.locations:
        return finding
    line = finding.locations[0].line
    lines = {line, *_statement_lines(parsed, line)}
    for each in allowed:
        if each.rule != finding.rule or each.target not in lines:
            continue
        used.add(each.line)
        if not each.fault:
            return structs.replace(finding, suppressed=each.suppression())
        said = f"{finding.message} (the allowance in line {each.line} does not count: {each.fault})"
        finding = structs.replace(finding, message=said)
    return finding


def _statement_lines(parsed: Parsed, line: int) -> Iterator[int]:
    """Yield the first line of the statement that spans a line: an allowance may stand above it."""
    for statement in parsed.statements:
        start = statement.place().line
        end = statement.text.place(statement.end).line
        if start <= line <= end:
            yield start


def named(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Name each finding by rule, thing and statement, not by line; equal ones are counted."""
    seen: Counter[tuple[str, ...]] = Counter()
    done = []
    for finding in findings:
        path = finding.locations[0].path.rpartition("/")[2]
        key = (finding.rule, path, finding.about, finding.fingerprint)
        seen[key] += 1
        print_of = fingerprint(*key, str(seen[key]))
        done.append(structs.replace(finding, fingerprint=print_of))
    return tuple(done)
