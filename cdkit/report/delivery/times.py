"""Moments, values and names as the page shows them."""

from datetime import UTC, datetime

from cdkit.core.documents.delivery import Service
from cdkit.core.spoken import cut
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


_LONGEST = 80


def named(service: Service) -> str:
    """Return the name of a service; of a longer one than anybody gives, the beginning."""
    name = service.name or "a service without a name"
    return cut(name, _LONGEST)
