"""HTML: a report as a page of its own, without script or network, to keep as an artifact."""

from collections.abc import Iterator, Sequence

from cdkit.core.escape import log_lines, terminal_lines
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
from cdkit.report.web.frame import meta
from cdkit.report.web.markup import (
    NOTHING,
    Markup,
    disclosure,
    element,
    joined,
    link,
    section,
    table,
)
from cdkit.report.web.pieces import verdict

_ORDER = (Answer.NO, Answer.CANNOT_TELL, Answer.YES)
_WAYS = 50


def render(report: Report) -> str:
    """Return the report as one HTML document; foreign text is text in it, never markup."""
    words = answer_words(report.verdict.answer)
    shown = [(title, body) for title, body in _sections(report) if body]
    mark = replay_mark(report)
    page = element(
        "div",
        element(
            "header",
            element("p", report.step, class_="eyebrow"),
            element("h1", report.question or report.step),
            element("p", verdict(report.verdict.answer), " ", report.headline, class_="digest"),
            class_="top",
        ),
        element(
            "main",
            element("p", mark, class_="badge warn") if mark else NOTHING,
            *(section(f"part-{n}", title, body) for n, (title, body) in enumerate(shown, start=1)),
        ),
        element("footer", *_footer(report)),
        class_="page",
    )
    head = element("head", *meta(f"{report.step}: {words}"))
    text = f"<!doctype html>\n{element('html', head, element('body', page), lang='en')}"
    return log_lines(text.split("\n"))


def _sections(report: Report) -> Iterator[tuple[str, Markup]]:
    yield from ((one.heading, _table(one)) for one in report.tables if one.ahead)
    yield "Why", _reasons(report)
    yield "What was found", _findings(report)
    yield "What to do instead", _ways(report)
    yield from ((one.heading, _table(one)) for one in report.tables if not one.ahead)
    yield "Suppressed", _suppressed(report)
    notes = [element("li", note) for note in report.notes]
    yield "Notes", element("ul", *notes) if notes else NOTHING


def _reasons(report: Report) -> Markup:
    rows = [_reason(one) for answer in _ORDER for one in reasons_of(report, answer)]
    return _rows(("answer", "why", "where", "what to do"), rows, "Reasons") if rows else NOTHING


def _reason(reason: Reason) -> Sequence[str]:
    where = element("code", str(reason.where)) if reason.where else ""
    return (verdict(reason.answer), reason.what, where, reason.remedy)


def _findings(report: Report) -> Markup:
    remedy = remedies(report)
    rows = [
        (
            one.severity.value,
            element("code", str(place(one) or "")),
            element("code", one.rule),
            one.message,
            remedy(one),
        )
        for one in worst_first(report.open_findings)
    ]
    columns = ("severity", "where", "rule", "what", "what to do")
    return _rows(columns, rows, f"{len(rows)} findings") if rows else NOTHING


def _ways(report: Report) -> Markup:
    """Return what can be pasted instead, each text once, the worst finding's first."""
    found: dict[str, str] = {}
    for one in worst_first(report.open_findings):
        if one.fix and one.fix.replacement:
            found.setdefault(one.fix.replacement, f"{place(one) or ''} {one.rule}".strip())
    shown = [
        disclosure(where, element("pre", element("code", *_lines(text))))
        for text, where in list(found.items())[:_WAYS]
    ]
    more = len(found) - len(shown)
    return joined([*shown, element("p", f"and {more} more") if more else NOTHING])


def _lines(text: str) -> Iterator[str]:
    for line in terminal_lines(text):
        yield line
        yield Markup("\n")


def _table(table: Table) -> Markup:
    return _rows(table.columns, table.rows, table.heading)


def _suppressed(report: Report) -> Markup:
    rows = [
        (
            element("code", one.rule),
            element("code", str(place(one) or "")),
            *((why.reason, why.owner, why.expires) if (why := one.suppressed) else ("", "", "")),
        )
        for one in report.suppressed_findings
    ]
    columns = ("rule", "where", "reason", "owner", "until")
    return _rows(columns, rows, f"{len(rows)} suppressed") if rows else NOTHING


def _rows(columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> Markup:
    """Return a table, each row as wide as the first."""
    width = len(columns)
    return table(caption, columns, ([*row, *[""] * (width - len(row))][:width] for row in rows))


def _footer(report: Report) -> Iterator[str]:
    if report.subject:
        yield joined(["Subject: ", element("code", report.subject), ". "])
    if report.record:
        yield joined(["Record: ", element("code", report.record), ". "])
    if report.context.url:
        yield joined([link("The run", report.context.url), ". "])
    yield f"Made by {report.tool}."


FORMAT = Format(name="html", render=render)
