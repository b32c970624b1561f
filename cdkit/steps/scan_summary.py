"""What a person reads of a scan in ten seconds: how much there is of what, and what to upgrade."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from cdkit.core.finding import Finding, Severity
from cdkit.core.step import Table

_ROWS = 20
_NAMED = 5
_STANDINGS = ("fails", "overdue", "unknown", "clocked", "grace", "shown")
"""What became of a finding, the most urgent first (cdkit/scan/weigh.py)."""
_WORDS = {
    "fails": "fails",
    "overdue": "overdue",
    "unknown": "severity unknown",
    "clocked": "on the clock",
    "grace": "published lately",
    "shown": "does not count",
}
_COUNTS = {
    "new": "fail at once",
    "overdue": "overdue",
    "clocked": "on the clock",
    "suppressed": "excepted",
}
_SEVERITIES = ("critical", "high", "medium", "low", "unknown")


class Bases(Struct, frozen=True, kw_only=True):
    """Which lines of a Dockerfile name the image that is built on: line to name."""

    dockerfile: str = ""
    names: Mapping[int, str] = {}

    def of(self, finding: Finding) -> str:
        """Return the base image that brought a finding with its line; empty where none did."""
        where = finding.locations[0] if finding.locations else None
        if where is None or where.path != self.dockerfile or where.line not in self.names:
            return ""
        name = self.names[where.line].partition("@")[0]
        return f"{name} ({where})"


def headline(numbers: Mapping[str, int]) -> str:
    """Return how much there is of what: `2 fail at once, 1 on the clock; 1 critical, 2 high`."""
    told = [f"{numbers[name]} {word}" for name, word in _COUNTS.items() if numbers.get(name)]
    severe = [f"{numbers[name]} {name}" for name in _SEVERITIES if numbers.get(name)]
    return "; ".join(", ".join(part) for part in (told, severe) if part)


class _Work(Struct, kw_only=True):
    """One thing to do, and the findings that it is for."""

    todo: str
    findings: list[Finding]


def upgrades(findings: Iterable[Finding], bases: Bases) -> tuple[Table, ...]:
    """Return what a person has to do, one row a thing, the most urgent first.

    What the base image brought and a newer version mends is one row: nobody upgrades package by
    package what the next base image holds.
    """
    works: dict[tuple[str, ...], _Work] = {}
    for finding in findings:
        if finding.suppressed is None:
            key, todo = _work(finding, bases)
            works.setdefault(key, _Work(todo=todo, findings=[])).findings.append(finding)
    if not works:
        return ()
    ordered = sorted(works.values(), key=lambda work: min(map(_urgency, work.findings)))
    heading = "What to do"
    if len(ordered) > _ROWS:
        heading += f" (the first {_ROWS} of {len(ordered)})"
    rows = tuple(_row(work) for work in ordered[:_ROWS])
    columns = ("What to do", "For", "Severity", "Stands")
    return (Table(heading=heading, columns=columns, rows=rows, ahead=True),)


def _work(finding: Finding, bases: Bases) -> tuple[tuple[str, ...], str]:
    """Return what a finding shares with others that the same work mends, and a sentence on it."""
    facts = finding.properties
    if "package" not in facts:
        kind, path = facts.get("kind", "issue"), facts.get("path", "") or finding.about
        return ("issue", kind, path), f"mend the {kind} in {path}"
    if facts.get("fixed") and (base := bases.of(finding)):
        return ("base", base), f"build on a newer base image: {base} brings"
    package = f"{facts['package']} {facts.get('installed', '')}".strip()
    if facts.get("fixed"):
        return ("package", package), f"upgrade {facts['package']}"
    return ("unfixed", package), f"{package}: no fix yet"


def _row(work: _Work) -> tuple[str, ...]:
    worst = min(work.findings, key=_urgency)
    rules = [*dict.fromkeys(f.rule for f in sorted(work.findings, key=_urgency))]
    return (_todo(work), _named(rules), worst.severity.value, _stands(work.findings))


def _todo(work: _Work) -> str:
    """Return the sentence with its versions, or with the packages that a base image brought."""
    facts = work.findings[0].properties
    packages = dict.fromkeys(f.properties.get("package", "") for f in work.findings)
    if work.todo.endswith(" brings"):
        return f"{work.todo} {_named([*packages])}"
    if not work.todo.startswith("upgrade "):
        return work.todo
    wanted = [*dict.fromkeys(f.properties.get("fixed", "") for f in work.findings)]
    start = f" from {facts['installed']}" if facts.get("installed") else ""
    if len(wanted) == 1:
        return f"{work.todo}{start} to {wanted[0].replace(', ', ' or ')}"
    versions = [*dict.fromkeys(part for text in wanted for part in text.split(", "))]
    return f"{work.todo}{start} to the newest of {_named(versions)}"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _stands(findings: Sequence[Finding]) -> str:
    """Return what becomes of the most urgent one, why, and until when it has time."""
    first = min(findings, key=_urgency)
    standing = first.properties.get("standing", "")
    until = min((f.properties["until"] for f in findings if _has_time(f, standing)), default="")
    word = _WORDS.get(standing, standing)
    because = first.properties.get("because", "")
    why = f": {because}" if because else ""
    return word + (f" until {until}" if until and standing in {"clocked", "grace"} else "") + why


def _has_time(finding: Finding, standing: str) -> bool:
    return finding.properties.get("standing") == standing and "until" in finding.properties


def _urgency(finding: Finding) -> tuple[int, int]:
    """Order by what it decides, then by harm; an unknown harm stands with the high ones."""
    standing = finding.properties.get("standing", "")
    place = _STANDINGS.index(standing) if standing in _STANDINGS else len(_STANDINGS)
    rank = finding.severity.rank if finding.severity is not Severity.UNKNOWN else 3
    return (place, -rank)
