"""HTML that cannot be forged: what is not markup of ours is text, and is escaped."""

import html
import re
from urllib.parse import urlsplit

from cdkit.core.escape import sound, terminal

_NAME = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)
_VOID = frozenset({"meta", "br", "line", "path", "circle", "rect", "polyline", "use"})


class Markup(str):
    """HTML or SVG that we made; only `tag` and `joined` make it."""

    __slots__ = ()


Child = str | Markup | None


def tag(name: str, /, *children: Child, **attributes: str | None) -> Markup:
    """Return an element. Text among the children and every attribute's value is escaped.

    An underscore in an attribute's name is a hyphen, and one at its end is dropped (`class_`);
    one whose value is None is left out.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID and not children:
        return Markup(f"<{name}{given}/>" if name != "meta" else f"<{name}{given}>")
    return Markup(f"<{name}{given}>{joined(*children)}</{name}>")


def joined(*children: Child) -> Markup:
    """Return children one after the other; text among them is escaped."""
    return Markup(
        "".join(
            child if isinstance(child, Markup) else html.escape(terminal(child))
            for child in children
            if child is not None
        )
    )


def _attribute(value: str) -> str:
    return html.escape(terminal(sound(value)), quote=True)


def lines(text: str) -> Markup:
    """Return text of several lines as it stands, for preformatted places."""
    kept = [terminal(line) for line in sound(text).splitlines()]
    return Markup(html.escape("\n".join(kept)))


def link(url: str, text: str) -> Markup:
    """Return a link, where the address is one of the web; else the text alone."""
    try:
        parts = urlsplit(url)
        safe = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        safe = False
    if not safe:
        return joined(text)
    return tag("a", text, href=url, rel="noopener noreferrer")
