"""Gatling's statistics as JSON: `js/stats.json` and `js/global_stats.json` of its report.

Source: gatling/gatling, gatling-charts, `GlobalStatsJsonTemplate`, `StatsJsTemplate`. Times are in
milliseconds; `percentiles1` to `4` are by default the 50th, 75th, 95th and 99th. A `-` stands where
there was no request. Older versions write numbers as strings.
"""

from msgspec import Struct, field

from cdkit.core.documents.kinds import Metric
from cdkit.core.errors import Unreadable
from cdkit.core.readable import Readable
from cdkit.evidence.decode import read_json
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import Load, Reading
from cdkit.evidence.shape import shape_of

_REMEDY = "give js/stats.json of the report, as Gatling wrote it"


class _Three(Struct, frozen=True):
    total: float | str
    ok: float | str | None = None
    ko: float | str = 0.0


class _Stats(Struct, frozen=True):
    requests: _Three = field(name="numberOfRequests")
    mean: _Three = field(name="meanResponseTime")
    deviation: _Three | None = field(name="standardDeviation", default=None)
    longest: _Three | None = field(name="maxResponseTime", default=None)
    p50: _Three | None = field(name="percentiles1", default=None)
    p75: _Three | None = field(name="percentiles2", default=None)
    p95: _Three | None = field(name="percentiles3", default=None)
    p99: _Three | None = field(name="percentiles4", default=None)
    rate: _Three | None = field(name="meanNumberOfRequestsPerSecond", default=None)


class _Group(Struct, frozen=True):
    stats: _Stats


def _recognises(head: bytes) -> bool:
    shape = shape_of(head)
    return shape.has("numberOfRequests", "meanResponseTime") or shape.has(
        "stats.numberOfRequests", "stats.meanResponseTime"
    )


def _read(stream: Readable, where: str) -> Reading:
    told = read_json(stream, dict[str, object], where, _REMEDY)
    stats = _stats(told, where)
    requests, failed = _number(stats.requests.total), _number(stats.requests.ko)
    if requests is None or failed is None or failed > requests:
        raise Unreadable("counts no requests", where=where, remedy=_REMEDY)
    if stats.requests.ok is not None:
        failed = max(failed, requests - (_number(stats.requests.ok) or 0))
    noise = _number(stats.deviation.total) if stats.deviation else None
    times = {
        "mean": stats.mean,
        "p50": stats.p50,
        "p75": stats.p75,
        "p95": stats.p95,
        "p99": stats.p99,
        "max": stats.longest,
    }
    metrics = [
        Metric(
            name=name,
            value=value,
            unit="ms",
            better="lower",
            samples=int(requests),
            noise=noise or 0.0,
        )
        for name, three in times.items()
        if three and (value := _number(three.total)) is not None
    ]
    if stats.rate and (rate := _number(stats.rate.total)) is not None:
        metrics.append(Metric(name="rps", value=rate, unit="1/s", better="higher"))
    load = Load(requests=int(requests), failed=int(failed))
    return Reading(load=load, metrics=tuple(metrics) if load.requests else ())


def _stats(told: dict[str, object], where: str) -> _Stats:
    import msgspec

    try:
        return msgspec.convert(told.get("stats", told), type=_Stats)
    except msgspec.ValidationError as fault:
        raise Unreadable(f"is no such report: {fault}", where=where, remedy=_REMEDY) from fault


def _number(said: float | str) -> float | None:
    try:
        value = float(said)
    except ValueError:
        return 0.0 if said == "-" else None
    return value if 0 <= value < 1e12 else None


FORMAT = Format(
    name="gatling",
    title="Gatling statistics",
    proves="performance",
    written_by="Gatling, in its report: `js/stats.json`, `js/global_stats.json`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="gatling/stats-3.9.json", real=False, tool="Gatling 3.9"),
        Sample(path="gatling/stats-good-3.9.json", real=False, tool="Gatling 3.9, good"),
    ),
)
