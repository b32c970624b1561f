"""The frame of a page: a head that lets it load nothing, and one style sheet."""

import base64
import hashlib

from cdkit.report.web.markup import Markup, element
from cdkit.report.web.style import STYLE


def meta(title: str, own: str = "") -> tuple[Markup, ...]:
    """Return the head of a page: what it may do, its title, its looks.

    `own` is the part of the style sheet that only this page needs.
    """
    style = Markup(STYLE + own)
    known = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{known}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        # A browser that is told of no icon asks the server for one.
        element("link", rel="icon", href="data:,"),
        element("style", style),
    )
