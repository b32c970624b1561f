"""HTML: a report as a page of its own, without script or network, to keep as an artifact."""

from collections.abc import Iterator, Sequence

from cdkit.core.escape import log_line
from cdkit.core.step import Table
from cdkit.core.verdict import Answer, Reason
from cdkit.report.markup import Child, Markup, joined, lines, link, tag
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
from cdkit.report.style import STYLE

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What a page may do: nothing but look as it does."""

_ORDER = (Answer.NO, Answer.CANNOT_TELL, Answer.YES)
_WAYS = 50


def render(report: Report) -> str:
    """Return the report as one HTML document; foreign text is text in it, never markup."""
    words = answer_words(report.verdict.answer)
    sections = [(title, body) for title, body in _sections(report) if body]
    body = tag(
        "body",
        tag(
            "header",
            tag("p", report.step, class_="eyebrow"),
            tag("h1", report.question or report.step),
            tag("p", _badge(report.verdict.answer), " ", report.headline),
        ),
        tag(
            "main",
            tag("p", mark, class_="warning") if (mark := replay_mark(report)) else None,
            *(_section(n, title, body) for n, (title, body) in enumerate(sections, start=1)),
        ),
        tag("footer", *_footer(report)),
    )
    head = document_head(f"{report.step}: {words}")
    text = f"<!doctype html>\n{tag('html', head, body, lang='en')}"
    return "".join(f"{log_line(line)}\n" for line in text.split("\n"))


def document_head(title: str) -> Markup:
    """Return the head of a page: its title, its looks, and that it may fetch nothing."""
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Markup(STYLE)),
    )


def _sections(report: Report) -> Iterator[tuple[str, Markup | None]]:
    yield from ((table.heading, _table(table)) for table in report.tables if table.ahead)
    yield "Why", _reasons(report)
    yield "What was found", _findings(report)
    yield "What to do instead", _ways(report)
    yield from ((table.heading, _table(table)) for table in report.tables if not table.ahead)
    yield "Suppressed", _suppressed(report)
    notes = [tag("li", note) for note in report.notes]
    yield "Notes", tag("ul", *notes, class_="reasons") if notes else None


def _section(number: int, title: str, body: Markup | None) -> Markup:
    name = f"section-{number}"
    return tag("section", tag("h2", title, id=name), body, aria_labelledby=name)


def _badge(answer: Answer) -> Markup:
    return tag("span", answer_words(answer), class_=f"badge {answer.value}")


def _reasons(report: Report) -> Markup | None:
    rows = [_reason(one) for answer in _ORDER for one in reasons_of(report, answer)]
    return _rows(("answer", "why", "where", "what to do"), rows, "Reasons") if rows else None


def _reason(reason: Reason) -> Sequence[Child]:
    where = tag("code", str(reason.where)) if reason.where else None
    return (_badge(reason.answer), reason.what, where, reason.remedy)


def _findings(report: Report) -> Markup | None:
    remedy = remedies(report)
    rows = [
        (
            one.severity.value,
            tag("code", str(place(one) or "")),
            tag("code", one.rule),
            one.message,
            remedy(one),
        )
        for one in worst_first(report.open_findings)
    ]
    columns = ("severity", "where", "rule", "what", "what to do")
    return _rows(columns, rows, f"{len(rows)} findings") if rows else None


def _ways(report: Report) -> Markup | None:
    """Return what can be pasted instead, each text once, the worst finding's first."""
    found: dict[str, str] = {}
    for one in worst_first(report.open_findings):
        if one.fix and one.fix.replacement:
            found.setdefault(one.fix.replacement, f"{place(one) or ''} {one.rule}".strip())
    if not found:
        return None
    shown = [
        joined(tag("p", tag("code", where)), tag("pre", tag("code", lines(text))))
        for text, where in list(found.items())[:_WAYS]
    ]
    more = len(found) - len(shown)
    return joined(*shown, tag("p", f"and {more} more") if more else None)


def _table(table: Table) -> Markup:
    return _rows(table.columns, table.rows, table.heading)


def _suppressed(report: Report) -> Markup | None:
    rows = [
        (
            tag("code", one.rule),
            tag("code", str(place(one) or "")),
            why.reason if (why := one.suppressed) else "",
            why.owner if why else "",
            why.expires if why else "",
        )
        for one in report.suppressed_findings
    ]
    columns = ("rule", "where", "reason", "owner", "until")
    return _rows(columns, rows, f"{len(rows)} suppressed") if rows else None


def _rows(columns: Sequence[str], rows: Sequence[Sequence[Child]], caption: str) -> Markup:
    """Return a table, each row as wide as the first; it can be scrolled by the keyboard."""
    width = len(columns)
    body = [
        tag("tr", *(tag("td", cell) for cell in [*row, *[""] * (width - len(row))][:width]))
        for row in rows
    ]
    head = tag("tr", *(tag("th", name, scope="col") for name in columns))
    whole = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body))
    return tag("div", whole, class_="wide", tabindex="0", role="group", aria_label=caption)


def _footer(report: Report) -> Iterator[Child]:
    if report.subject:
        yield joined("Subject: ", tag("code", report.subject), ". ")
    if report.record:
        yield joined("Record: ", tag("code", report.record), ". ")
    if report.context.url:
        yield joined(link(report.context.url, "The run"), ". ")
    yield f"Made by {report.tool}."


FORMAT = Format(name="html", render=render)
