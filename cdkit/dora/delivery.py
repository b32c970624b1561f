"""What was measured, with its course over time and what stands behind it, for people to read."""

from collections.abc import Iterator, Sequence

from msgspec import structs

from cdkit.core.documents.delivery import Delivery, Metric, Reading, Service
from cdkit.dora.course import before, change, parts
from cdkit.dora.definitions import definitions
from cdkit.dora.editions import Edition
from cdkit.dora.history import MOST_SERVICES, History
from cdkit.dora.told import Asked, Measured
from cdkit.dora.words import Line, coverage_parts, lines


def shown_services(measured: Sequence[Measured]) -> tuple[str, ...]:
    """Return the services whose deployments are shown one by one: those that deploy most."""
    ordered = sorted(measured, key=lambda one: (-one.deployments, one.service))
    return tuple(one.service for one in ordered[:MOST_SERVICES])


def delivery(
    by_service: Sequence[Measured],
    together: Measured | None,
    asked: Asked,
    edition: Edition,
    known: History | None,
    untold: str = "",
    unlisted: str = "",
) -> Delivery:
    """Return all of it; without a history (`untold` says why) only the numbers.

    `unlisted` says why no deployments are listed, where there are none.
    """
    return Delivery(
        environment=asked.environment,
        since=asked.since,
        until=asked.until,
        services=tuple(_service(one, one.service, asked, edition, known) for one in by_service),
        together=_service(together, None, asked, edition, known) if together else None,
        edition=edition.name,
        source=edition.source,
        minimum=asked.minimum,
        hours=asked.hours,
        step=known.step if known else 7,
        step_name=known.step_name if known else "week",
        definitions=definitions(asked),
        untold=untold,
        unlisted=unlisted,
    )


def _service(
    measured: Measured, who: str | None, asked: Asked, edition: Edition, known: History | None
) -> Service:
    return Service(
        name=measured.service,
        services=measured.services,
        deployments=measured.deployments,
        metrics=tuple(_metrics(measured, who, asked, edition, known)),
        coverage=tuple(coverage_parts(measured)),
        listings=known.listings.get(who, ()) if known else (),
    )


def _metrics(
    measured: Measured, who: str | None, asked: Asked, edition: Edition, known: History | None
) -> Iterator[Metric]:
    for line in lines(measured, asked, edition):
        metric = Metric(key=line.key, title=line.title, unit=line.unit, now=_reading(line))
        yield _over_time(metric, line, who, asked, edition, known) if known else metric


def _over_time(
    metric: Metric, line: Line, who: str | None, asked: Asked, edition: Edition, known: History
) -> Metric:
    told = structs.replace(metric, parts=tuple(parts(line.key, who, known, asked, edition)))
    earlier = before(line.key, who, known, asked, edition)
    if earlier is None:
        return told
    words, turn = change(line, earlier, known.windows[who])
    return structs.replace(told, before=_reading(earlier), change=words, turn=turn)


def _reading(line: Line) -> Reading:
    return Reading(
        shown=line.shown,
        value=line.value,
        n=line.n,
        band=line.band,
        why=line.why,
        more=line.more,
    )
