"""GitLab Code Quality: findings in a merge request.

The format: docs.gitlab.com, "Code Quality", "Code Quality report format".
"""

import posixpath
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from cdkit.core.escape import terminal
from cdkit.core.finding import Finding, Location, Severity, fingerprint
from cdkit.core.verdict import Answer, Reason
from cdkit.report.json_text import json_text
from cdkit.report.report import (
    Format,
    Report,
    answer_words,
    decisive,
    place,
    reasons_of,
    remedies,
    replay_mark,
    unsaid,
    worst_first,
)

_SEVERITY = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.UNKNOWN: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}


class _Lines(Struct, frozen=True, kw_only=True):
    begin: int


class _Place(Struct, frozen=True, kw_only=True):
    path: str
    lines: _Lines


class _Issue(Struct, frozen=True, kw_only=True):
    description: str
    check_name: str
    fingerprint: str
    severity: str
    location: _Place


def render(report: Report) -> str:
    """Return the array that GitLab reads: UTF-8 without a byte-order mark, relative paths.

    GitLab shows two issues of one fingerprint once, so a repeated fingerprint is changed. A reason
    for no or cannot tell that no finding tells is a blocker, at the step's name where it has no
    place: an empty array reads as a pass. Suppressed findings are not issues.
    """
    return json_text(tuple(_distinct(_issues(report))))


def _issues(report: Report) -> Iterator[_Issue]:
    mark = f"[{replay_mark(report)}] " if report.replay else ""
    if mark:
        yield _issue(report, "replay", "info", replay_mark(report), None)
    for reason in (*unsaid(report), *reasons_of(report, Answer.CANNOT_TELL)):
        yield _of_reason(report, reason, mark)
    remedy, decides = remedies(report), decisive(report)
    for finding in worst_first(report.open_findings):
        what = mark + _text(finding.message, remedy(finding))
        severity = _severity(finding, decides(finding))
        yield _issue(report, finding.rule, severity, what, place(finding), finding.fingerprint)


def _severity(finding: Finding, decides: bool) -> str:  # noqa: FBT001 - one caller
    """Return GitLab's word; what decided a no is critical at least, whatever harm it does."""
    told = _SEVERITY[finding.severity]
    return "critical" if decides and told != "blocker" else told


def _of_reason(report: Report, reason: Reason, mark: str) -> _Issue:
    what = f"{mark}{answer_words(reason.answer)}: {_text(reason.what, reason.remedy)}"
    check = reason.rule or f"{report.step}/{reason.answer.value}"
    return _issue(report, check, "blocker", what, reason.where)


def _text(what: str, remedy: str) -> str:
    return f"{what} — what to do: {remedy}" if remedy else what


def _issue(
    report: Report, check: str, severity: str, what: str, where: Location | None, name: str = ""
) -> _Issue:
    path = terminal(_relative(where.path) if where else report.step)
    return _Issue(
        description=terminal(what).strip() or terminal(check),
        check_name=terminal(check),
        fingerprint=name or fingerprint(report.step, check, what, path),
        severity=severity,
        location=_Place(path=path, lines=_Lines(begin=max(where.line, 1) if where else 1)),
    )


def _relative(path: str) -> str:
    """Return a path as GitLab wants it: relative to the repository, without `./`."""
    return posixpath.normpath(path.lstrip("/") or ".")


def _distinct(issues: Iterator[_Issue]) -> Iterator[_Issue]:
    seen: dict[str, int] = {}
    for issue in issues:
        count = seen[issue.fingerprint] = seen.get(issue.fingerprint, 0) + 1
        if count == 1:
            yield issue
        else:
            yield replace(issue, fingerprint=fingerprint(issue.fingerprint, str(count)))


FORMAT = Format(name="codequality", render=render)
