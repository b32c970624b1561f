"""Drawings in SVG that stand in a page: axis, grid, lines that break where nothing is known."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from cdkit.report.web.markup import Markup, element


class Plot(Struct, frozen=True, kw_only=True):
    """Where things lie in a drawing: its size, its margins, the ends of its axis, its places."""

    width: int = 360
    height: int = 132
    left: int = 44
    right: int = 10
    top: int = 8
    bottom: int = 22
    low: float
    high: float
    count: int

    def x(self, place: int) -> float:
        """Return where a place lies, from the left; a single one in the middle."""
        width = self.width - self.left - self.right
        return round(
            self.left + (width * place / (self.count - 1) if self.count > 1 else width / 2), 1
        )

    def y(self, value: float) -> float:
        """Return where a value lies, from the top."""
        height = self.height - self.top - self.bottom
        return round(self.top + height * (self.high - value) / (self.high - self.low), 1)


def scale(known: Sequence[float]) -> tuple[float, float]:
    """Return the ends of the axis: room above and below, never below zero.

    It spans some percent at least: noise is drawn as such, and `brief` tells the ends apart.
    """
    low, high = min(known), max(known)
    room = max((high - low) * 0.15, max(abs(low), abs(high)) * 0.02) or 1.0
    return max(low - room, 0.0) if low >= 0 else low - room, high + room


def grid(plot: Plot, values: Sequence[tuple[float, str]]) -> Iterator[Markup]:
    """Yield a line across the drawing for each value, with its words beside the axis."""
    for value, told in values:
        y = f"{plot.y(value)}"
        yield element(
            "line", class_="grid", x1=f"{plot.left}", x2=f"{plot.width - plot.right}", y1=y, y2=y
        )
        yield element("text", told, x=f"{plot.left - 6}", y=y, dy="4", text_anchor="end")


def brief(value: float) -> str:
    """Return a number in so few letters that it stands beside an axis."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):.3g}{letter}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


Point = tuple[float, float, int]
"""Where a value lies from the left and from the top, and its place among all."""


def points(plot: Plot, values: Sequence[float | None]) -> tuple[Point, ...]:
    """Return the points of the values that are known."""
    return tuple(
        (plot.x(place), plot.y(value), place)
        for place, value in enumerate(values)
        if value is not None
    )


def lines(known: Sequence[Point]) -> Iterator[Markup]:
    """Yield a line for each stretch without a gap: nothing is drawn where nothing was measured."""
    for stretch in stretches(known):
        if len(stretch) > 1:
            told = " ".join(f"{x},{y}" for x, y, _ in stretch)
            yield element("polyline", class_="trend", points=told)


def stretches(known: Sequence[Point]) -> Iterator[list[Point]]:
    """Yield the points in runs of neighbours."""
    stretch: list[Point] = []
    for point in known:
        if stretch and point[2] != stretch[-1][2] + 1:
            yield stretch
            stretch = []
        stretch.append(point)
    if stretch:
        yield stretch
