"""CTRF, the Common Test Report Format: `results` with `tool`, `summary` and `tests`.

Source: ctrf.io, the specification and its JSON schema. Durations are in milliseconds. The status
`other` says nothing that anybody could rely on; `pending` is a test that did not run. A test in
which pytest was interrupted is `passed` for pytest-json-ctrf, and stopped at 0.
"""

from msgspec import Struct, field

from cdkit.core.readable import Readable
from cdkit.evidence.decode import read_json
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import Reading
from cdkit.evidence.shape import shape_of
from cdkit.evidence.tally import Outcome, Tally, duration

_OUTCOMES: dict[str, Outcome] = {
    "passed": "passed",
    "failed": "failed",
    "skipped": "skipped",
    "pending": "skipped",
}

_NOT_RUN = frozenset({"todo", "disabled", "ignored"})
"""What tools call `other` and never ran, by their own word."""


class _Test(Struct, frozen=True):
    name: str
    status: str
    duration: float = 0.0
    start: object = None
    stop: object = None
    suite: str | list[str] | None = None
    message: str | None = None
    trace: str | None = None
    flaky: bool | None = None
    retries: int | None = None
    raw: str | None = field(name="rawStatus", default=None)


class _Summary(Struct, frozen=True):
    tests: int
    failed: int = 0
    other: int = 0


class _Results(Struct, frozen=True):
    summary: _Summary
    tests: list[_Test]


class _Report(Struct, frozen=True):
    results: _Results


def _recognises(head: bytes) -> bool:
    shape = shape_of(head)
    if shape.texts.get("reportFormat") == "CTRF":
        return True
    return shape.has("results.tool", "results.summary", "results.summary.tests")


def _read(stream: Readable, where: str) -> Reading:
    report = read_json(stream, _Report, where, "let the tool write its CTRF report again")
    tally = Tally(where)
    for test in report.results.tests:
        _count(tally, test)
    tally.claimed(report.results.summary.tests)
    if report.results.summary.failed > tally.bad:
        tally.broke(f"claims {report.results.summary.failed} failed tests, lists {tally.bad}")
    if report.results.summary.other > len(report.results.tests):
        tally.doubt(f"claims {report.results.summary.other} tests that ended otherwise")
    return tally.reading()


def _count(tally: Tally, test: _Test) -> None:
    suites = [test.suite] if isinstance(test.suite, str) else test.suite or []
    name = " > ".join([*suites, test.name])
    outcome = _OUTCOMES.get(test.status)
    if test.status == "other" and (test.raw or "").lower() in _NOT_RUN:
        outcome = "skipped"
    if outcome is None:
        what = f"the test {name} has the status {test.status[:80]!r}, which says nothing"
        tally.doubt(what, remedy="let the tool tell how that test ended")
        outcome = "skipped"
    if outcome == "passed" and test.start and test.stop == 0:
        tally.doubt(f"the test {name} began and never stopped: the run was broken off in it")
        outcome = "skipped"
    if outcome == "passed" and (test.flaky or (test.retries or 0) > 0):
        outcome = "flaky"
    message = test.message or test.trace or ""
    tally.add(outcome, name, message=message, seconds=duration(test.duration / 1000))


FORMAT = Format(
    name="ctrf",
    title="CTRF",
    proves="tests",
    written_by="the CTRF reporters of jest, Playwright, Cypress, pytest (`--ctrf F`), Go and more",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="ctrf/jest-ctrf-0.0.11.json", real=True, tool="jest-ctrf-json-reporter 0.0.11"),
        Sample(path="ctrf/pytest-json-ctrf-0.6.json", real=True, tool="pytest-json-ctrf 0.6"),
        Sample(
            path="ctrf/pytest-json-ctrf-good-0.6.json",
            real=False,
            tool="pytest-json-ctrf 0.6, good",
        ),
    ),
)
