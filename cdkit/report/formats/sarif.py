"""SARIF 2.1.0: findings for code scanning (OASIS standard; docs.github.com, SARIF support).

GitHub's limits are kept: 10 MB packed; 25,000 results and rules a run, worst first; 1,000 locations
a result; 20 tags and 1,024 characters of description a rule; no empty text; every result has a
place.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cdkit.core.escape import sound, terminal, terminal_lines, uri_path, web_uri
from cdkit.core.finding import Finding, Fix, Location, Severity, Suppression, fingerprint
from cdkit.core.rule import Rule
from cdkit.core.verdict import Answer, Reason
from cdkit.report.brief import brief, fits
from cdkit.report.json_text import json_text
from cdkit.report.report import (
    Format,
    Report,
    answer_words,
    reasons_of,
    remedies,
    replay_mark,
    unsaid,
    worst_first,
)

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
MOST_RESULTS = 25_000
MOST_RULES = 25_000
MOST_LOCATIONS = 1_000
MOST_TAGS = 20
LONGEST_DESCRIPTION = 1_024
LONGEST_NAME = 255
LARGEST = 10_000_000
"""Bytes of a file, packed by gzip, that GitHub takes."""
_FEWER = (10_000, 5_000, 1_000, 200)
_CUT = "texts and properties are cut short, so that GitHub takes this file (10 MB packed)"

_LEVEL = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.UNKNOWN: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_SCORE = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
}
"""What GitHub reads as critical (over 9.0), high (7.0), medium (4.0) and low (0.1)."""
_OVER = {Severity.CRITICAL: 9.0, Severity.HIGH: 6.9, Severity.MEDIUM: 3.9, Severity.LOW: 0.0}


Json = dict[str, Any]


class _Result(Struct, frozen=True, kw_only=True):
    """A finding, or a reason for no that no finding tells, as the results are made from it."""

    rule: str
    severity: Severity
    message: str
    remedy: str = ""
    locations: tuple[Location, ...] = ()
    fingerprint: str
    about: str = ""
    suppressed: Suppression | None = None
    fix: Fix | None = None
    properties: Mapping[str, str]


def render(report: Report) -> str:
    """Return a SARIF log with one run.

    A reason for cannot tell is a notification of the tool, and the run is not successful; so is a
    reason for no, with a result where no finding tells it. GitHub reads the category of a run from
    `automationDetails.id` up to its last slash: it is the step and the subject's name without its
    digest, so that two images do not overwrite each other and the next image does.

    What would be too large is written with short texts, then with fewer results; it says so.
    """
    text = _log(report, MOST_RESULTS)
    if fits(text, LARGEST):
        return text
    short = brief(report)
    for most in (MOST_RESULTS, *(few for few in _FEWER if few < len(report.findings))):
        text = _log(short, most, _CUT)
        if fits(text, LARGEST):
            break
    return text


def _log(report: Report, most: int, cut: str = "") -> str:
    results = _results(report)
    kept = results[:most]
    rules = _rules(replace(report, rules=_found(report, kept)) if cut else report, kept)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    run: Json = {
        "tool": {"driver": _driver(report, rules)},
        "automationDetails": {"id": _category(report)},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report, len(results) - len(kept), cut)],
        "results": list(_written(kept, index, report)),
        "properties": _properties(report),
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _driver(report: Report, rules: list[Json]) -> Json:
    name, _, version = report.tool.partition(" ")
    driver: Json = {"name": name or "cdkit"}
    if version:
        driver["version"] = version
    return driver | {"rules": rules}


def _category(report: Report) -> str:
    subject = report.subject.partition("@")[0]
    parts = [report.step, *([subject] if subject else []), report.context.build_id]
    return "/".join(sound(part) for part in parts)


def _properties(report: Report) -> Json:
    held: Json = {"verdict": report.verdict.answer.value}
    held |= {"replay": replay_mark(report)} if report.replay else {}
    held |= {"record": sound(report.record)} if report.record else {}
    return held | ({"notes": [terminal(note) for note in report.notes]} if report.notes else {})


def _results(report: Report) -> list[_Result]:
    reasons = [_of_reason(report, reason) for reason in unsaid(report)]
    found = worst_first(report.open_findings) + worst_first(report.suppressed_findings)
    remedy = remedies(report)
    return [*reasons, *(_of_finding(finding, remedy(finding)) for finding in found)]


def _of_reason(report: Report, reason: Reason) -> _Result:
    rule = reason.rule or f"{report.step}-{reason.answer.value}"
    where = str(reason.where or "")
    return _Result(
        rule=rule,
        severity=Severity.HIGH,
        message=reason.what,
        remedy=reason.remedy,
        locations=(reason.where,) if reason.where else (),
        fingerprint=fingerprint(report.step, rule, where, reason.what),
        properties={},
    )


def _of_finding(finding: Finding, remedy: str) -> _Result:
    return _Result(
        rule=finding.rule,
        severity=finding.severity,
        message=finding.message,
        remedy=remedy,
        locations=finding.locations,
        fingerprint=finding.fingerprint,
        about=finding.about,
        suppressed=finding.suppressed,
        fix=finding.fix,
        properties={
            **finding.properties,
            "confidence": finding.confidence.value,
            **_instead(finding.fix),
        },
    )


def _instead(fix: Fix | None) -> dict[str, str]:
    text = fix.replacement if fix else ""
    return {"instead": "\n".join(terminal_lines(text))} if text else {}


def _written(
    results: Iterable[_Result], index: Mapping[str, int], report: Report
) -> Iterator[Json]:
    seen: Counter[str] = Counter()
    for result in results:
        seen[result.fingerprint] += 1
        yield _result(result, index[_id(result.rule)], seen[result.fingerprint], report)


def _result(result: _Result, rule: int, occurrence: int, report: Report) -> Json:
    written: Json = {
        "ruleId": _id(result.rule),
        "ruleIndex": rule,
        "level": _LEVEL[result.severity],
        "message": {"text": _message(result.message, result.remedy, result.rule, report)},
        "locations": _locations(result, report),
        "partialFingerprints": {
            "primaryLocationLineHash": f"{result.fingerprint}:{occurrence}",
            "cdkit/v1": result.fingerprint,
        },
        "properties": {"severity": result.severity.value, **result.properties},
    }
    if result.fix and result.fix.edits:
        written["fixes"] = [_fix(result.fix)]
    if result.suppressed:
        written["suppressions"] = [_suppression(result.suppressed, result.locations)]
    return written


def _fix(fix: Fix) -> Json:
    """Return a fix (SARIF 2.1.0, 3.55): its replacements, file by file, in order."""
    changes: dict[str, list[Json]] = {}
    for edit in sorted(fix.edits, key=lambda one: (one.start, one.end)):
        deleted = {"byteOffset": edit.start, "byteLength": edit.end - edit.start}
        place = edit.location
        region = {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.end_line,
            "endColumn": place.end_column,
        }
        changes.setdefault(place.path, []).append(
            {"deletedRegion": region | deleted, "insertedContent": {"text": sound(edit.text)}}
        )
    return {
        "description": {"text": _plain(fix.summary) or "mend it"},
        "artifactChanges": [
            {"artifactLocation": _artifact(path), "replacements": replacements}
            for path, replacements in changes.items()
        ],
    }


def _artifact(path: str) -> Json:
    uri: Json = {"uri": uri_path(path or ".")}
    return uri if path.startswith("/") else uri | {"uriBaseId": "%SRCROOT%"}


def _message(what: str, remedy: str, otherwise: str, report: Report) -> str:
    mark = "(replay) " if report.replay else ""
    return mark + (_sentence(what, remedy) or _id(otherwise))


def _sentence(what: str, remedy: str) -> str:
    parts = (_plain(what), remedy and f"What to do: {_plain(remedy)}")
    return "\n".join(part for part in parts if part)


def _plain(text: str) -> str:
    """Return text in which a viewer finds no embedded link (SARIF 2.1.0, 3.11.6)."""
    return terminal(text).replace("](", "] (").strip()


def _locations(result: _Result, report: Report) -> list[Json]:
    locations = result.locations[:MOST_LOCATIONS]
    written = [_location(location, result.about) for location in locations]
    return written or [_nowhere(result.about, report)]


def _location(location: Location, about: str) -> Json:
    region = {
        "startLine": max(location.line, 1),
        "startColumn": location.column,
        "endLine": location.end_line,
        "endColumn": location.end_column,
    }
    physical: Json = {"artifactLocation": _artifact(location.path)}
    physical["region"] = {name: number for name, number in region.items() if number > 0}
    return {"physicalLocation": physical} | _logical(about)


def _logical(about: str) -> Json:
    name = terminal(about).strip()
    return {"logicalLocations": [{"fullyQualifiedName": name}]} if name else {}


def _nowhere(about: str, report: Report) -> Json:
    """Return a place for what has none, since GitHub refuses a result without: its subject."""
    subject = report.subject.partition("@")[0] or report.step
    physical = {"artifactLocation": {"uri": uri_path(subject)}, "region": {"startLine": 1}}
    return {"physicalLocation": physical} | _logical(about)


def _suppression(why: Suppression, locations: tuple[Location, ...]) -> Json:
    inside = bool(locations) and why.source.startswith(locations[0].path)
    told = (why.reason, why.owner and f"by {why.owner}", why.expires and f"until {why.expires}")
    text = ", ".join(terminal(part) for part in told if part)
    kind = "inSource" if inside else "external"
    return {"kind": kind, "status": "accepted", "justification": text or "no reason given"}


def _invocation(report: Report, left_out: int, cut: str) -> Json:
    notices = [
        _notification(reason)
        for answer in (Answer.NO, Answer.CANNOT_TELL, Answer.YES)
        for reason in reasons_of(report, answer)
    ]
    if cut:
        notices.insert(0, {"level": "warning", "message": {"text": cut}})
    if left_out:
        text = f"{left_out} results, the least severe, are left out of this file"
        notices.insert(0, {"level": "warning", "message": {"text": text}})
    if mark := replay_mark(report):
        notices.insert(0, {"level": "warning", "message": {"text": mark}})
    told = bool(reasons_of(report, Answer.CANNOT_TELL))
    return {"executionSuccessful": not told, "toolExecutionNotifications": notices}


_NOTIFICATION = {Answer.NO: "error", Answer.CANNOT_TELL: "error", Answer.YES: "note"}


def _notification(reason: Reason) -> Json:
    text = f"{answer_words(reason.answer)}: {_sentence(reason.what, reason.remedy)}"
    written: Json = {"level": _NOTIFICATION[reason.answer], "message": {"text": text}}
    return written | ({"locations": [_location(reason.where, "")]} if reason.where else {})


def _rules(report: Report, results: list[_Result]) -> list[Json]:
    """Return the rules of the results and then the others, each once."""
    known = {_id(rule.id): rule for rule in report.rules}
    found: dict[str, list[_Result]] = {}
    for result in results:
        found.setdefault(_id(result.rule), []).append(result)
    names = dict.fromkeys([*found, *known])
    return [
        _rule(name, known.get(name), found.get(name, []), report) for name in [*names][:MOST_RULES]
    ]


def _found(report: Report, results: list[_Result]) -> tuple[Rule, ...]:
    names = {_id(result.rule) for result in results}
    return tuple(rule for rule in report.rules if _id(rule.id) in names)


def _rule(name: str, rule: Rule | None, results: list[_Result], report: Report) -> Json:
    severity = max((result.severity for result in results), key=_rank, default=None)
    severity = severity or (rule.severity if rule else Severity.UNKNOWN)
    title = _plain(rule.title if rule else "") or name
    why, instead = (rule.why, rule.instead) if rule else ("", "")
    written: Json = {
        "id": name,
        "shortDescription": {"text": title[:LONGEST_DESCRIPTION]},
        "fullDescription": {"text": (_plain(why) or title)[:LONGEST_DESCRIPTION]},
        "help": _help(title, why, instead, rule.sources if rule else ()),
        "defaultConfiguration": {"level": _LEVEL[severity]},
        "properties": {"tags": _tags(rule, results, report)[:MOST_TAGS]},
    }
    if "security" in written["properties"]["tags"] and (score := _score(severity, results)):
        written["properties"]["security-severity"] = score
    if page := next(filter(None, map(web_uri, rule.sources if rule else ())), ""):
        written["helpUri"] = page
    return written


def _help(title: str, why: str, instead: str, sources: tuple[str, ...]) -> Json:
    parts = [part for part in (why, instead, *sources) if part]
    text = "\n\n".join(sound(part) for part in parts) or title
    return {"text": text, "markdown": text} if parts else {"text": text}


def _tags(rule: Rule | None, results: list[_Result], report: Report) -> list[str]:
    """Return the tags; what is about a package, or a scan's, is a matter of security."""
    tags = [rule.domain or report.step] if rule else [report.step]
    if tags == ["scan"] or any(result.about.startswith("pkg:") for result in results):
        tags.append("security")
    return tags


def _rank(severity: Severity) -> int:
    return severity.rank


def _score(severity: Severity, results: list[_Result]) -> str:
    """Return the score that the results name themselves, else the middle of their severity.

    One that GitHub reads as another severity is not told: it is often another vendor's word.
    """
    named = (result.properties.get("security-severity", "") for result in results)
    return next((s for s in named if _read_as(s) is severity), _SCORE.get(severity, ""))


def _read_as(score: str) -> Severity | None:
    """Return the severity that GitHub reads in a score; None where it is none."""
    try:
        number = float(score)
    except ValueError:
        return None
    return next((severity for severity, over in _OVER.items() if over < number <= 10), None)


def _id(rule: str) -> str:
    return terminal(rule).strip()[:LONGEST_NAME] or "unnamed"


FORMAT = Format(name="sarif", render=render)
