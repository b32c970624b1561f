"""A reader of the pages that we write, and text that must not come alive in them."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = frozenset({"meta", "link", "line", "path", "circle", "rect", "polyline", "polygon", "br"})
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202e\x1b[31m ##[error]x"
"""What somebody would put into a name that is shown to others."""


class Page(HTMLParser):
    """A page as it is read: its elements with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.style = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All words, with one blank where elements or lines meet."""
        return " ".join(" ".join(self.words).split())

    def all(self, attribute: str) -> list[str]:
        """Return every value of an attribute."""
        return [told[attribute] for _, told in self.elements if attribute in told]
