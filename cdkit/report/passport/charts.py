"""The part of the passport that compares the image with the releases before it."""

import math
from collections.abc import Iterator, Sequence

from cdkit.core.documents.dossier import Dossier, Release, Series
from cdkit.report.web.drawing import Plot, Point, brief, grid, lines, points, scale
from cdkit.report.web.markup import (
    NOTHING,
    Markup,
    disclosure,
    element,
    joined,
    section,
    table,
)
from cdkit.report.web.pieces import NONE, day, image, moment_of, number, plural, when

_MOST = 12
_DOTS = 40
"""Of more releases than these only the line is drawn, without a dot for each."""


def charts(dossier: Dossier) -> Markup:
    """Return a chart of each number over the releases, and all numbers as a table."""
    if not dossier.series:
        told = "No release has a number to compare."
        return section("releases", "Over the releases", element("p", told, class_="empty"))
    drawn = dossier.series[:_MOST]
    note = f"{plural(len(dossier.releases), 'release')} of this repository, by first deployment. "
    note += "A ring marks this image; a red square marks evidence that did not say yes."
    if dossier.earlier:
        note += f" {plural(dossier.earlier, 'earlier release')} left out."
    if dossier.newer:
        note += f" {plural(dossier.newer, 'newer release')} left out."
    if len(dossier.series) > _MOST:
        note += f" {plural(len(dossier.series) - _MOST, 'more number')} in the table only."
    figures = [_figure(series, dossier, place) for place, series in enumerate(drawn)]
    return section(
        "releases",
        "Over the releases",
        element("div", *figures, class_="charts"),
        disclosure("All numbers as a table", _numbers(dossier)),
        note=note,
    )


def _numbers(dossier: Dossier) -> Markup:
    head = ("release", "first deployed", "to", *(_name(one) for one in dossier.series))
    return table("Numbers of each release", head, _rows(dossier))


def _rows(dossier: Dossier) -> Iterator[tuple[str, ...]]:
    for place, release in reversed([*enumerate(dossier.releases)]):
        here = [" (this image)"] if release.image == dossier.image else []
        cells = [_cell(series, place) for series in dossier.series]
        deployed = when(release.at) if release.at else "not deployed"
        to = element("span", ", ".join(release.environments) or NONE, class_="cut")
        yield (joined([image(release.image), *here]), deployed, to, *cells)


def _cell(series: Series, place: int) -> str:
    value = series.values[place]
    if value is None:
        return NONE
    told = _value(value, series.unit) + (" (not yes)" if series.shut[place] else "")
    return element("span", told, class_="cut")


def _name(series: Series) -> str:
    return f"{series.evidence}: {series.what}"


def _value(value: float, unit: str) -> str:
    return f"{number(value)}\u00a0{unit}" if unit else number(value)


def _figure(series: Series, dossier: Dossier, place: int) -> Markup:
    at = next(n for n, one in enumerate(dossier.releases) if one.image == dossier.image)
    mine = series.values[at]
    big = _value(mine, series.unit) if mine is not None else NONE
    return element(
        "figure",
        element(
            "div",
            element("figcaption", _name(series), id=f"chart-{place}"),
            element("span", big, class_="big"),
            class_="card-head",
        ),
        _drawing(series, dossier.releases, at, f"chart-{place}"),
        element("p", _compared(series, at), class_="note"),
        class_="card",
    )


def _compared(series: Series, at: int) -> str:
    """Say how the image's number differs from that of the release before it that has one."""
    mine = series.values[at]
    before = next((one for one in reversed(series.values[:at]) if one is not None), None)
    if mine is None:
        return "This image has no such number."
    if before is None:
        return "No release before it has this number."
    change = mine - before
    if change == 0:
        return "The same as the release before it."
    if number(abs(change)) == "0":
        return "Nearly the same as the release before it."
    word = "more" if change > 0 else "less"
    # A percentage that grows by 1 % is something else than one that grows by a point.
    unit = "points" if series.unit == "%" else series.unit
    return f"{_value(abs(change), unit)} {word} than the release before it."


def _drawing(series: Series, releases: Sequence[Release], at: int, named_by: str) -> Markup:
    known = [value for value in series.values if value is not None]
    low, high = scale(known)
    if not math.isfinite(high - low):
        return NOTHING  # nobody measured such numbers, and no scale has room for them
    plot = Plot(low=low, high=high, count=len(releases))
    drawn = points(plot, series.values)
    told = f"{_name(series)}: from {_value(min(known), series.unit)} to "
    told += f"{_value(max(known), series.unit)} over {plural(len(known), 'release')}"
    return element(
        "svg",
        element("title", told),
        *grid(plot, [(value, brief(value)) for value in (low, (low + high) / 2, high)]),
        *lines(drawn),
        *_dots(drawn, series, at, len(releases)),
        *_days(releases, plot),
        viewBox=f"0 0 {plot.width} {plot.height}",
        role="img",
        aria_label=told,
        aria_describedby=named_by,
    )


def _dots(drawn: Sequence[Point], series: Series, at: int, count: int) -> Iterator[Markup]:
    mine = []
    for x, y, place in drawn:
        shut = series.shut[place]
        if place == at:
            ring = "here bad" if shut else "here"
            mine.append(element("circle", class_=ring, cx=f"{x}", cy=f"{y}", r="4.5"))
        elif shut:
            yield element(
                "rect", class_="shut", x=f"{x - 3.5:.1f}", y=f"{y - 3.5:.1f}", width="7", height="7"
            )
        elif count <= _DOTS or len(drawn) == 1:
            yield element("circle", class_="dot", cx=f"{x}", cy=f"{y}", r="2.5")
    yield from mine  # last, so that it lies on top


def _days(releases: Sequence[Release], plot: Plot) -> Iterator[Markup]:
    """Yield the first and the last day below the drawing."""
    ends = [(plot.left, releases[0], "start"), (plot.width - plot.right, releases[-1], "end")]
    for x, release, where in ends if len(releases) > 1 else ends[:1]:
        moment = moment_of(release.at)
        told = day(moment) if moment else "not deployed" if not release.at else ""
        yield element("text", told, x=f"{x}", y=f"{plot.height - 5}", text_anchor=where)
