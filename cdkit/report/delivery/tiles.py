"""The tiles: the five metrics, each with its sample, its band, where it came from, its course."""

from collections.abc import Iterator

from cdkit.core.documents.delivery import Delivery, Metric, Service
from cdkit.report.delivery.behind import address, has
from cdkit.report.delivery.course import spark
from cdkit.report.web.markup import NOTHING, Markup, element, joined
from cdkit.report.web.pieces import plural

_FACTORS = (
    ("Throughput", ("lead", "frequency", "recovery")),
    ("Instability", ("fail", "rework")),
)
"""DORA's two factors and their metrics (dora.dev, software delivery performance metrics)."""

_NAMES = {
    "lead": "Change lead time",
    "frequency": "Deployment frequency",
    "recovery": "Failed deployment recovery",
    "fail": "Change fail rate",
    "rework": "Deployment rework rate",
}
_OF = {
    "lead": "change",
    "lead_merge": "change",
    "frequency": "deployment",
    "recovery": "failed deployment",
    "fail": "deployment",
    "rework": "deployment",
    "restore": "incident",
}
_SIGNS = {"better": "✓", "worse": "!", "same": "="}


def tiles(delivery: Delivery, service: Service, *, listed: bool) -> Markup:
    """Return the tiles of a service, or of all together, in DORA's two groups."""
    by_key = {metric.key: metric for metric in service.metrics}
    groups = [
        element(
            "div",
            element("h2", name, class_="eyebrow"),
            element(
                "ul",
                *(
                    _tile(delivery, by_key[key], by_key, service, listed=listed)
                    for key in keys
                    if key in by_key
                ),
                class_="cards",
            ),
            class_=f"factor {name.lower()}",
        )
        for name, keys in _FACTORS
    ]
    return element("section", *groups, class_="tiles", aria_label="The five metrics")


def _tile(
    delivery: Delivery,
    metric: Metric,
    all_of: dict[str, Metric],
    service: Service,
    *,
    listed: bool,
) -> Markup:
    to = address("all", metric.key)
    more = listed and has(service, metric.key)
    return element(
        "li",
        element("h3", _NAMES[metric.key]),
        element("p", value(metric), class_="big"),
        element("p", *_sample(metric, delivery), class_="note"),
        _band(metric),
        _merged(metric, all_of),
        _turn(metric),
        element("div", spark(metric.parts), class_="spark-box"),
        element("p", element("a", "What is behind it", href=f"#{to}"), class_="more")
        if more
        else NOTHING,
        class_="card",
    )


def value(metric: Metric) -> Markup:
    """Return a metric's value; where nobody can tell it says so, and stands out."""
    if metric.now.value is None:
        sign = element("span", "?", aria_hidden="true", class_="sign")
        return element("span", sign, metric.now.shown, class_="badge cannot-tell")
    number, _, unit = metric.now.shown.partition(" ")
    return joined([number, element("span", f" {unit}", class_="unit")])


def _sample(metric: Metric, delivery: Delivery) -> Iterator[str]:
    if metric.now.value is None:
        yield f"{plural(metric.now.n, _OF[metric.key])} known; it takes {delivery.minimum}"
        return
    yield "median of " if metric.unit == "s" else "of " if metric.unit == "1" else ""
    yield plural(metric.now.n, _OF[metric.key])


def _band(metric: Metric) -> Markup:
    return element("p", metric.now.band, class_="band") if metric.now.band else NOTHING


def _merged(metric: Metric, all_of: dict[str, Metric]) -> Markup:
    """Return, below the lead time from the commit, that from the merge."""
    merged = all_of.get("lead_merge")
    if metric.key != "lead" or merged is None:
        return NOTHING
    return element("p", "from merge: ", merged.now.shown, class_="note")


def _turn(metric: Metric) -> Markup:
    """Return how a metric changed; the colour is never all that says for the better or worse."""
    if not metric.turn:
        return element("p", "nothing to compare with before", class_="turn none")
    word = "" if metric.turn == "same" else f"{metric.turn}: "
    sign = element("span", _SIGNS[metric.turn], aria_hidden="true", class_="sign")
    return element("p", sign, " ", word, metric.change, class_=f"turn {metric.turn}")
