"""GitHub annotations: what stands beside the code in a pull request, in ten lines of each kind.

The runner cuts a message at 4,096 characters.
"""

from collections.abc import Iterator, Sequence

from cdkit.core.escape import command_data, command_property, terminal
from cdkit.core.finding import Location
from cdkit.core.verdict import Answer
from cdkit.report.annotation import Annotation, cut, sorted_out, title_of
from cdkit.report.report import Format, Report, reasons_of

LONGEST = 4096


def render(report: Report) -> str:
    """Return the workflow commands that annotate one step's report."""
    return annotate((report,))


def annotate(reports: Sequence[Report]) -> str:
    """Return the workflow commands for several reports that share one step of a workflow.

    Worst first; what GitHub would not keep follows as a folded part of the log. Reasons for "yes"
    are debug messages: GitHub shows them when somebody runs the job again with debug logging.
    """
    shown, rest = sorted_out(reports)
    lines = [_command(annotation) for annotation in shown]
    lines += [line for report in reports for line in _reasons_for_yes(report)]
    if rest:
        titles = ", ".join(title_of(report) for report in reports)
        folded = command_data(terminal(f"{titles}: {len(rest)} not annotated"))
        lines += [f"::group::{folded}", *rest, "::endgroup::"]
    return "".join(f"{line}\n" for line in lines)


def _command(annotation: Annotation) -> str:
    properties = [*_place(annotation.where), ("title", terminal(annotation.title))]
    message = cut(annotation.message.strip() or annotation.title, LONGEST)
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


def _reasons_for_yes(report: Report) -> Iterator[str]:
    for reason in reasons_of(report, Answer.YES):
        yield f"::debug::{command_data(terminal(f'{title_of(report)}: yes: {reason.what}'))}"


FORMAT = Format(name="github", render=render, annotate=annotate)
