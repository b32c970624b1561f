"""Moments and values as the page shows them."""

from datetime import UTC, datetime

from cdkit.report.web.markup import Markup, element
from cdkit.report.web.pieces import clock, day


def moment(at: datetime) -> Markup:
    """Return a moment in UTC, for people and for programs."""
    told = at.astimezone(UTC)
    shown = f"{day(told)}, {clock(told)}"
    return element("time", shown, datetime=f"{told:%Y-%m-%dT%H:%M:%SZ}")


def whole(text: str) -> str:
    """Return a value that no line end parts from its unit."""
    return text.replace(" ", "\u00a0")
