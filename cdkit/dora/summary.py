"""What was measured as tables, for a job summary and a terminal: now, before, and the course.

The course is drawn in letters: a summary on GitHub shows neither SVG nor `data:` images that stand
in Markdown, and letters are shown by every system, terminals included.
"""

from collections.abc import Iterator, Sequence

from cdkit.core.documents.delivery import Delivery, Metric, Part, Service
from cdkit.core.spoken import counted
from cdkit.core.step import Table

_ALONE = 20
"""Of more services than these each has a row, and no table of its own."""

_MOST_ROWS = 300
_LEVELS = "▁▂▃▄▅▆▇█"
_GAP = "·"
_KEYS = ("lead", "frequency", "recovery", "fail", "rework")


def tables(delivery: Delivery) -> tuple[Table, ...]:
    """Return a row for each service, the roll-up, and a table of each where they are few."""
    alone = delivery.services if len(delivery.services) <= _ALONE else ()
    if delivery.together is None:
        return tuple(_table(one, delivery) for one in alone)
    whole = _table(delivery.together, delivery)
    return (_overview(delivery), whole, *(_table(one, delivery) for one in alone))


def course(parts: Sequence[Part]) -> str:
    """Return a letter for each part, from zero up to the highest; a dot where nothing is known."""
    known = [part.value for part in parts if part.value is not None]
    highest = max(known, default=0.0)
    return "".join(_letter(part.value, highest) for part in parts) if known else ""


def _letter(value: float | None, highest: float) -> str:
    if value is None:
        return _GAP
    level = round(value / highest * (len(_LEVELS) - 1)) if highest > 0 else 0
    return _LEVELS[min(max(level, 0), len(_LEVELS) - 1)]


def _overview(delivery: Delivery) -> Table:
    ordered = sorted(delivery.services, key=lambda one: (-one.deployments, one.name))
    left = len(ordered) - _MOST_ROWS
    more = f", the {_MOST_ROWS} that deploy most; {left} left out" if left > 0 else ""
    return Table(
        heading=f"{counted(len(ordered), 'service')}{more}",
        columns=("service", "lead time", "frequency", "recovery", "fail rate", "rework rate", "of"),
        rows=tuple(tuple(_cells(one)) for one in ordered[:_MOST_ROWS]),
    )


def _cells(service: Service) -> Iterator[str]:
    by_key = {metric.key: metric for metric in service.metrics}
    yield _named(service)
    for key in _KEYS:
        yield by_key[key].now.shown
    yield str(service.deployments)


def _table(service: Service, delivery: Delivery) -> Table:
    together = f" ({service.services} services: a roll-up)" if service.services > 1 else ""
    columns = ("metric", "median or share", "of", "band", "more")
    over_time = () if delivery.untold else ("before", f"course, by {delivery.step_name}")
    rows = (_row(metric) for metric in service.metrics)
    return Table(
        heading=f"{_named(service)}{together}",
        columns=(*columns, *over_time),
        rows=tuple(row[: len(columns) + len(over_time)] for row in rows),
    )


def _row(metric: Metric) -> tuple[str, ...]:
    now = metric.now
    drawn = course(metric.parts)
    return (metric.title, now.shown, str(now.n), now.band, now.why or now.more, _was(metric), drawn)


def _was(metric: Metric) -> str:
    """Return the number before, and what is to be said of the change."""
    if metric.before is None:
        return ""
    judged = f"{metric.turn}: " if metric.turn in {"better", "worse"} else ""
    change = f" ({judged}{metric.change})" if metric.change else ""
    return f"{metric.before.shown}{change}"


def _named(service: Service) -> str:
    return service.name or "a service without a name"
