"""SARIF 2.1.0, of static analysis and of scanners of running applications.

Source: OASIS, SARIF 2.1.0 (3.27.10 level, 3.35 suppressions, 3.20.14 executionSuccessful), and
GitHub's `security-severity` (a CVSS score in a rule's properties). A result's level is its own, its
rule's, or `warning`. An error or a score from 7 says no. What the file suppresses is counted by
itself, so that a policy can bound it. A run that failed, or that shows neither a rule, a file, a
result nor an invocation that succeeded, looked at nothing as far as anybody can tell. Neither can
anybody of a result that is `open` (3.27.9), or that stands in another file.
"""

from typing import Any

from msgspec import Struct, field

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location, Severity
from cdkit.core.readable import Readable
from cdkit.core.verdict import Reason, cannot_tell, no
from cdkit.evidence.decode import read_json
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import MOST_REASONS, Reading
from cdkit.evidence.shape import shape_of

_REMEDY = "let the analysis run again, to its end, and write its SARIF"
_LEVELS = {
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "note": Severity.LOW,
    "none": Severity.INFO,
}
_SCORES = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))
_BAD = frozenset({Severity.CRITICAL, Severity.HIGH})
_FINE = frozenset({"pass", "notApplicable"})
_KINDS = _FINE | {"fail", "informational", "open", "review"}
_COUNTED = (
    Severity.CRITICAL,
    Severity.HIGH,
    Severity.MEDIUM,
    Severity.LOW,
    Severity.INFO,
    Severity.UNKNOWN,
)


class _Text(Struct, frozen=True):
    text: str = ""


class _Configuration(Struct, frozen=True):
    level: str = "warning"


class _Rule(Struct, frozen=True):
    id: str = ""
    configuration: _Configuration | None = field(name="defaultConfiguration", default=None)
    properties: dict[str, Any] | None = None


class _Component(Struct, frozen=True):
    name: str = ""
    rules: list[_Rule] | None = None


class _Tool(Struct, frozen=True):
    driver: _Component
    extensions: list[_Component] | None = None


class _Reference(Struct, frozen=True):
    id: str = ""
    index: int = -1


class _Artifact(Struct, frozen=True):
    uri: str = ""


class _Region(Struct, frozen=True):
    line: int | None = field(name="startLine", default=None)


class _Physical(Struct, frozen=True):
    artifact: _Artifact | None = field(name="artifactLocation", default=None)
    region: _Region | None = None


class _Place(Struct, frozen=True):
    physical: _Physical | None = field(name="physicalLocation", default=None)


class _Suppression(Struct, frozen=True):
    status: str = "accepted"


class _Result(Struct, frozen=True):
    rule_id: str = field(name="ruleId", default="")
    rule_index: int = field(name="ruleIndex", default=-1)
    rule: _Reference | None = None
    level: str | None = None
    kind: str = "fail"
    message: _Text | None = None
    places: list[_Place] | None = field(name="locations", default=None)
    suppressions: list[_Suppression] | None = None
    baseline: str = field(name="baselineState", default="")
    properties: dict[str, Any] | None = None


class _Notice(Struct, frozen=True):
    level: str = "warning"
    message: _Text | None = None


class _Invocation(Struct, frozen=True):
    successful: bool = field(name="executionSuccessful")
    notices: list[_Notice] | None = field(name="toolExecutionNotifications", default=None)


class _Elsewhere(Struct, frozen=True):
    results: list[Any] | None = None


class _Run(Struct, frozen=True):
    tool: _Tool
    results: list[_Result] | None = None
    artifacts: list[Any] | None = None
    invocations: list[_Invocation] | None = None
    elsewhere: _Elsewhere | None = field(name="externalPropertyFileReferences", default=None)


class _Log(Struct, frozen=True):
    version: str
    runs: list[_Run]
    inline: list[_Elsewhere] | None = field(name="inlineExternalProperties", default=None)


def _recognises(head: bytes) -> bool:
    shape = shape_of(head)
    if shape.has("runs") and shape.has("version"):
        return True
    return "sarif" in shape.texts.get("$schema", "").lower()


def _read(stream: Readable, where: str) -> Reading:
    log = read_json(stream, _Log, where, _REMEDY)
    if log.version != "2.1.0" or not log.runs:
        what = f"is of version {log.version[:20]!r} and holds {len(log.runs)} runs"
        raise Unreadable(what, where=where, remedy="give SARIF 2.1.0, of at least one run")
    found = dict.fromkeys([severity.value for severity in _COUNTED], 0) | {"suppressed": 0}
    reasons: list[Reason] = []
    if any(one.results for one in log.inline or ()):
        what = "has results beside its runs (inlineExternalProperties), which nobody looks into"
        reasons.append(cannot_tell(what, where=Location(path=where), remedy=_REMEDY))
    for run in log.runs:
        reasons += _doubts(run, where)
        rules = {rule.id: rule for rule in run.tool.driver.rules or ()}
        for result in run.results or ():
            _count(result, _rule(result, run, rules), found, reasons, where)
    return Reading(found=found, reasons=tuple(reasons[:MOST_REASONS]))


