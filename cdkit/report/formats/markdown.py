"""Markdown: the summary of a job, which a person reads in ten seconds."""

import re
from collections.abc import Iterable, Iterator, Sequence

from cdkit.core.escape import (
    log_line,
    markdown,
    markdown_code,
    markdown_link,
    sound,
    terminal_lines,
)
from cdkit.core.finding import Finding, Suppression
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
    worst_first,
)

SHOWN_AT_ONCE = 30
WAYS_SHOWN = 20
_SIGN = {Answer.YES: "✅", Answer.NO: "❌", Answer.CANNOT_TELL: "❓"}


def render(report: Report) -> str:
    """Return the report as GitHub-flavoured Markdown: the verdict, why, then what was found.

    All foreign text is inert in it: no markup, HTML, link, mention or issue reference of its own.
    """
    return sound("\n\n".join(block for block in _blocks(report) if block) + "\n")


def cut(text: str, limit: int = 1_000_000) -> str:
    """Return text that holds at most `limit` bytes of UTF-8, cut at the end of a line.

    What was left out is counted in a last line. GitHub drops a job summary of more than 1 MiB
    whole (1,048,576 bytes, docs.github.com, workflow commands).
    """
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return text
    lines = data.splitlines(keepends=True)
    kept, size = 0, len(_left_out(len(lines), len(data)))
    while kept < len(lines) and size + len(lines[kept]) <= limit:
        size += len(lines[kept])
        kept += 1
    left = lines[kept:]
    whole = b"".join(lines[:kept]) + _left_out(len(left), sum(map(len, left)))
    return whole.decode("utf-8", "replace")


def _left_out(lines: int, size: int) -> bytes:
    return f"\n\n**Cut here: {lines} lines ({size} bytes) are left out.**\n".encode()


def _blocks(report: Report) -> Iterator[str]:
    answer = report.verdict.answer
    if mark := replay_mark(report):
        yield f"> [!CAUTION]\n> **{markdown(mark)}**"
    counts = f" — {markdown(report.headline)}" if report.headline else ""
    yield f"## {_SIGN[answer]} {markdown(report.step)}: {answer_words(answer)}{counts}"
    if report.question:
        yield f"_{markdown(report.question)}_"
    ahead = [table for table in report.tables if table.ahead]
    notes = "\n".join(f"- {markdown(note)}" for note in report.notes)
    yield from (_shown(table) for table in ahead)
    yield notes if ahead else ""
    yield _reasons(report)
    yield from _findings(report)
    yield _ways(report)
    yield from (_shown(table) for table in report.tables if not table.ahead)
    yield "" if ahead else notes
    yield _suppressed(report)
    yield _footer(report)


def _reasons(report: Report) -> str:
    rows = [
        _reason(reason)
        for answer in (Answer.NO, Answer.CANNOT_TELL, Answer.YES)
        for reason in reasons_of(report, answer)
    ]
    return _table("", ("Answer", "Why", "Where", "What to do"), rows) if rows else ""


def _reason(reason: Reason) -> Sequence[str]:
    answer = f"{_SIGN[reason.answer]} {answer_words(reason.answer)}"
    where = markdown_code(str(reason.where)) if reason.where else ""
    return (answer, markdown(reason.what), where, markdown(reason.remedy))


def _findings(report: Report) -> Iterator[str]:
    remedy = remedies(report)
    rows = [_finding(finding, remedy(finding)) for finding in worst_first(report.open_findings)]
    if not rows:
        return
    columns = ("Severity", "Where", "Rule", "What", "What to do")
    heading = f"{len(rows)} finding{'s' if len(rows) > 1 else ''}"
    yield _table(heading, columns, rows[:SHOWN_AT_ONCE])
    if more := rows[SHOWN_AT_ONCE:]:
        yield f"<details><summary>{len(more)} more</summary>"
        yield _table("", columns, more)
        yield "</details>"


def _ways(report: Report) -> str:
    """Show what can be pasted instead, folded: each text once, the worst finding's first."""
    found: dict[str, Finding] = {}
    for finding in worst_first(report.open_findings):
        if finding.fix and finding.fix.replacement:
            found.setdefault(finding.fix.replacement, finding)
    if not found:
        return ""
    shown = [_way(finding, text) for text, finding in [*found.items()][:WAYS_SHOWN]]
    more = f"\n\nand {len(found) - WAYS_SHOWN} more" if len(found) > WAYS_SHOWN else ""
    body = "\n\n".join(shown)
    return f"<details><summary>What to do instead, to paste</summary>\n\n{body}{more}\n\n</details>"


def _way(finding: Finding, text: str) -> str:
    """Return a text in a fence that nothing in it can close."""
    lines = terminal_lines(text)
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    where = markdown_code(str(place(finding) or finding.rule))
    shown = [log_line(line) for line in lines]
    return "\n".join([f"{where} {markdown_code(finding.rule)}", "", fence, *shown, fence])


def _finding(finding: Finding, remedy: str) -> Sequence[str]:
    where = markdown_code(str(place(finding) or ""))
    more = f" and {len(finding.locations) - 1} more" if len(finding.locations) > 1 else ""
    return (
        finding.severity.value,
        f"{where}{more}",
        markdown_code(finding.rule),
        markdown(finding.message),
        markdown(remedy),
    )


def _table(heading: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown already, each row as wide as the first."""
    lines = [f"### {markdown(heading)}\n"] if heading else []
    lines += [_row([markdown(name) for name in columns]), _row(["---"] * len(columns))]
    lines += [_row([*row, *[""] * (len(columns) - len(row))][: len(columns)]) for row in rows]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _shown(table: Table) -> str:
    return _table(table.heading, table.columns, _cells(table))


def _cells(table: Table) -> list[list[str]]:
    return [[markdown(cell) for cell in row] for row in table.rows]


def _suppressed(report: Report) -> str:
    if not (found := report.suppressed_findings):
        return ""
    rows = [_suppressed_row(finding, finding.suppressed) for finding in found]
    columns = ("Rule", "Where", "Reason", "Owner", "Until")
    table = _table("", columns, rows)
    return f"<details><summary>{len(found)} suppressed</summary>\n\n{table}\n\n</details>"


def _suppressed_row(finding: Finding, why: Suppression | None) -> Sequence[str]:
    told = (why.reason, why.owner, why.expires) if why else ("", "", "")
    where = markdown_code(str(place(finding) or ""))
    return (markdown_code(finding.rule), where, *(markdown(text) for text in told))


def _footer(report: Report) -> str:
    parts = []
    if report.subject:
        parts.append(f"Subject: {markdown_code(report.subject)}")
    if report.record:
        parts.append(f"Record: {markdown_code(report.record)}")
    if report.context.url:
        parts.append(markdown_link("Run", report.context.url))
    return " · ".join(parts)


FORMAT = Format(name="markdown", render=render)
