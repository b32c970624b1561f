"""Pieces that several sections are made of."""

from collections.abc import Iterable, Sequence

from cdkit.core.documents.kinds import Identity
from cdkit.core.verdict import Answer, Reason
from cdkit.report.markup import Child, Markup, joined, tag

_WORDS = {Answer.YES: "yes", Answer.NO: "no", Answer.CANNOT_TELL: "cannot tell"}
_MOST_REASONS = 50


def badge(answer: Answer, words: str = "") -> Markup:
    """Return an answer, in words and in colour."""
    return tag("span", words or _WORDS[answer], class_=f"badge {answer.value}")


def short(digest: str) -> str:
    """Return the beginning of a digest, enough for people to compare."""
    return digest.rpartition(":")[2][:12]


def commit(found: Identity | None) -> Child:
    """Return the commit that an image was built from, short."""
    if found is None or not found.commit:
        return "not known"
    return tag("code", found.commit[:12])


def day(text: str) -> Markup:
    """Return a time (RFC 3339) as people read it."""
    shown = text[:16].replace("T", " ") + (" UTC" if text.endswith("Z") else text[19:])
    return tag("time", shown, datetime=text, class_="when") if text else joined("at no known time")


def pairs(told: Iterable[tuple[str, Child]]) -> Markup:
    """Return names with what they stand for; those that stand for nothing are left out."""
    items = [tag("dt", name) + tag("dd", value) for name, value in told if value]
    return tag("dl", *map(Markup, items), class_="pairs")


def table(
    caption: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Child]],
    numbers: frozenset[int] = frozenset(),
) -> Markup:
    """Return a table; the first cell of each row is its heading, `numbers` are columns of them."""
    head = tag(
        "tr",
        *(tag("th", name, scope="col", class_=_kind(n, numbers)) for n, name in enumerate(columns)),
    )
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            *(tag("td", cell, class_=_kind(n, numbers)) for n, cell in enumerate(row[1:], start=1)),
        )
        for row in rows
    ]
    whole = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body))
    return tag("div", whole, class_="wide", tabindex="0", role="group", aria_label=caption)


def _kind(column: int, numbers: frozenset[int]) -> str | None:
    return "number" if column in numbers else None


def reasons(told: Sequence[Reason]) -> Markup:
    """Return reasons as a list, those that speak against it first."""
    order = {Answer.NO: 0, Answer.CANNOT_TELL: 1, Answer.YES: 2}
    ranked = sorted(told, key=lambda one: order[one.answer])
    items = [
        tag(
            "li",
            badge(one.answer) if one.answer is not Answer.YES else None,
            " " if one.answer is not Answer.YES else None,
            f"{one.where}: {one.what}" if one.where else one.what,
            tag("div", f"What to do: {one.remedy}", class_="soft") if one.remedy else None,
        )
        for one in ranked[:_MOST_REASONS]
    ]
    if len(ranked) > len(items):
        items.append(tag("li", f"and {len(ranked) - len(items)} more, in the fact itself"))
    return tag("ul", *items, class_="reasons")
