"""The course over time: a chart of each metric, a sparkline for a tile, the numbers as a table."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from cdkit.core.documents.delivery import Delivery, Metric, Part, Service
from cdkit.report.delivery.axis import axis
from cdkit.report.delivery.times import named
from cdkit.report.web.drawing import Plot, Point, grid, points, stretches
from cdkit.report.web.markup import NOTHING, Markup, disclosure, element, section, table
from cdkit.report.web.pieces import NONE, day, plural, prose

_WIDE, _HIGH = 360, 148
_SPARK_WIDE, _SPARK_HIGH = 176, 40


def course(delivery: Delivery, service: Service) -> Markup:
    """Return a chart of each metric over time, a table behind it."""
    drawn = [one for one in service.metrics if any(p.value is not None for p in one.parts)]
    if not drawn:
        told = delivery.untold or "Nothing is known of any part of this time."
        return section("course", "Over time", element("p", prose(told), class_="empty"))
    figures = [_figure(delivery, metric, f"course-{metric.key}") for metric in drawn]
    return section(
        "course",
        "Over time",
        element("div", *figures, class_="charts"),
        disclosure("All of it as a table", numbers(delivery, service)),
        note=_legend(delivery, len(drawn[0].parts)),
    )


def _legend(delivery: Delivery, count: int) -> str:
    told = f"{_many(count, delivery.step_name)} up to {day(delivery.until)}; the newest is on the "
    told += "right. The dashed line is the whole time together. "
    told += f"A hollow dot rests on fewer than {delivery.minimum}: a hint, no answer. "
    return told + "Where nothing is known there is a gap, never a zero."


def _many(count: int, name: str) -> str:
    whole = name in {"day", "week", "year"}
    return plural(count, name) if whole else f"{plural(count, 'part')} of {name}"


def _figure(delivery: Delivery, metric: Metric, name: str) -> Markup:
    return element(
        "figure",
        element(
            "div",
            element("figcaption", _title(metric, delivery), id=name),
            element("span", metric.now.shown, class_="big"),
            class_="card-head",
        ),
        _drawing(delivery, metric, name),
        class_="card",
    )


_TITLES = {
    "lead": "Lead time, from commit",
    "lead_merge": "Lead time, from merge",
    "recovery": "Recovery time",
    "fail": "Change fail rate",
    "rework": "Rework rate",
    "restore": "Time to restore",
}


def _title(metric: Metric, delivery: Delivery) -> str:
    return _TITLES.get(metric.key, f"Deployments a {delivery.step_name}")


def _drawing(delivery: Delivery, metric: Metric, name: str) -> Markup:
    scaled = _scaled(metric, delivery)
    ticks = axis(scaled)
    if not ticks:
        return NOTHING
    plot = Plot(
        width=_WIDE,
        height=_HIGH,
        right=14,
        top=10,
        low=0.0,
        high=ticks[-1][0],
        count=len(metric.parts),
    )
    told = _told(metric)
    inside = _bars if metric.key == "frequency" else _line
    return element(
        "svg",
        element("title", told),
        *grid(plot, ticks),
        *_whole(scaled, plot),
        *inside(scaled, plot),
        *_days(delivery, plot),
        viewBox=f"0 0 {_WIDE} {_HIGH}",
        role="img",
        aria_label=told,
        aria_describedby=name,
    )


def _scaled(metric: Metric, delivery: Delivery) -> Metric:
    """Return a metric as it is drawn: a frequency by part, as its bars are counted."""
    if metric.key != "frequency":
        return metric
    parts = tuple(
        replace(part, value=float(part.n) if part.value is not None else None)
        for part in metric.parts
    )
    value = metric.now.value
    now = replace(metric.now, value=value * delivery.step if value is not None else None)
    return replace(metric, parts=parts, now=now)


def _told(metric: Metric) -> str:
    """Say in words what is drawn, for who does not see it."""
    known = [part for part in metric.parts if part.value is not None]
    least = min(known, key=lambda part: part.value or 0.0)
    most = max(known, key=lambda part: part.value or 0.0)
    told = f"{metric.title} over {len(metric.parts)} parts of the time: from {least.shown} to "
    told += f"{most.shown}, {known[-1].shown} at last"
    gaps = len(metric.parts) - len(known)
    return told + (f"; nothing is known of {gaps}" if gaps else "")


def _whole(metric: Metric, plot: Plot) -> Iterator[Markup]:
    if metric.now.value is not None:
        y = f"{plot.y(metric.now.value)}"
        left, right = f"{plot.left}", f"{plot.width - plot.right}"
        yield element("line", class_="whole", x1=left, x2=right, y1=y, y2=y)


def _line(metric: Metric, plot: Plot) -> Iterator[Markup]:
    drawn = points(plot, [part.value for part in metric.parts])
    yield from _trend(drawn, f"{plot.y(0.0)}")
    yield from (_dot(point, metric.parts, "3") for point in drawn)


def _trend(drawn: Sequence[Point], floor: str) -> Iterator[Markup]:
    """Yield the line of each stretch without a gap, over a faint ground."""
    for stretch in stretches(drawn):
        if len(stretch) > 1:
            told = " ".join(f"{x},{y}" for x, y, _ in stretch)
            ground = (
                f"M{stretch[0][0]},{floor} L{told.replace(' ', ' L')} L{stretch[-1][0]},{floor} Z"
            )
            yield element("path", class_="ground", d=ground)
            yield element("polyline", class_="trend", points=told)


def _bars(metric: Metric, plot: Plot) -> Iterator[Markup]:
    room = (plot.width - plot.left - plot.right) / max(len(metric.parts), 1)
    floor = plot.y(0.0)
    for place, part in enumerate(metric.parts):
        if part.value is None:
            continue
        x = plot.left + room * (place + 0.14)
        y = plot.y(part.value)
        yield element(
            "rect",
            class_="bar few" if part.few else "bar",
            x=f"{x:.1f}",
            y=f"{y}",
            width=f"{room * 0.72:.1f}",
            height=f"{max(floor - y, 0.0):.1f}",
            rx="1.5",
        )


def _days(delivery: Delivery, plot: Plot) -> Iterator[Markup]:
    """Yield the day on which the first part begins, and the one on which the last one ends."""
    first = delivery.until - timedelta(days=delivery.step * plot.count)
    ends = ((plot.left, first, "start"), (plot.width - plot.right, delivery.until, "end"))
    for x, moment, anchor in ends:
        told = day(moment)
        yield element("text", told, x=f"{x}", y=f"{plot.height - 5}", text_anchor=anchor)


def spark(parts: Sequence[Part]) -> Markup:
    """Return a small drawing of the course, without an axis; nothing for fewer than two values."""
    known = [part.value for part in parts if part.value is not None]
    if len(known) < 2:
        return NOTHING
    plot = Plot(
        width=_SPARK_WIDE,
        height=_SPARK_HIGH,
        left=3,
        right=4,
        top=4,
        bottom=4,
        low=0.0,
        high=max(known) or 1.0,
        count=len(parts),
    )
    return element(
        "svg",
        *trace(parts, plot),
        class_="spark",
        viewBox=f"0 0 {_SPARK_WIDE} {_SPARK_HIGH}",
        aria_hidden="true",
    )


def trace(parts: Sequence[Part], plot: Plot) -> Iterator[Markup]:
    """Yield the course as a line with a dot at its end, and one for each value that stands alone.

    Nothing is drawn of fewer than two values.
    """
    drawn = points(plot, [part.value for part in parts])
    if len(drawn) < 2:
        return
    yield from _trend(drawn, f"{plot.y(0.0)}")
    alone = (stretch[0] for stretch in stretches(drawn) if len(stretch) == 1)
    yield from (_dot(point, parts, "2") for point in alone if point != drawn[-1])
    yield _dot(drawn[-1], parts, "2.5")


def _dot(point: Point, parts: Sequence[Part], size: str) -> Markup:
    """Return the dot of a value: hollow where it rests on few."""
    x, y, place = point
    kind = "few" if parts[place].few else "dot"
    return element("circle", class_=kind, cx=f"{x}", cy=f"{y}", r=size)


def numbers(delivery: Delivery, service: Service) -> Markup:
    """Return every part of the time with every metric, the newest first."""
    metrics = [one for one in service.metrics if one.parts]
    head = (f"{delivery.step_name} from", *(one.title for one in metrics))
    count = len(metrics[0].parts) if metrics else 0
    rows = (_row(delivery, metrics, place, count) for place in reversed(range(count)))
    return table(f"{named(service)}, part by part", head, rows)


def _row(delivery: Delivery, metrics: Sequence[Metric], place: int, count: int) -> Iterator[str]:
    begin = delivery.until - timedelta(days=delivery.step * (count - place))
    yield _moment(begin)
    for metric in metrics:
        yield _cell(metric.parts[place])


def _moment(moment: datetime) -> Markup:
    return element("time", day(moment), datetime=f"{moment:%Y-%m-%dT%H:%M:%SZ}")


def _cell(part: Part) -> str:
    if part.value is None:
        return NONE
    told = part.shown if " in " in part.shown else f"{part.shown} (of {part.n})"
    return element("span", told, class_="note") if part.few else told
