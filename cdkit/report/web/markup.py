"""HTML that cannot be broken by what stands in it: text is escaped unless it is markup."""

from collections.abc import Iterable

from cdkit.core.escape import html, web_address


class Markup(str):
    """Finished HTML; a plain `str` is foreign text, and is escaped wherever it is put."""

    __slots__ = ()


NOTHING = Markup("")
_LONGEST = 2_000
_MOST_ROWS = 1_000
_VOID = frozenset({"meta", "link", "line", "path", "circle", "rect", "polyline", "polygon"})
"""Elements that hold nothing: those of HTML, and those of SVG that we draw with."""


def element(tag: str, *children: str, **attributes: str) -> Markup:
    """Return an element; `class_` is the attribute `class`, `aria_label` is `aria-label`."""
    told = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_foreign(value)}"'
        for name, value in attributes.items()
    )
    if tag in _VOID:
        return Markup(f"<{tag}{told}/>")
    return Markup(f"<{tag}{told}>{joined(children)}</{tag}>")


def joined(children: Iterable[str], between: str = "") -> Markup:
    """Return these one after the other, the foreign ones escaped."""
    return Markup(between.join(c if isinstance(c, Markup) else _foreign(c) for c in children))


def _foreign(text: str) -> str:
    """Return foreign text, escaped; of more than anybody would read the beginning."""
    if len(text) <= _LONGEST:
        return html(text)
    return f"{html(text[:_LONGEST])}… ({len(text) - _LONGEST} more characters)"


def link(text: str, url: str) -> Markup:
    """Return a link to an http or https address; for any other address the text alone."""
    address = web_address(url)
    if not address:
        return joined([text])
    return element("a", text, href=address, rel="noopener noreferrer")


def table(caption: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> Markup:
    """Return a table in a box that scrolls by itself, the first cell of each row its header."""
    heads = joined(element("th", cell, scope="col") for cell in head)
    shown = [*rows]
    body = joined((element("tr", *_cells(row)) for row in shown[:_MOST_ROWS]), "\n")
    if len(shown) > _MOST_ROWS:
        told = f"and {len(shown) - _MOST_ROWS} more"
        body = joined([body, element("tr", element("th", told, scope="row"))])
    whole = element(
        "table",
        element("caption", caption, class_="unseen"),
        element("thead", element("tr", heads)),
        element("tbody", body),
    )
    return element("div", whole, class_="scroll", tabindex="0", role="group", aria_label=caption)


def _cells(row: Iterable[str]) -> Iterable[Markup]:
    first, *others = row
    yield element("th", first, scope="row")
    for cell in others:
        yield element("td", cell)


def section(name: str, heading: str, *children: str, note: str = "") -> Markup:
    """Return a part of the page that is a landmark, with a heading and a sentence below it."""
    return element(
        "section",
        element("h2", heading, id=f"{name}-heading"),
        element("p", note, class_="note") if note else NOTHING,
        *children,
        id=name,
        aria_labelledby=f"{name}-heading",
    )


def disclosure(summary: str, *children: str) -> Markup:
    """Return something that is folded away until somebody wants to see it; unfolded in print."""
    return element("details", element("summary", summary), *children)
