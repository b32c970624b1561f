"""Charts of numbers over releases: SVG in the page, each said in words for who cannot see it."""

import math
from collections.abc import Sequence

from msgspec import Struct

from cdkit.report.markup import Markup, joined, tag

_WIDTH, _HEIGHT = 320, 130
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 10, 12, 20


class Series(Struct, frozen=True, kw_only=True):
    """A number over releases, oldest first; the last one is the image of the page.

    `points` pairs a name for a person (a short digest and a day) with the value.
    """

    name: str
    title: str
    unit: str
    points: tuple[tuple[str, float], ...]


def chart(series: Series, number: int) -> Markup:
    """Return a figure of a series; `number` makes its ids unique in the page."""
    values = [value for _, value in series.points if math.isfinite(value)]
    low, high = _bounds(values)
    places = [
        (_x(index, len(series.points)), _y(value, low, high))
        for index, (_, value) in enumerate(series.points)
    ]
    title, told = f"chart-{number}", f"chart-{number}-told"
    drawing = tag(
        "svg",
        tag("title", f"{series.title} over {len(values)} releases", id=title),
        tag("desc", _words(series), id=told),
        _grid(low, high),
        _curve(places),
        *(
            _point(place, said, at, len(places))
            for at, (place, said) in enumerate(_said(series, places))
        ),
        role="img",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        aria_labelledby=f"{title} {told}",
    )
    last = series.points[-1][1]
    caption = tag(
        "figcaption", series.title, " ", tag("span", f"{_number(last)} {series.unit}".strip())
    )
    return tag("figure", caption, drawing)


def _said(
    series: Series, places: Sequence[tuple[float, float]]
) -> list[tuple[tuple[float, float], str]]:
    return [
        (place, f"{name}: {_number(value)} {series.unit}".strip())
        for place, (name, value) in zip(places, series.points, strict=True)
    ]


def _words(series: Series) -> str:
    values = [value for _, value in series.points]
    first, last = values[0], values[-1]
    went = "as before" if first == last else "up" if last > first else "down"
    return (
        f"From {_number(first)} to {_number(last)} {series.unit}, {went}; between"
        f" {_number(min(values))} and {_number(max(values))}."
    )


def _bounds(values: Sequence[float]) -> tuple[float, float]:
    """Return the span of the axis: a little more than the values, never below zero."""
    low, high = min(values), max(values)
    room = (high - low) * 0.15 or abs(high) * 0.1 or 1
    return max(0.0, low - room) if low >= 0 else low - room, high + room


def _x(index: int, count: int) -> float:
    span = _WIDTH - _LEFT - _RIGHT
    return _LEFT + (span * index / (count - 1) if count > 1 else span / 2)


def _y(value: float, low: float, high: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - (value - low) / (high - low))


def _grid(low: float, high: float) -> Markup:
    lines = []
    for value in (low, (low + high) / 2, high):
        y = f"{_y(value, low, high):.1f}"
        lines.append(tag("line", class_="grid", x1=str(_LEFT), x2=str(_WIDTH - _RIGHT), y1=y, y2=y))
        lines.append(
            tag(
                "text", _number(value), x=str(_LEFT - 6), y=f"{float(y) + 4:.1f}", text_anchor="end"
            )
        )
    oldest = tag("text", "older", x=str(_LEFT), y=str(_HEIGHT - 4))
    newest = tag(
        "text", "this image", x=str(_WIDTH - _RIGHT), y=str(_HEIGHT - 4), text_anchor="end"
    )
    return joined(*lines, oldest, newest)


def _curve(places: Sequence[tuple[float, float]]) -> Markup:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return tag("polyline", class_="curve", points=points)


def _point(place: tuple[float, float], said: str, at: int, count: int) -> Markup:
    mine = at == count - 1
    return tag(
        "circle",
        tag("title", said),
        class_="mine" if mine else "point",
        cx=f"{place[0]:.1f}",
        cy=f"{place[1]:.1f}",
        r="4.5" if mine else "2.5" if count < 40 else "1.2",
    )


def _number(value: float) -> str:
    """Return a number for people: three significant digits below a thousand, else whole."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
