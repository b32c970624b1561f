"""The tiles: the five metrics, each with its sample, its band, where it came from, its course."""

from collections.abc import Iterator

from cdkit.core.documents.delivery import Delivery, Metric, Service
from cdkit.report.delivery.behind import address
from cdkit.report.delivery.course import spark
from cdkit.report.delivery.times import whole
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
    "recovery": "Recovery time",
    "fail": "Change fail rate",
    "rework": "Rework rate",
}
COUNTED = {
    "lead": "change",
    "lead_merge": "change",
    "frequency": "deployment",
    "recovery": "failed deployment",
    "fail": "deployment",
    "rework": "deployment",
    "restore": "incident",
}
"""What a metric's sample counts."""


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
    return element(
        "li",
        element("h3", _NAMES[metric.key]),
        element("p", value(metric), class_="big"),
        NOTHING if delivery.untold else element("div", spark(metric.parts), class_="spark-box"),
        element("p", metric.now.band, class_="band") if metric.now.band else NOTHING,
        NOTHING if delivery.untold else turn(metric),
        element("p", *_sample(metric, delivery), *_merged(metric, all_of), class_="note"),
        _more(metric, service) if listed else NOTHING,
        class_="card",
    )


def _more(metric: Metric, service: Service) -> Markup:
    of = next((one.of for one in service.listings if one.metric == metric.key), 0)
    if not of:
        return NOTHING
    told = f"See {plural(of, 'deployment')}"
    name = f"{told} behind {_NAMES[metric.key].lower()}"
    to = f"#{address('all', metric.key)}"
    return element("p", element("a", told, href=to, aria_label=name), class_="more")


def value(metric: Metric) -> Markup:
    """Return a metric's value; where nobody can tell it says so, and stands out."""
    if metric.now.value is None:
        sign = element("span", "?", aria_hidden="true", class_="sign")
        return element("span", sign, metric.now.shown, class_="badge cannot-tell")
    number, _, unit = metric.now.shown.partition(" ")
    return joined([number, element("span", f" {unit}", class_="unit")])


def _sample(metric: Metric, delivery: Delivery) -> Iterator[str]:
    known = plural(metric.now.n, COUNTED[metric.key])
    if metric.now.value is None:
        few = metric.now.n < delivery.minimum
        yield f"{known} known; it takes {delivery.minimum}" if few else metric.now.why
        return
    yield "median of " if metric.unit == "s" else "of " if metric.unit == "1" else ""
    yield known
    yield f"; {metric.now.why}" if metric.now.why else ""


def _merged(metric: Metric, all_of: dict[str, Metric]) -> Iterator[str]:
    """Yield, for the lead time from the commit, that from the merge."""
    merged = all_of.get("lead_merge")
    if metric.key == "lead" and merged is not None and merged.now.value is not None:
        yield f"; from merge {whole(merged.now.shown)}"


def turn(metric: Metric) -> Markup:
    """Return how a metric changed, and what it was before.

    The colour is never all that says whether it is for the better.
    """
    if metric.before is None:
        return element("p", "nothing to compare with", class_="turn")
    was = f"before {whole(metric.before.shown)}"
    if metric.turn in {"better", "worse"}:
        kind = "yes" if metric.turn == "better" else "no"
        told = element("span", f"{metric.turn}: {metric.change}", class_=f"badge {kind}")
        return element("p", told, element("span", was, class_="was"), class_="turn")
    return element("p", f"{metric.change}, " if metric.change else "", was, class_="turn")
