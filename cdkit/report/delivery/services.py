"""The services: all in one table, and those that deploy most one by one."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from cdkit.core.documents.delivery import Delivery, Metric, Service
from cdkit.report.delivery.behind import address, has, lists
from cdkit.report.delivery.course import numbers, spark
from cdkit.report.delivery.tiles import turn
from cdkit.report.delivery.times import named
from cdkit.report.web.markup import NOTHING, Markup, disclosure, element, section, table
from cdkit.report.web.pieces import NONE, number, plural

_KEYS = ("lead", "frequency", "recovery", "fail", "rework")
_HEAD = (
    "service",
    "lead time",
    "frequency",
    "recovery",
    "fail rate",
    "rework rate",
    "deployments",
    "what it rests on",
)


class Room(Struct, frozen=True, kw_only=True):
    """How much a page has room for: deployments in a list, services by themselves, and in all."""

    listed: int
    services: int
    rows: int


def services(delivery: Delivery, room: Room) -> Markup:
    """Return a row for each service, those that deploy most first, then each by itself."""
    if delivery.together is None:
        return NOTHING
    ordered = sorted(delivery.services, key=lambda one: (-one.deployments, one.name))
    alone = [one for one in ordered if one.listings or delivery.untold or delivery.unlisted][
        : room.services
    ]
    names = {one.name: f"service-{n}" for n, one in enumerate(alone, start=1)}
    note = "Each is measured by itself, as DORA asks. "
    if len(ordered) > room.rows:
        left = len(ordered) - room.rows
        note += f"The {room.rows} that deploy most; {plural(left, 'more service')} left out. "
    if 0 < len(names) < len(ordered):
        note += f"The {len(names)} that deploy most stand below with what is behind them."
    rows = (_row(one, names.get(one.name, "")) for one in ordered[: room.rows])
    return section(
        "services",
        "The services",
        table("The services", _HEAD, rows),
        *(_service(delivery, one, names[one.name], room.listed) for one in alone),
        note=note,
    )


def _row(service: Service, name: str) -> Iterator[str]:
    by_key = {metric.key: metric for metric in service.metrics}
    shown = named(service)
    yield element("a", shown, href=f"#{name}") if name else shown
    for key in _KEYS:
        yield _value(by_key[key])
    yield number(service.deployments)
    yield element("span", ", ".join(service.coverage), class_="note")


def _value(metric: Metric) -> Markup:
    kind = "cut untold" if metric.now.value is None else "cut"
    return element("span", metric.now.shown, class_=kind)


_METRIC = ("metric", "value", "of", "band", "beside the time before", "course", "behind it")
_NOW = 4
"""Columns of the numbers alone."""


def _service(delivery: Delivery, service: Service, name: str, most: int) -> Markup:
    head = _METRIC[: _NOW if delivery.untold else None]
    linked = most > 0 and not delivery.untold
    metrics = (_metric(one, service, name, linked=linked) for one in service.metrics)
    rows = (row[: len(head)] for row in metrics)
    inside = element(
        "div",
        table(f"The metrics of {named(service)}", head, rows),
        element("p", "Rests on: ", ", ".join(service.coverage), ".", class_="note"),
        *lists(service, name, most),
        disclosure("Part by part, as a table", numbers(delivery, service)) if linked else NOTHING,
        id=name,
    )
    told = element("span", f" {plural(service.deployments, 'deployment')}", class_="note")
    summary = element("summary", element("strong", named(service)), told)
    return element("details", summary, inside, class_="service")


def _metric(metric: Metric, service: Service, name: str, *, linked: bool) -> Sequence[str]:
    to = f"#{address(name, metric.key)}"
    return (
        metric.title,
        _value(metric),
        number(metric.now.n),
        metric.now.band or metric.now.why or NONE,
        turn(metric),
        spark(metric.parts) or NONE,
        element("a", "deployments", href=to, aria_label=f"deployments: {metric.title}")
        if linked and has(service, metric.key)
        else NONE,
    )
