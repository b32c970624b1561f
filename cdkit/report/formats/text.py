"""Text: what a person reads in a terminal or a log, worst first."""

from collections.abc import Iterable, Iterator

from cdkit.core.escape import log_lines, terminal
from cdkit.core.finding import Finding, Severity
from cdkit.core.step import Table
from cdkit.core.verdict import Answer, Reason
from cdkit.report.report import (
    Format,
    Report,
    answer_words,
    place,
    reasons_of,
    remedies,
    replay_mark,
    unsaid,
    worst_first,
)

_BOLD, _DIM, _RED, _GREEN, _YELLOW, _BLUE = "1", "2", "31", "32", "33", "34"
_OF_ANSWER = {Answer.YES: _GREEN, Answer.NO: _RED, Answer.CANNOT_TELL: _YELLOW}
_OF_SEVERITY = {
    Severity.CRITICAL: _RED,
    Severity.HIGH: _RED,
    Severity.MEDIUM: _YELLOW,
    Severity.UNKNOWN: _YELLOW,
}


def render(report: Report) -> str:
    """Return the report as plain text; with ANSI colours where the report asks for them.

    Foreign text is stripped of control characters, and no line is one that a CI system obeys.
    """
    return log_lines(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    if mark := replay_mark(report):
        yield _painted(report, _YELLOW, terminal(mark))
    answer = report.verdict.answer
    verdict = _painted(report, f"{_BOLD};{_OF_ANSWER[answer]}", answer_words(answer))
    asked = f"  ({terminal(report.question)})" if report.question else ""
    counts = f": {terminal(report.headline)}" if report.headline else ""
    yield f"{terminal(report.step)}: {verdict}{counts}{asked}"
    yield from _findings(report)
    yield from _reasons(report, Answer.NO, unsaid(report))
    yield from _reasons(report, Answer.CANNOT_TELL, reasons_of(report, Answer.CANNOT_TELL))
    yield from _reasons(report, Answer.YES, reasons_of(report, Answer.YES))
    yield from _suppressed(report)
    for table in report.tables:
        yield from _table(report, table)
    yield from (f"note: {terminal(note)}" for note in report.notes)
    yield from _footer(report)


def _painted(report: Report, code: str, text: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if report.colour else text


def _findings(report: Report) -> Iterator[str]:
    """Group the open findings by file, the file with the worst one first, by line within it."""
    groups: dict[str, list[Finding]] = {}
    remedy = remedies(report)
    for finding in worst_first(report.open_findings):
        where = place(finding)
        groups.setdefault(where.path if where else "", []).append(finding)
    for path, found in groups.items():
        yield _painted(report, _BOLD, terminal(path) or "findings without a place")
        for finding in sorted(found, key=_position):
            yield from _finding(report, finding, remedy(finding))


def _position(finding: Finding) -> tuple[int, int]:
    where = place(finding)
    return (where.line, where.column) if where else (0, 0)


def _finding(report: Report, finding: Finding, remedy: str) -> Iterator[str]:
    where, severity = place(finding), finding.severity
    line = f"  {where}: " if where else "  "
    line += f"{severity}: {finding.message} [{finding.rule}]"
    if report.colour or not (line.isascii() and line.isprintable()):
        word = _painted(report, _OF_SEVERITY.get(severity, _BLUE), severity.value)
        rule = _painted(report, _DIM, f"[{terminal(finding.rule)}]")
        line = f"  {_where(finding)}{word}: {terminal(finding.message)} {rule}"
    yield line
    if len(finding.locations) > 1:
        yield from (f"      also at {terminal(str(other))}" for other in finding.locations[1:4])
    if len(finding.locations) > 4:
        yield f"      and in {len(finding.locations) - 4} more places"
    if remedy:
        yield _what_to_do(remedy)
    if finding.fix and finding.fix.replacement:
        yield _indented(finding.fix.replacement)


def _indented(text: str) -> str:
    """Return lines to paste, each behind a bar; an empty text for none."""
    lines = text.splitlines()
    if "".join(lines).isprintable() and text.isascii():  # then each line is, as `terminal` asks
        return "".join(["      | ", "\n      | ".join(lines)])
    return "\n".join([f"      | {terminal(line)}" for line in lines])


def _where(finding: Finding) -> str:
    """Return the finding's whole first place, which terminals and editors make clickable."""
    where = place(finding)
    return f"{terminal(str(where))}: " if where else ""


def _what_to_do(remedy: str) -> str:
    return f"      what to do: {terminal(remedy)}"


def _reasons(report: Report, answer: Answer, reasons: Iterable[Reason]) -> Iterator[str]:
    word = _painted(report, _OF_ANSWER[answer], answer_words(answer))
    for reason in reasons:
        where = f"{terminal(str(reason.where))}: " if reason.where else ""
        rule = f" [{terminal(reason.rule)}]" if reason.rule else ""
        yield f"{word}: {where}{terminal(reason.what)}{rule}"
        if reason.remedy:
            yield _what_to_do(reason.remedy)


def _suppressed(report: Report) -> Iterator[str]:
    if not (found := report.suppressed_findings):
        return
    yield f"suppressed: {len(found)}"
    for finding in found:
        why = finding.suppressed
        until = f", until {terminal(why.expires)}" if why and why.expires else ""
        owner = f", {terminal(why.owner)}" if why and why.owner else ""
        reason = terminal(why.reason) if why else ""
        yield f"  {_where(finding)}{terminal(finding.rule)} ({reason}{owner}{until})"


def _table(report: Report, table: Table) -> Iterator[str]:
    yield _painted(report, _BOLD, terminal(table.heading))
    rows = [[terminal(cell) for cell in row] for row in (table.columns, *table.rows)]
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(max(map(len, rows)))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        yield f"  {'  '.join(cells)}".rstrip()


def _footer(report: Report) -> Iterator[str]:
    if report.subject:
        yield _painted(report, _DIM, f"subject: {terminal(report.subject)}")
    if report.record:
        yield _painted(report, _DIM, f"record: {terminal(report.record)}")


FORMAT = Format(name="text", render=render)
