"""pytest-json-report's JSON: `summary`, `collectors` and `tests`.

Source: the README of pytest-json-report. A module that could not be collected is a collector with
the outcome `failed`; a test that pytest-rerunfailures ran again has the outcome `rerun`, and the
stages of its last attempt; the exit codes are pytest's own (0 and 1: the run came to its end, but
for `-x`, `pytest.exit(returncode=0)` and `--collect-only`, which run less than was chosen).
A unittest with subtests ends as `subtests passed` (pytest 9), even where one of them failed: only
an exit code of 0 makes that a pass.
"""

from msgspec import Struct

from cdkit.core.readable import Readable
from cdkit.evidence.decode import read_json
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import Reading
from cdkit.evidence.shape import shape_of
from cdkit.evidence.tally import Outcome, Tally, duration

_OUTCOMES: dict[str, Outcome] = {
    "passed": "passed",
    "xpassed": "passed",
    "failed": "failed",
    "error": "error",
    "skipped": "skipped",
    "xfailed": "skipped",
}


class _Crash(Struct, frozen=True):
    message: str = ""


class _Stage(Struct, frozen=True):
    outcome: str = ""
    duration: float = 0.0
    crash: _Crash | None = None


class _Test(Struct, frozen=True):
    nodeid: str
    outcome: str
    setup: _Stage | None = None
    call: _Stage | None = None
    teardown: _Stage | None = None


class _Collector(Struct, frozen=True):
    nodeid: str = ""
    outcome: str = ""
    longrepr: str = ""


class _Summary(Struct, frozen=True):
    total: int = 0
    collected: int = 0
    deselected: int = 0


class _Report(Struct, frozen=True):
    exitcode: int
    summary: _Summary
    tests: list[_Test] = []
    collectors: list[_Collector] = []
    duration: float = 0.0


def _recognises(head: bytes) -> bool:
    return shape_of(head).has("created", "exitcode", "root", "summary")


def _read(stream: Readable, where: str) -> Reading:
    report = read_json(stream, _Report, where, "let pytest write it again: `--json-report`")
    tally = Tally(where)
    for collector in report.collectors:
        if collector.outcome == "failed":
            tally.broke(f"{collector.nodeid} could not be collected: {collector.longrepr}")
    for test in report.tests:
        _count(tally, test, is_good=report.exitcode == 0)
    tally.claimed(report.summary.total)
    chosen = report.summary.collected - report.summary.deselected
    if chosen > tally.tests:
        tally.doubt(f"pytest chose {chosen} tests and ended after {tally.tests}")
    if report.exitcode not in {0, 1, 5}:
        tally.doubt(f"pytest ended with the exit code {report.exitcode}: not all tests ran")
    elif report.exitcode == 5 and tally.tests > tally.skipped:
        tally.doubt("pytest says that it ran no test, and lists some that ran")
    elif report.exitcode == 1 and not tally.bad:
        tally.broke("pytest says that tests failed, and none is listed")
    return tally.reading()


def _rerun(test: _Test) -> Outcome:
    """Return how a test ended that pytest-rerunfailures ran again: the stages are the last ones."""
    stages = [stage for stage in (test.setup, test.call, test.teardown) if stage]
    is_good = test.call is not None and all(stage.outcome == "passed" for stage in stages)
    return "flaky" if is_good else "failed"


def _count(tally: Tally, test: _Test, *, is_good: bool) -> None:
    outcome = _rerun(test) if test.outcome == "rerun" else _OUTCOMES.get(test.outcome)
    if test.outcome == "subtests passed" and is_good:
        outcome = "passed"
    if outcome is None:
        tally.doubt(f"the test {test.nodeid} has the unknown outcome {test.outcome[:80]!r}")
        outcome = "skipped"
    stages = [stage for stage in (test.setup, test.call, test.teardown) if stage]
    if outcome == "passed" and any(stage.outcome in {"failed", "error"} for stage in stages):
        outcome = "error"
    crashes = [stage.crash.message for stage in stages if stage.crash]
    tally.add(
        outcome,
        test.nodeid,
        message=crashes[0] if crashes else "",
        seconds=sum(duration(stage.duration) for stage in stages),
    )


FORMAT = Format(
    name="pytest-json",
    title="pytest-json-report",
    proves="tests",
    written_by="`pytest --json-report --json-report-file=F`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(
            path="pytest-json/pytest-json-report-1.5.json", real=True, tool="pytest-json-report 1.5"
        ),
        Sample(
            path="pytest-json/pytest-json-report-good-1.5.json",
            real=False,
            tool="pytest-json-report 1.5, good",
        ),
    ),
)
