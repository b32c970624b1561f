"""GitHub annotations: what stands beside the code in a pull request, in ten lines of each kind.

The runner keeps ten annotations of each kind a step and drops the others without a word
(actions/runner, `_maxCountPerIssueType`), and cuts a message at 4,096 characters.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from cdkit.core.escape import command_data, command_property, log_line, terminal, terminal_lines
from cdkit.core.finding import Finding, Location, Severity
from cdkit.core.verdict import Answer, Reason
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

MOST_OF_A_KIND = 10
LONGEST = 4096

Level = Literal["error", "warning", "notice"]
_LEVELS: tuple[Level, ...] = ("error", "warning", "notice")
_OF_SEVERITY: dict[Severity, Level] = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.UNKNOWN: "warning",
}


class _Annotation(Struct, frozen=True, kw_only=True):
    level: Level
    title: str
    message: str
    where: Location | None = None


def render(report: Report) -> str:
    """Return the workflow commands that annotate one step's report."""
    return annotate((report,))


def annotate(reports: Sequence[Report]) -> str:
    """Return the workflow commands for several reports that share one step of a workflow.

    Worst first; where there are more than GitHub keeps, the last of a kind counts the rest, which
    follows as a folded part of the log. Reasons for "yes" are debug messages: GitHub shows them
    when somebody runs the job again with debug logging.
    """
    wanted = [annotation for report in reports for annotation in _annotations(report)]
    lines: list[str] = []
    rest: list[str] = []
    for level in _LEVELS:
        kind = [annotation for annotation in wanted if annotation.level == level]
        kept, left = _kept(kind)
        lines += [_command(annotation) for annotation in kept]
        rest += [_plain(annotation) for annotation in left]
    lines += [line for report in reports for line in _reasons_for_yes(report)]
    if rest:
        titles = ", ".join(_title(report) for report in reports)
        folded = command_data(terminal(f"{titles}: {len(rest)} not annotated"))
        lines += [f"::group::{folded}", *rest, "::endgroup::"]
    return "".join(f"{line}\n" for line in lines)


def _kept(kind: list[_Annotation]) -> tuple[list[_Annotation], list[_Annotation]]:
    if len(kind) <= MOST_OF_A_KIND:
        return kind, []
    kept, left = kind[: MOST_OF_A_KIND - 1], kind[MOST_OF_A_KIND - 1 :]
    more = _Annotation(
        level=kind[0].level,
        title=kind[0].title.partition(": ")[0],
        message=f"{len(left)} more of this kind: see the step's log and the summary of the job",
    )
    return [*kept, more], left


def _annotations(report: Report) -> Iterator[_Annotation]:
    """Yield what decides first: reasons for no and for cannot tell, then findings, worst first."""
    if mark := replay_mark(report):
        yield _Annotation(level="notice", title=_title(report), message=terminal(mark))
    for reason in (*unsaid(report), *reasons_of(report, Answer.CANNOT_TELL)):
        yield _of_reason(report, reason)
    remedy, decides = remedies(report), decisive(report)
    found = worst_first(report.open_findings)
    for finding in sorted(found, key=lambda finding: not decides(finding)):
        level = "error" if decides(finding) else _level(report, finding)
        yield _of_finding(report, finding, level, remedy(finding))


def _of_reason(report: Report, reason: Reason) -> _Annotation:
    return _Annotation(
        level="error",
        title=f"{_title(report)}: {answer_words(reason.answer)}",
        message=_parts(reason.what, reason.remedy),
        where=reason.where,
    )


def _of_finding(report: Report, finding: Finding, level: Level, remedy: str) -> _Annotation:
    return _Annotation(
        level=level,
        title=f"{_title(report)}: {finding.rule}",
        message=_parts(finding.message, remedy),
        where=place(finding),
    )


def _level(report: Report, finding: Finding) -> Level:
    """Return how loud a finding is that did not decide: under a yes nothing is an error."""
    level = _OF_SEVERITY.get(finding.severity, "notice")
    return "warning" if level == "error" and report.verdict.is_yes else level


def _title(report: Report) -> str:
    return f"{report.step} (replay)" if report.replay else report.step


def _parts(what: str, remedy: str) -> str:
    text = f"{what}\nWhat to do: {remedy}" if remedy else what
    return "\n".join(terminal_lines(text))


def _cut(text: str, limit: int) -> str:
    """Cut text at so many UTF-16 units, as .NET counts the length of a string."""
    data = text.encode("utf-16-le", "surrogatepass")
    if len(data) <= 2 * limit:
        return text
    return data[: 2 * (limit - 1)].decode("utf-16-le", "ignore") + "…"


def _command(annotation: _Annotation) -> str:
    properties = [*_place(annotation.where), ("title", terminal(annotation.title))]
    message = _cut(annotation.message.strip() or annotation.title, LONGEST)
    shown = ",".join(f"{key}={command_property(value)}" for key, value in properties)
    return f"::{annotation.level} {shown}::{command_data(message)}"


def _place(where: Location | None) -> Iterator[tuple[str, str]]:
    """Yield the place; columns only where the end is on the same line, as GitHub wants them."""
    if where is None:
        return
    yield "file", terminal(where.path)
    if not where.line:
        return
    yield "line", str(where.line)
    if where.end_line > where.line:
        yield "endLine", str(where.end_line)
        return
    if where.column:
        yield "col", str(where.column)
    if where.column and where.end_column >= where.column:
        yield "endColumn", str(where.end_column)


def _plain(annotation: _Annotation) -> str:
    where = f"{terminal(str(annotation.where))}: " if annotation.where else ""
    return log_line(f"{terminal(annotation.title)}: {where}{terminal(annotation.message)}")


def _reasons_for_yes(report: Report) -> Iterator[str]:
    for reason in reasons_of(report, Answer.YES):
        yield f"::debug::{command_data(terminal(f'{_title(report)}: yes: {reason.what}'))}"


FORMAT = Format(name="github", render=render)
