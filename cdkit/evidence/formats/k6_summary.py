"""k6's summary: that of `handleSummary` and JSON.stringify, and the older `--summary-export`.

Source: grafana.com/docs/k6, "Custom summary" and "Results output"; in the code, js/summary.go and
`--summary-export`. The two say opposite things: in the first a threshold is `{"ok": true}` where it
was kept; in the second it is a bare `false` where it was kept, and `true` where it was crossed.
`http_req_failed` counts a failed request as a "pass" of the rate. A threshold over a metric that
got no sample is kept, says k6; here nobody can tell. A threshold on a rate, or on a counter of the
script's own, says how much may fail; one on times alone does not: what fails at once is fast.
"""

from msgspec import Struct, field

from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.core.verdict import Reason, cannot_tell, no
from cdkit.evidence.decode import read_json
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.formats._k6 import failed_checks, load_of, metrics_of
from cdkit.evidence.reading import MOST_METRICS, MOST_REASONS, Reading
from cdkit.evidence.shape import shape_of
from cdkit.evidence.tally import duration

_BUILT_IN = frozenset(
    {"http_reqs", "iterations", "data_sent", "data_received", "dropped_iterations"}
)
"""Counters of k6's own, which say how much was done."""


class _Threshold(Struct, frozen=True):
    ok: bool


class _Metric(Struct, frozen=True):
    """Both forms: numbers stand in `values`, or beside the thresholds."""

    values: dict[str, float] | None = None
    thresholds: dict[str, _Threshold | bool] = field(default_factory=dict)
    avg: float | None = None
    min: float | None = None
    med: float | None = None
    max: float | None = None
    p90: float | None = field(name="p(90)", default=None)
    p95: float | None = field(name="p(95)", default=None)
    p99: float | None = field(name="p(99)", default=None)
    count: float | None = None
    rate: float | None = None
    passes: float | None = None
    fails: float | None = None
    value: float | None = None

    def numbers(self) -> dict[str, float]:
        """Return the values by k6's names, whichever form they stood in."""
        if self.values is not None:
            return self.values
        pairs = {name: getattr(self, name) for name in self.__struct_fields__[2:]}
        told = {_k6(name): value for name, value in pairs.items() if value is not None}
        if "value" in told and "passes" in told:
            told["rate"] = told["value"]
        return told


class _State(Struct, frozen=True):
    milliseconds: float = field(name="testRunDurationMs", default=0.0)


class _Report(Struct, frozen=True):
    metrics: dict[str, _Metric]
    state: _State = _State()


def _k6(name: str) -> str:
    return f"p({name[1:]})" if name[0] == "p" and name[1:].isdigit() else name


def _recognises(head: bytes) -> bool:
    shape = shape_of(head)
    if not shape.has("metrics"):
        return False
    return shape.has("root_group") or any(
        shape.has(f"metrics.{name}") for name in ("http_reqs", "iterations", "vus", "data_sent")
    )


def _read(stream: Readable, where: str) -> Reading:
    report = read_json(stream, _Report, where, "let k6 write its summary again, to its end")
    numbers = {name: metric.numbers() for name, metric in report.metrics.items()}
    is_judged = any(
        metric.thresholds and _tells_of_failures(name, numbers[name])
        for name, metric in report.metrics.items()
    )
    reasons = [
        reason
        for name, metric in report.metrics.items()
        for reason in _thresholds(name, metric, where)
    ]
    if not is_judged:
        reasons += failed_checks(numbers.get("checks", {}), where)
    return Reading(
        load=load_of(numbers, judged=is_judged),
        metrics=tuple(metrics_of(numbers)[:MOST_METRICS]),
        reasons=tuple(reasons[:MOST_REASONS]),
        duration=duration(report.state.milliseconds / 1000),
    )


def _thresholds(name: str, metric: _Metric, where: str) -> list[Reason]:
    reasons = []
    for threshold, said in metric.thresholds.items():
        kept = said.ok if isinstance(said, _Threshold) else not said
        what = f"the threshold {threshold[:200]!r} of {name[:200]}"
        if not kept:
            remedy = "find out what made it slower or fail, mend it, and run the load test again"
            reasons.append(no(f"{what} was crossed", where=Location(path=where), remedy=remedy))
        elif _is_empty(metric.numbers()):
            reasons.append(
                cannot_tell(
                    f"{what} rests on no sample",
                    where=Location(path=where),
                    remedy="let the script reach what the threshold is about, and run it again",
                )
            )
    return reasons


def _tells_of_failures(name: str, numbers: dict[str, float]) -> bool:
    """Whether a metric is one that failures are counted by, as a rate or a counter is."""
    if "passes" in numbers or "fails" in numbers:
        return True
    is_counter = "count" in numbers and "avg" not in numbers
    return is_counter and name.partition("{")[0] not in _BUILT_IN


def _is_empty(numbers: dict[str, float]) -> bool:
    """Whether a trend or a rate got no sample: k6 then writes zeros. A counter may be zero."""
    if "passes" in numbers or "fails" in numbers:
        return not numbers.get("passes") and not numbers.get("fails")
    if "count" in numbers and "avg" not in numbers:
        return False
    return not numbers or not any(numbers.values())


FORMAT = Format(
    name="k6-summary",
    title="k6 summary",
    proves="performance",
    written_by="`handleSummary` with `JSON.stringify(data)` · `k6 run --summary-export=F`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="k6-summary/handle-summary-0.49.json", real=False, tool="k6 0.49"),
        Sample(path="k6-summary/summary-export-0.49.json", real=False, tool="k6 0.49, crossed"),
        Sample(path="k6-summary/handle-summary-good-0.49.json", real=False, tool="k6 0.49, good"),
        Sample(path="k6-summary/summary-export-good-0.49.json", real=False, tool="k6 0.49, good"),
    ),
)
