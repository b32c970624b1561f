"""Annotations: what a CI system shows beside the code or above the log, worst first, and few.

GitHub's runner and Azure's agent keep ten of each kind a step, and drop the others without a word
(actions/runner, `_maxCountPerIssueType`; microsoft/azure-pipelines-agent, `_maxIssueCount`).
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from cdkit.core.escape import log_line, terminal, terminal_lines
from cdkit.core.finding import Finding, Location, Severity
from cdkit.core.verdict import Answer, Reason
from cdkit.report.report import (
    Report,
    answer_words,
    counts,
    decisive,
    place,
    reasons_of,
    remedies,
    replay_mark,
    unsaid,
    worst_first,
)

MOST_OF_A_KIND = 10

Level = Literal["error", "warning", "notice"]
LEVELS: tuple[Level, ...] = ("error", "warning", "notice")
_OF_SEVERITY: dict[Severity, Level] = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.UNKNOWN: "warning",
}


class Annotation(Struct, frozen=True, kw_only=True):
    """One annotation; the text is foreign still, and wants the escaping of its system."""

    level: Level
    title: str
    message: str
    where: Location | None = None


def sorted_out(reports: Sequence[Report]) -> tuple[list[Annotation], list[str]]:
    """Return the annotations of several reports that share one step, and the rest as plain lines.

    Where there are more than a system keeps, the last of a kind counts the rest.
    """
    wanted = [annotation for report in reports for annotation in annotations_of(report)]
    shown: list[Annotation] = []
    rest: list[str] = []
    for level in LEVELS:
        kind = [annotation for annotation in wanted if annotation.level == level]
        kept, left = _kept(kind)
        shown += kept
        rest += [plain(annotation) for annotation in left]
    return shown, rest


def _kept(kind: list[Annotation]) -> tuple[list[Annotation], list[Annotation]]:
    if len(kind) <= MOST_OF_A_KIND:
        return kind, []
    kept, left = kind[: MOST_OF_A_KIND - 1], kind[MOST_OF_A_KIND - 1 :]
    more = Annotation(
        level=kind[0].level,
        title=kind[0].title.partition(": ")[0],
        message=f"{len(left)} more of this kind: see the step's log and the summary of the job",
    )
    return [*kept, more], left


def annotations_of(report: Report) -> Iterator[Annotation]:
    """Yield what decides first: reasons for no and for cannot tell, then findings, worst first."""
    if mark := replay_mark(report):
        yield Annotation(level="notice", title=title_of(report), message=terminal(mark))
    for reason in (*unsaid(report), *reasons_of(report, Answer.CANNOT_TELL)):
        yield _of_reason(report, reason)
    remedy, decides = remedies(report), decisive(report)
    found = worst_first(report.open_findings)
    for finding in sorted(found, key=lambda finding: not decides(finding)):
        level = "error" if decides(finding) else _level(report, finding)
        yield _of_finding(report, finding, level, remedy(finding))


def _of_reason(report: Report, reason: Reason) -> Annotation:
    words = "wrong request" if report.is_refused else answer_words(reason.answer)
    return Annotation(
        level="error",
        title=f"{title_of(report)}: {words}",
        message=_parts(reason.what, reason.remedy),
        where=reason.where,
    )


def _of_finding(report: Report, finding: Finding, level: Level, remedy: str) -> Annotation:
    return Annotation(
        level=level,
        title=f"{title_of(report)}: {finding.rule}",
        message=_parts(finding.message, remedy),
        where=place(finding),
    )


def _level(report: Report, finding: Finding) -> Level:
    """Return how loud a finding is that did not decide.

    Under a yes nothing is an error, and nothing that the step says did not count.
    """
    level = _OF_SEVERITY.get(finding.severity, "notice")
    quiet = report.verdict.is_yes or not counts(finding)
    return "warning" if level == "error" and quiet else level


def title_of(report: Report) -> str:
    """Return the name that a report's annotations go by."""
    return f"{report.step} (replay)" if report.replay else report.step


def _parts(what: str, remedy: str) -> str:
    text = f"{what}\nWhat to do: {remedy}" if remedy else what
    return "\n".join(terminal_lines(text))


def cut(text: str, limit: int) -> str:
    """Cut text at so many UTF-16 units, as .NET counts the length of a string."""
    data = text.encode("utf-16-le", "surrogatepass")
    if len(data) <= 2 * limit:
        return text
    return data[: 2 * (limit - 1)].decode("utf-16-le", "ignore") + "…"


def plain(annotation: Annotation) -> str:
    """Return an annotation as a line of the log that is no command."""
    where = f"{terminal(str(annotation.where))}: " if annotation.where else ""
    return log_line(f"{terminal(annotation.title)}: {where}{terminal(annotation.message)}")
