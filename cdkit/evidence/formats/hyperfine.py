"""hyperfine's JSON export: for each command its times in seconds, and its exit codes.

Source: sharkdp/hyperfine, `--export-json`. A command that failed (`--ignore-failure`) says no.
"""

from msgspec import Struct

from cdkit.core.documents.kinds import Metric
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.core.verdict import no
from cdkit.evidence.decode import read_json
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import MOST_METRICS, MOST_REASONS, Reading
from cdkit.evidence.shape import shape_of

_REMEDY = "let hyperfine write it again: `--export-json F`"


class _Result(Struct, frozen=True):
    command: str
    mean: float
    median: float
    stddev: float | None = None
    times: list[float] = []
    exit_codes: list[int | None] = []


class _Report(Struct, frozen=True):
    results: list[_Result]


def _recognises(head: bytes) -> bool:
    shape = shape_of(head)
    return shape.root == "{" and shape.has("results[].command", "results[].mean")


def _read(stream: Readable, where: str) -> Reading:
    report = read_json(stream, _Report, where, _REMEDY)
    metrics: list[Metric] = []
    reasons = []
    for result in report.results[: MOST_METRICS // 2]:
        if min(result.mean, result.median) < 0:
            what = f"{result.command[:200]!r} took less than no time"
            raise Unreadable(what, where=where, remedy=_REMEDY)
        for name, value in (("mean", result.mean), ("p50", result.median)):
            metrics.append(
                Metric(
                    name=f"{name}{{{result.command[:200]}}}",
                    value=value,
                    unit="s",
                    better="lower",
                    samples=len(result.times),
                    noise=result.stddev or 0.0,
                )
            )
        if failed := [code for code in result.exit_codes if code != 0]:
            reasons.append(
                no(
                    f"{result.command[:200]!r} failed {len(failed)} times",
                    where=Location(path=where),
                    remedy="mend the command, and measure it again",
                )
            )
    return Reading(metrics=tuple(metrics), reasons=tuple(reasons[:MOST_REASONS]))


FORMAT = Format(
    name="hyperfine",
    title="hyperfine JSON",
    proves="performance",
    written_by="`hyperfine --export-json F COMMAND`",
    recognises=_recognises,
    read=_read,
    samples=(Sample(path="hyperfine/hyperfine-1.15.json", real=True, tool="hyperfine 1.15"),),
)
