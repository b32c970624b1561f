"""What was measured, with its course over time and what stands behind it, for people to read."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from msgspec import structs

from cdkit.core.documents.delivery import Delivery, Metric, Part, Reading, Service, Turn
from cdkit.core.spoken import duration
from cdkit.dora.definitions import definitions
from cdkit.dora.editions import Edition
from cdkit.dora.history import MOST_SERVICES, History
from cdkit.dora.told import Asked, Measured
from cdkit.dora.words import Line, coverage_parts, lines

_SAME = 0.05
"""A number that differs by less than this share of itself is called about the same."""


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
) -> Delivery:
    """Return all of it; without a history (`untold` says why) only the numbers."""
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
    before = _before(who, asked, edition, known)
    for line in lines(measured, asked, edition):
        earlier = before.get(line.key)
        change, turn = _change(line, earlier)
        yield Metric(
            key=line.key,
            title=line.title,
            unit=line.unit,
            now=_reading(line),
            before=_reading(earlier) if earlier else None,
            change=change,
            turn=turn,
            parts=tuple(_course(line.key, who, asked, edition, known)) if known else (),
        )


def _reading(line: Line) -> Reading:
    return Reading(
        shown=line.shown,
        value=line.value,
        n=line.n,
        band=line.band,
        why=line.why,
        more=line.more,
    )


def _before(
    who: str | None, asked: Asked, edition: Edition, known: History | None
) -> dict[str, Line]:
    """Return the metrics of the window before, by key; of time that nobody told of, none.

    A frequency is only a number where the window before was told of from its beginning.
    """
    if known is None or who not in known.before:
        return {}
    window = timedelta(days=asked.days)
    earlier = structs.replace(asked, since=asked.since - window, until=asked.since)
    found = {line.key: line for line in lines(known.before[who], earlier, edition)}
    found.pop("restore", None)
    if known.first[who] > earlier.since:
        found.pop("frequency", None)
    return found


def _change(now: Line, before: Line | None) -> tuple[str, Turn]:
    """Return how a metric changed, in words, and whether for the better."""
    if before is None or before.value is None or now.value is None:
        return "", ""
    change = now.value - before.value
    if abs(change) <= _SAME * max(abs(before.value), abs(now.value)):
        return f"about the same as before ({before.shown}, of {before.n})", "same"
    up, down = {"s": ("longer", "shorter"), "1/d": ("more", "fewer")}.get(
        now.unit, ("higher", "lower")
    )
    better = (change > 0) == (now.key == "frequency")
    word = up if change > 0 else down
    return f"{word} than before ({before.shown}, of {before.n})", "better" if better else "worse"


def _course(
    key: str, who: str | None, asked: Asked, edition: Edition, known: History
) -> Iterator[Part]:
    """Yield a metric part by part; what is known of few is told too, and marked."""
    step = timedelta(days=known.step)
    begin = asked.until - step * known.count
    for place, measured in enumerate(known.parts.get(who, ())):
        since = begin + step * place
        of = structs.replace(asked, since=since, until=since + step, minimum=1)
        line = next((one for one in lines(measured, of, edition) if one.key == key), None)
        if key == "frequency":
            yield _frequent(measured, of, known=since >= known.first[who])
        elif line is None or line.value is None:
            yield Part(value=None)
        else:
            few = line.n < asked.minimum
            yield Part(value=line.value, shown=line.shown, n=line.n, few=few)


def _frequent(measured: Measured, of: Asked, *, known: bool) -> Part:
    """Return how often a part saw a deployment: none is a number, once anything is known."""
    if not known and not measured.deployments:
        return Part(value=None)
    number = measured.deployments
    told = f"{number} in {duration(of.days * 86400)}"
    return Part(value=measured.per_day(of.days), shown=told, n=number, few=not known)
