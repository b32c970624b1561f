"""Playwright's JSON reporter: nested `suites`, `specs`, and a test for each project.

Source: playwright.dev, `JSONReport` in the testReporter types. `errors` are what broke outside of
tests; a test's `status` is expected, unexpected, flaky or skipped.
"""

from __future__ import annotations

from msgspec import Struct, field

from cdkit.core.errors import Unreadable
from cdkit.core.readable import Readable
from cdkit.evidence.decode import read_json
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import Reading
from cdkit.evidence.shape import shape_of
from cdkit.evidence.tally import Outcome, Tally, duration

_OUTCOMES: dict[str, Outcome] = {
    "expected": "passed",
    "unexpected": "failed",
    "flaky": "flaky",
    "skipped": "skipped",
}
_DEPTH = 50


class _Error(Struct, frozen=True):
    message: str = ""


class _Result(Struct, frozen=True):
    status: str | None = None
    duration: float = 0.0
    errors: list[_Error] = []


class _Test(Struct, frozen=True):
    status: str
    expected: str = field(name="expectedStatus", default="passed")
    project: str = field(name="projectName", default="")
    results: list[_Result] = []


class _Spec(Struct, frozen=True):
    title: str
    tests: list[_Test]
    ok: bool = True


class _Suite(Struct, frozen=True):
    title: str = ""
    specs: list[_Spec] = []
    suites: list[_Suite] = []


class _Stats(Struct, frozen=True):
    expected: int = 0
    unexpected: int = 0
    flaky: int = 0
    skipped: int = 0


class _Report(Struct, frozen=True):
    suites: list[_Suite]
    errors: list[_Error] = []
    stats: _Stats = _Stats()


def _recognises(head: bytes) -> bool:
    shape = shape_of(head)
    if not shape.has("config"):
        return False
    return shape.has("suites") or shape.has("config.rootDir", "config.projects")


def _read(stream: Readable, where: str) -> Reading:
    report = read_json(stream, _Report, where, "let playwright write it again: `--reporter=json`")
    tally = Tally(where)
    for error in report.errors:
        tally.broke(f"the run failed outside of its tests: {error.message}")
    for suite in report.suites:
        _walk(tally, suite, (), where)
    if report.stats.unexpected > tally.bad:
        tally.broke(f"claims {report.stats.unexpected} failed tests and lists {tally.bad}")
    stats = report.stats
    if (all_told := stats.expected + stats.unexpected + stats.flaky + stats.skipped) > tally.tests:
        tally.claimed(all_told)
    return tally.reading()


def _walk(tally: Tally, suite: _Suite, above: tuple[str, ...], where: str) -> None:
    if len(above) > _DEPTH:
        raise Unreadable(
            f"is nested more than {_DEPTH} suites deep", where=where, remedy="flatten the suites"
        )
    path = (*above, suite.title) if suite.title else above
    for spec in suite.specs:
        name, bad = " > ".join((*path, spec.title)), tally.bad
        for test in spec.tests:
            _count(tally, test, name)
        if not spec.ok and tally.bad == bad:
            tally.broke(f"the test {name} is told as not ok, and in no project did it fail"[:300])
    for inner in suite.suites:
        _walk(tally, inner, path, where)


def _count(tally: Tally, test: _Test, name: str) -> None:
    name = f"[{test.project}] {name}" if test.project else name
    outcome = _OUTCOMES.get(test.status)
    if outcome is None:
        tally.doubt(f"the test {name} has the unknown status {test.status[:80]!r}")
        outcome = "skipped"
    ended = test.results[-1].status if test.results else None
    if outcome in {"passed", "flaky"} and ended not in {test.expected, None}:
        tally.broke(f"the test {name} is told as {test.status}, and ended as {ended}"[:300])
    elif outcome in {"passed", "flaky"} and not test.results:
        tally.doubt(f"the test {name} is told as {test.status}, and never ran")
    elif outcome == "passed" and ended == "passed" and test.results[-1].errors:
        tally.doubt(f"the test {name} passed, and tells of an error"[:300])
    errors = [error.message for result in test.results for error in result.errors]
    seconds = sum(duration(result.duration / 1000) for result in test.results)
    tally.add(outcome, name, message=errors[0] if errors else "", seconds=seconds)


FORMAT = Format(
    name="playwright",
    title="Playwright JSON",
    proves="tests",
    written_by="`playwright test --reporter=json > F`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="playwright/playwright-1.65.json", real=True, tool="Playwright 1.65"),
        Sample(
            path="playwright/playwright-good-1.65.json", real=False, tool="Playwright 1.65, good"
        ),
    ),
)
