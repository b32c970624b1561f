"""Azure Pipelines issues: errors and warnings that stand above the run's log.

Logging command `task.logissue` (learn.microsoft.com, "Logging commands"): it knows errors and
warnings; a notice stays a line of the log. A column is only taken with a line.
"""

from collections.abc import Iterator, Sequence

from cdkit.core.escape import azure_data, azure_property, log_line, terminal
from cdkit.core.finding import Location
from cdkit.core.verdict import Answer
from cdkit.report.annotation import Annotation, cut, plain, sorted_out, title_of
from cdkit.report.report import Format, Report, reasons_of

LONGEST = 4096
"""Longest message in UTF-16 units; the log is for people, and a longer one is in the record."""


def render(report: Report) -> str:
    """Return the logging commands that annotate one step's report."""
    return annotate((report,))


def annotate(reports: Sequence[Report]) -> str:
    """Return the logging commands for several reports that share one task of a job.

    Worst first; what the agent would not keep follows as a group of log lines. Reasons for "yes"
    are debug lines.
    """
    shown, rest = sorted_out(reports)
    lines = [
        plain(annotation) if annotation.level == "notice" else _command(annotation)
        for annotation in shown
    ]
    lines += [line for report in reports for line in _reasons_for_yes(report)]
    if rest:
        titles = ", ".join(title_of(report) for report in reports)
        folded = log_line(terminal(f"{titles}: {len(rest)} not annotated"))
        lines += [f"##[group]{folded}", *rest, "##[endgroup]"]
    return "".join(f"{line}\n" for line in lines)


def _command(annotation: Annotation) -> str:
    properties = [("type", annotation.level), *_place(annotation.where)]
    shown = "".join(f"{key}={azure_property(value)};" for key, value in properties)
    message = f"{terminal(annotation.title)}: {annotation.message.strip()}"
    return f"##vso[task.logissue {shown}]{azure_data(log_line(cut(message, LONGEST)))}"


def _place(where: Location | None) -> Iterator[tuple[str, str]]:
    if where is None:
        return
    yield "sourcepath", log_line(terminal(where.path))
    if where.line:
        yield "linenumber", str(where.line)
    if where.line and where.column:
        yield "columnnumber", str(where.column)


def _reasons_for_yes(report: Report) -> Iterator[str]:
    for reason in reasons_of(report, Answer.YES):
        yield f"##[debug]{log_line(terminal(f'{title_of(report)}: yes: {reason.what}'))}"


FORMAT = Format(name="azure", render=render, annotate=annotate)
