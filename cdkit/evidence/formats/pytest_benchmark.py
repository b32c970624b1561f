"""pytest-benchmark's JSON: for each benchmark its statistics, in seconds.

Source: pytest-benchmark's documentation, "Commandline options: --benchmark-json". A report without
a benchmark measured nothing.
"""

from msgspec import Struct, field

from cdkit.core.documents.kinds import Metric
from cdkit.core.errors import Unreadable
from cdkit.core.readable import Readable
from cdkit.evidence.decode import read_json
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import MOST_METRICS, Reading
from cdkit.evidence.shape import shape_of

_REMEDY = "let pytest write it again: `--benchmark-json=F`"


class _Stats(Struct, frozen=True):
    mean: float
    median: float
    stddev: float
    rounds: int
    min: float


class _Benchmark(Struct, frozen=True):
    name: str = field(name="fullname")
    stats: _Stats


class _Report(Struct, frozen=True):
    benchmarks: list[_Benchmark]


def _recognises(head: bytes) -> bool:
    shape = shape_of(head)
    return shape.has("machine_info") and (shape.has("commit_info") or shape.has("benchmarks"))


def _read(stream: Readable, where: str) -> Reading:
    report = read_json(stream, _Report, where, _REMEDY)
    metrics: list[Metric] = []
    for benchmark in report.benchmarks:
        stats = benchmark.stats
        if min(stats.mean, stats.median, stats.min, stats.stddev) < 0 or stats.rounds < 1:
            what = f"{benchmark.name[:200]} took less than no time, or never ran"
            raise Unreadable(what, where=where, remedy=_REMEDY)
        for name, value in (("mean", stats.mean), ("p50", stats.median), ("min", stats.min)):
            metrics.append(
                Metric(
                    name=f"{name}{{{benchmark.name[:200]}}}",
                    value=value,
                    unit="s",
                    better="lower",
                    samples=stats.rounds,
                    noise=stats.stddev,
                )
            )
    if len(metrics) > MOST_METRICS:
        what = f"holds more than {MOST_METRICS // 3} benchmarks"
        raise Unreadable(what, where=where, remedy="split them into several runs and kinds")
    return Reading(metrics=tuple(metrics))


FORMAT = Format(
    name="pytest-benchmark",
    title="pytest-benchmark JSON",
    proves="performance",
    written_by="`pytest --benchmark-json=F`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(
            path="pytest-benchmark/pytest-benchmark-5.3.json",
            real=True,
            tool="pytest-benchmark 5.3",
        ),
    ),
)
