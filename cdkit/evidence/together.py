"""What several reports of one kind say together."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from cdkit.core.documents.kinds import Counts, Coverage, Metric
from cdkit.core.doors.clock import stamp
from cdkit.evidence.lines import all_joined, total
from cdkit.evidence.reading import MOST_METRICS, MOST_SAID, Load, Reading

_SUMMED = frozenset({"requests", "failed_requests"})


def counted(readings: Iterable[Reading]) -> Counts | None:
    """Add up the tests; None where no report holds any."""
    counts = [reading.counts for reading in readings if reading.counts]
    if not counts:
        return None
    names = Counts.__struct_fields__
    return Counts(**{name: sum(getattr(count, name) for count in counts) for name in names})


def covered(readings: Sequence[Reading]) -> Coverage | None:
    """Join coverage line by line; totals without lines cannot be joined, only added up."""
    sources = [reading.sources for reading in readings if reading.sources is not None]
    totals = [reading.coverage for reading in readings if reading.coverage is not None]
    if sources:
        totals.append(total(all_joined(sources)))
    if not totals:
        return None
    names = Coverage.__struct_fields__
    return Coverage(**{name: sum(getattr(one, name) for one in totals) for name in names})


def loaded(readings: Iterable[Reading]) -> Load | None:
    """Add up the requests of load tests; they are judged where every report judges its own."""
    loads = [reading.load for reading in readings if reading.load]
    if not loads:
        return None
    return Load(
        requests=sum(load.requests for load in loads),
        failed=sum(load.failed for load in loads),
        judged=all(load.judged for load in loads),
    )


def measured(readings: Sequence[Reading]) -> tuple[Metric, ...]:
    """Return the metrics of all reports; where several hold the same one, the worst.

    Percentiles of several runs cannot be joined: that none is worse is what can be said.
    """
    found: dict[str, Metric] = {}
    for reading in readings:
        for metric in reading.metrics:
            known = found.get(metric.name)
            if known is None:
                found[metric.name] = metric
            elif metric.name not in _SUMMED:
                found[metric.name] = _worse(known, metric)
    load = loaded(readings)
    if load:
        rate = round(100 * load.failed / load.requests, 4) if load.requests else 100.0
        found["requests"] = Metric(name="requests", value=load.requests)
        found["failed_requests"] = Metric(name="failed_requests", value=load.failed, better="lower")
        found["error_rate"] = Metric(name="error_rate", value=rate, unit="%", better="lower")
    return tuple(list(found.values())[:MOST_METRICS])


def found_in(readings: Iterable[Reading]) -> dict[str, int]:
    """Add up the findings of analyses by severity."""
    found: dict[str, int] = {}
    for reading in readings:
        for name, number in (reading.found or {}).items():
            found[name] = found.get(name, 0) + number
    return found


def said_in(readings: Iterable[Reading]) -> dict[str, str]:
    """Return what statements say; where they differ each of it, in a line of its own."""
    said: dict[str, dict[str, None]] = {}
    for reading in readings:
        for name, text in reading.said.items():
            said.setdefault(name, {})[text] = None
    return {name: _lines(list(texts)) for name, texts in said.items()}


def _lines(texts: list[str]) -> str:
    """Return texts as lines; where that is too long the last one says so, and nothing else."""
    whole = "\n".join(" ".join(text.split()) for text in texts)
    return whole if len(whole) <= MOST_SAID else f"{whole[:MOST_SAID]}\n…"


def _worse(one: Metric, other: Metric) -> Metric:
    return min(one, other, key=_value) if one.better == "higher" else max(one, other, key=_value)


def _value(metric: Metric) -> float:
    return metric.value


def found_out(readings: Iterable[Reading], now: str) -> str:
    """Return when the oldest of them was found out, as statements say of themselves; else now.

    Whoever records a statement again makes it no newer. One that says no time, or one that has not
    been, is of now.
    """
    recorded = datetime.fromisoformat(now)
    moments = [moment for one in readings if (moment := _moment(one.at)) is not None]
    oldest = min(moments, default=recorded)
    return stamp(oldest) if oldest < recorded else now


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
