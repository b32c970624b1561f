"""Jest's own JSON (`--json`), which Vitest writes too: `testResults` with `assertionResults`.

Source: jestjs.io, `--json` and `testResultsProcessor`. A file that did not load has the status
`failed` and no assertion results; `invocations` is above one where a test was tried again. What
jest calls `pending` was skipped. Vitest calls that `skipped`, and `pending` a test without an end:
its worker died. It is known by having no `numRuntimeErrorTestSuites`.
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
    "focused": "passed",
    "failed": "failed",
    "pending": "skipped",
    "skipped": "skipped",
    "todo": "skipped",
    "disabled": "skipped",
}


class _Assertion(Struct, frozen=True):
    status: str
    name: str = field(name="fullName", default="")
    title: str = ""
    duration: float | None = None
    invocations: int | None = None
    messages: list[str] | None = field(name="failureMessages", default=None)


class _File(Struct, frozen=True):
    assertions: list[_Assertion] = field(name="assertionResults")
    name: str = ""
    status: str = ""
    message: str | None = ""


class _Report(Struct, frozen=True):
    tests: int = field(name="numTotalTests")
    failed_suites: int = field(name="numFailedTestSuites")
    files: list[_File] = field(name="testResults")
    success: bool
    failed: int = field(name="numFailedTests", default=0)
    unloaded: int | None = field(name="numRuntimeErrorTestSuites", default=None)
    interrupted: bool | None = field(name="wasInterrupted", default=False)


def _recognises(head: bytes) -> bool:
    return shape_of(head).has("numFailedTestSuites", "numTotalTests")


def _read(stream: Readable, where: str) -> Reading:
    report = read_json(stream, _Report, where, "let jest write it again: `--json --outputFile=F`")
    tally = Tally(where)
    broken = unended = 0
    for file in report.files:
        before = tally.bad
        for assertion in file.assertions:
            _count(tally, assertion)
            unended += report.unloaded is None and assertion.status == "pending"
        if file.status == "failed" and tally.bad == before:
            broken += 1
            tally.broke(f"{file.name} failed outside of its tests: {file.message or ''}")
    tally.claimed(report.tests)
    if unended:
        tally.doubt(f"{unended} tests never ended: the worker that ran them died")
    if report.interrupted:
        tally.doubt("the run was interrupted")
    if report.failed > tally.bad:
        tally.broke(f"claims {report.failed} failed tests and lists {tally.bad}")
    if max(report.unloaded or 0, report.failed_suites) and not tally.bad and not broken:
        tally.broke("claims files that failed, and lists none")
    elif not report.success and not tally.bad and not broken:
        tally.broke("the run did not succeed, and no test failed")
    return tally.reading()


def _count(tally: Tally, test: _Assertion) -> None:
    name = test.name or test.title
    outcome = _OUTCOMES.get(test.status)
    if outcome is None:
        tally.doubt(f"the test {name} has the unknown status {test.status[:80]!r}")
        outcome = "skipped"
    if outcome == "passed" and ((test.invocations or 0) > 1 or test.messages):
        outcome = "flaky"  # Vitest keeps what a test failed with before it was run again
    seconds = duration((test.duration or 0.0) / 1000)
    tally.add(outcome, name, message="\n".join(test.messages or ()), seconds=seconds)


FORMAT = Format(
    name="jest",
    title="jest JSON",
    proves="tests",
    written_by="`jest --json --outputFile=F` · `vitest run --reporter=json --outputFile=F`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="jest/jest-30.json", real=True, tool="jest 30"),
        Sample(path="jest/vitest-4.1.json", real=True, tool="Vitest 4.1"),
        Sample(path="jest/vitest-4.1-killed.json", real=True, tool="Vitest 4.1, killed"),
        Sample(path="jest/vitest-good-4.1.json", real=False, tool="Vitest 4.1, good"),
    ),
)