def _doubts(run: _Run, where: str) -> list[Reason]:
    name = run.tool.driver.name[:100]
    told = []
    for one in run.invocations or ():
        errors = [n.message.text for n in one.notices or () if n.level == "error" and n.message]
        if not one.successful or errors:
            told.append(f"{name} says that its run failed: {'; '.join(errors)[:500]}".rstrip(": "))
    if run.elsewhere and run.elsewhere.results:
        told.append(f"{name} has results in another file, which nobody looks into")
    if run.results is None:
        told.append(f"{name} gives no list of results: nothing was looked at")
    elif not (run.results or run.artifacts or run.invocations or _has_rules(run)):
        told.append(
            f"{name} names no rule, no file and no invocation: perhaps it looked at nothing"
        )
    return [cannot_tell(what, where=Location(path=where), remedy=_REMEDY) for what in told]


def _has_rules(run: _Run) -> bool:
    return any(part.rules for part in (run.tool.driver, *(run.tool.extensions or ())))


def _rule(result: _Result, run: _Run, rules: dict[str, _Rule]) -> _Rule:
    index = result.rule_index if result.rule_index >= 0 else _index(result.rule)
    known = run.tool.driver.rules or []
    name = result.rule_id or (result.rule.id if result.rule else "")
    if 0 <= index < len(known) and name in {"", known[index].id}:
        return known[index]
    if name in rules:
        return rules[name]
    others = [rule for part in run.tool.extensions or () for rule in part.rules or ()]
    return next((rule for rule in others if rule.id == name), _Rule(id=name))


def _index(rule: _Reference | None) -> int:
    return rule.index if rule else -1


def _count(
    result: _Result, rule: _Rule, found: dict[str, int], reasons: list[Reason], where: str
) -> None:
    if result.kind in _FINE or result.baseline == "absent":
        return
    suppressed = result.suppressions or []
    if suppressed and all(one.status == "accepted" for one in suppressed):
        found["suppressed"] += 1
        return
    severity = _severity(result, rule)
    found[severity.value] += 1
    if (odd := _undecided(result, rule)) and len(reasons) < MOST_REASONS:
        what = f"{result.rule_id or rule.id or 'a result'} {odd}"
        reasons.append(cannot_tell(what, where=_place(result, where), remedy=_REMEDY))
    if severity not in _BAD or len(reasons) >= MOST_REASONS:
        return
    message = result.message.text.strip()[:300] if result.message else ""
    reasons.append(
        no(
            f"{result.rule_id or rule.id or 'a finding'} ({severity.value}): {message}",
            where=_place(result, where),
            remedy="mend it, or have it accepted where the analysis keeps that, and run it again",
            rule=(result.rule_id or rule.id)[:200],
        )
    )


def _undecided(result: _Result, rule: _Rule) -> str:
    """Return why a result is neither a finding nor none; an empty string where it is one."""
    usual = rule.configuration.level if rule.configuration else "warning"
    level = result.level or usual
    if result.kind not in _KINDS:
        return f"is of the kind {result.kind[:40]!r}, which SARIF does not know"
    if result.kind == "open":
        return "was left open: the tool could not decide it"
    if result.kind == "fail" and level not in _LEVELS:
        return f"has the level {level[:40]!r}, which SARIF does not know"
    return ""


def _severity(result: _Result, rule: _Rule) -> Severity:
    """Return the severity of the score where there is one, else of the level."""
    for properties in (result.properties or {}, rule.properties or {}):
        score = _score(properties.get("security-severity"))
        if score is not None:
            return next((s for least, s in _SCORES if score >= least), Severity.LOW)
    usual = rule.configuration.level if rule.configuration else "warning"
    level = result.level or (usual if result.kind == "fail" else "none")
    if result.kind == "open":
        return Severity.UNKNOWN
    return _LEVELS.get(level, Severity.UNKNOWN)


def _score(said: object) -> float | None:
    try:
        score = float(said) if isinstance(said, str | int | float) else -1.0
    except ValueError:
        return None
    return score if 0 < score <= 10 else None


def _place(result: _Result, where: str) -> Location:
    place = (result.places or [_Place()])[0].physical
    if place and place.artifact and place.artifact.uri:
        line = place.region.line if place.region else None
        return Location(path=place.artifact.uri[:500], line=max(0, line or 0))
    return Location(path=where)


FORMAT = Format(
    name="sarif",
    title="SARIF 2.1.0",
    proves="findings",
    written_by="CodeQL, Semgrep `--sarif`, ESLint, Bandit, gosec and most other analyses; ZAP",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="sarif/bandit-1.9-clean.sarif", real=True, tool="Bandit 1.9, clean"),
        Sample(path="sarif/bandit-1.9.sarif", real=True, tool="Bandit 1.9"),
        Sample(path="sarif/ruff-0.17-clean.sarif", real=True, tool="ruff 0.17, clean"),
        Sample(path="sarif/ruff-0.17.sarif", real=True, tool="ruff 0.17"),
    ),
)
