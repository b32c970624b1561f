"""k6's machine-readable summary, that of k6 2: `version`, `metadata`, `config`, `results`.

Source: its schema, grafana/k6-summary (1.0.0), and what k6 writes (1.5 with
`--new-machine-readable-summary`, 2.0 by itself). It holds measurements and checks, and no
thresholds; `passed`, which the schema has, is not written by k6 2.0. So a run whose thresholds were
crossed looks like one that had none: what was measured is kept, and whether it passed is not told.
A rate has the number of its `matches`, of failed requests that of `http_req_failed`.
"""

import math

from msgspec import Raw, Struct, field

from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.core.verdict import Reason, cannot_tell, no
from cdkit.evidence.decode import read_json
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.formats._k6 import failed_checks, load_of, metrics_of
from cdkit.evidence.reading import MOST_METRICS, Reading
from cdkit.evidence.shape import shape_of
from cdkit.evidence.tally import duration

_MANY = 1e15
_EXACT = 1e-6
_OLDER = (
    "let k6 write the summary that holds them: `K6_NEW_MACHINE_READABLE_SUMMARY=false k6 run "
    "--summary-export=F`"
)


class _Metric(Struct, frozen=True):
    name: str
    values: dict[str, float]
    thresholds: Raw = Raw()

    def numbers(self) -> dict[str, float]:
        """Return the values as the older summaries name them: a rate's matches are `passes`."""
        if "rate" not in self.values or "count" in self.values:
            return self.values
        both = self.values.get("passes", 0) + self.values.get("fails", 0)
        total = self.values.get("total", both)
        share = self.values["rate"] * total
        told = math.ceil(share - _EXACT) if share < _MANY else share
        matches = max(self.values.get("matches", 0), told)
        return {"rate": self.values["rate"], "passes": matches, "fails": total - matches}


class _Check(Struct, frozen=True):
    fails: int


class _Checks(Struct, frozen=True):
    results: list[_Check] | None = None


class _Results(Struct, frozen=True):
    metrics: list[_Metric]
    checks: _Checks | None = None
    passed: bool | None = None
    thresholds: Raw = Raw()


class _Config(Struct, frozen=True):
    duration: float = 0.0


class _Summary(Struct, frozen=True):
    version: str
    results: _Results
    config: _Config = field(default_factory=_Config)


def _recognises(head: bytes) -> bool:
    return shape_of(head).has("version", "metadata.k6Version", "metadata.generatedAt")


def _read(stream: Readable, where: str) -> Reading:
    remedy = "let k6 write its summary again, to its end"
    summary = read_json(stream, _Summary, where, remedy)
    results = summary.results
    numbers = {metric.name: metric.numbers() for metric in results.metrics}
    checks = results.checks.results if results.checks else None
    failed = sum(check.fails for check in checks or ())
    return Reading(
        load=load_of(numbers, judged=False),
        metrics=tuple(metrics_of(numbers)[:MOST_METRICS]),
        reasons=(*_thresholds(summary, where), *failed_checks({"fails": failed}, where)),
        duration=duration(summary.config.duration),
    )


def _thresholds(summary: _Summary, where: str) -> list[Reason]:
    """Return what speaks against the run; whether its thresholds were kept is not told mostly."""
    results, at = summary.results, Location(path=where)
    if results.passed is False:
        remedy = "find out what made it slower or fail, mend it, and run the load test again"
        return [no("k6 says that the run did not pass", where=at, remedy=remedy)]
    held = [results.thresholds, *(metric.thresholds for metric in results.metrics)]
    if not summary.version.startswith("1.") or any(bytes(raw) for raw in held):
        what = f"is of version {summary.version[:40]!r}, and holds thresholds in a form that nobody"
        return [cannot_tell(f"{what} here knows", where=at, remedy=_OLDER)]
    if results.passed is None:
        what = "does not say whether the thresholds of the script were kept, nor that it had none"
        return [cannot_tell(what, where=at, remedy=_OLDER)]
    return []


FORMAT = Format(
    name="k6-machine",
    title="k6 machine-readable summary",
    proves="performance",
    written_by="`k6 run --summary-export=F` of k6 2; whether thresholds were kept it does not say",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="k6-machine/summary-2.0.json", real=False, tool="k6 2.0"),
        Sample(path="k6-machine/summary-passed.json", real=False, tool="k6, after its schema"),
    ),
)
