"""What stands behind a number: deployments, one by one, the worst or the last of them."""

from collections.abc import Iterator

from cdkit.core.documents.delivery import Listing, Made, Metric, Service
from cdkit.core.escape import web_address
from cdkit.core.spoken import duration
from cdkit.report.delivery.times import moment, whole
from cdkit.report.web.markup import NOTHING, Markup, element, joined, link, section, table
from cdkit.report.web.pieces import NONE, number, plural, short, tag

_HEAD = ("deployed", "service", "content", "changes", "lead time", "what became of it")


_ON_PAPER = 15
"""Rows of a list that are printed (style.py)."""


def behind(service: Service, most: int, unlisted: str) -> Markup:
    """Return the deployments behind each metric, folded away until somebody follows a link.

    Where none are listed, `unlisted` says why.
    """
    shown = [*lists(service, "all", most)]
    if not shown:
        return section("behind", "Behind the numbers", note=unlisted) if unlisted else NOTHING
    note = "The worst or the last ones of each, the rest counted."
    return section("behind", "Behind the numbers", *shown, note=note)


def lists(service: Service, name: str, most: int) -> Iterator[Markup]:
    """Yield a list for each metric that has deployments behind it; `name` begins its address."""
    by_key = {metric.key: metric for metric in service.metrics}
    several = service.services > 1
    for listing in service.listings:
        metric = by_key.get(listing.metric)
        if metric is not None and most:
            yield _list(metric, listing, address(name, metric.key), most, several=several)


def address(name: str, key: str) -> str:
    """Return the id of a list on the page."""
    return f"{name}-{key.replace('_', '-')}"


def has(service: Service, key: str) -> bool:
    """Whether a metric has deployments behind it."""
    return any(listing.metric == key for listing in service.listings)


def _list(metric: Metric, listing: Listing, at: str, most: int, *, several: bool) -> Markup:
    made = listing.made[:most]
    title = metric.title[:1].upper() + metric.title[1:]
    told = f"{title}: {plural(listing.of, 'deployment')}"
    told += f", {number(len(made))} shown" if len(made) < listing.of else ""
    summary = element("summary", told, element("span", f" · {listing.order}", class_="note"))
    head = _HEAD if several else tuple(one for one in _HEAD if one != "service")
    rows = (_row(one, metric.key, several=several) for one in made)
    # The address is inside, since a browser unfolds what a followed link stands in.
    paper = f"On paper the first {_ON_PAPER}." if len(made) > _ON_PAPER else ""
    inside = element(
        "div",
        table(told, head, rows),
        element("p", paper, class_="note paper") if paper else NOTHING,
        id=at,
    )
    return element("details", summary, inside, class_="behind")


def _row(made: Made, key: str, *, several: bool) -> Iterator[str]:
    yield moment(made.at)
    if several:
        yield made.service or NONE
    yield _content(made)
    yield number(made.changes) if made.changes else NONE
    yield _lead(made, key)
    yield _became(made)


def _content(made: Made) -> Markup:
    """Return which content was deployed, of which commit, by whom, under which name."""
    parts: list[str] = [short(made.digest)] if made.digest else []
    parts += [joined(["commit ", short(made.commit)])] if made.commit else []
    parts += [f"by {who}"] if (who := " of ".join(n for n in (made.who, made.team) if n)) else []
    parts += [link("run", made.url)] if web_address(made.url) else []
    parts += [element("span", made.id, class_="note id")] if made.id and not parts else []
    return joined(parts, ", ") if parts else element("span", "not told", class_="note")


def _lead(made: Made, key: str) -> str:
    taken = made.merged if key == "lead_merge" else made.lead
    if taken is None:
        return NONE
    since = "since its merge" if key == "lead_merge" else ""
    return joined([whole(duration(taken)), f" {since}" if since else ""])


def _became(made: Made) -> Markup:
    parts: list[str] = [tag("roll-back")] if made.kind == "back" else []
    parts += [tag("unplanned")] if made.planned is False else []
    if made.failed:
        parts.append(element("span", "failed", class_="badge no"))
        parts.append(_why(made))
    return joined(parts, " ") if parts else element("span", "nothing wrong is known", class_="note")


def _why(made: Made) -> Markup:
    named = f" ({', '.join(made.incidents)})" if made.incidents else ""
    mended = f"mended after {whole(duration(made.recovery))}" if made.recovery is not None else ""
    return joined([f"{made.failed}{named}; ", mended or tag("not mended", "warn")])
