"""Mocha's JSON reporter: `stats`, and the tests once more under `passes`, `pending`, `failures`.

Source: mochajs.org, "JSON", and lib/reporters/json.js. A hook that failed stands among the failures
and is no test; `currentRetry` is above zero where the test had failed before. `--dry-run` lists
every test as passed, and leaves out how long it took.
"""

from msgspec import Struct, field

from cdkit.core.readable import Readable
from cdkit.evidence.decode import read_json
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import Reading
from cdkit.evidence.shape import shape_of
from cdkit.evidence.tally import Outcome, Tally, duration


class _Error(Struct, frozen=True):
    message: str = ""
    stack: str = ""


class _Test(Struct, frozen=True):
    name: str = field(name="fullTitle")
    duration: float | None = None
    retry: int = field(name="currentRetry", default=0)
    err: _Error | None = None


class _Stats(Struct, frozen=True):
    tests: int
    failures: int
    duration: float = 0.0


class _Report(Struct, frozen=True):
    stats: _Stats
    passes: list[_Test]
    pending: list[_Test]
    failures: list[_Test]


def _recognises(head: bytes) -> bool:
    return shape_of(head).has("stats.suites", "stats.passes", "stats.pending", "tests")


def _read(stream: Readable, where: str) -> Reading:
    report = read_json(stream, _Report, where, "let mocha write it again: `--reporter json`")
    tally = Tally(where)
    if report.passes and all(test.duration is None for test in report.passes):
        tally.doubt("no test took any time: it lists what a run would do, and ran none")
    for test in report.passes:
        _count(tally, test, "flaky" if test.retry > 0 else "passed")
        if test.err and (test.err.message or test.err.stack) and not test.retry:
            tally.doubt(f"the test {test.name} passed, and tells of an error: {test.err.message}")
    for test in report.pending:
        _count(tally, test, "skipped")
    for test in report.failures:
        _count(tally, test, "failed")
    if report.stats.tests > tally.tests:
        tally.claimed(report.stats.tests)
    if report.stats.failures > tally.bad:
        tally.broke(f"claims {report.stats.failures} failures and lists {tally.bad}")
    return tally.reading()


def _count(tally: Tally, test: _Test, outcome: Outcome) -> None:
    err = test.err or _Error()
    seconds = duration((test.duration or 0.0) / 1000)
    tally.add(outcome, test.name, message=err.message or err.stack, seconds=seconds)


FORMAT = Format(
    name="mocha",
    title="Mocha JSON",
    proves="tests",
    written_by="`mocha --reporter json --reporter-option output=F`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="mocha/mocha-12.json", real=True, tool="Mocha 12"),
        Sample(path="mocha/mocha-good-12.json", real=False, tool="Mocha 12, good"),
    ),
)
