"""Runs that are told event by event: what they say of a failure beside their tests is heard."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cdkit.core.verdict import Answer
from tests.evidence.test_format import answer, read

NO, UNKNOWN, YES = Answer.NO, Answer.CANNOT_TELL, Answer.YES
Event = dict[str, Any]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# tests 2 / # pass 2 / # fail 0 / # cancelled 0", YES),
        ("# tests 2 / # pass  2", YES),
        ("# fail 1", NO),
        ("# fail  1", NO),
        ("# cancelled 1", NO),
        ("# failed 1 test", NO),
        ("# Looks like you failed 1 test of 2.", NO),
        ("# Looks like your test exited with 255 just after 2.", NO),
        ("    # Looks like you failed 1 test of 2.", YES),
        ("# fail over 2 seconds", YES),
    ],
)
def test_what_tap_says_after_its_tests_is_heard(text: str, expected: Answer) -> None:
    lines = ["1..2", "ok 1 - a", "ok 2 - b", *text.split(" / "), ""]
    assert answer("\n".join(lines).encode()) is expected


@pytest.mark.parametrize(
    ("inside", "expected"),
    [("  why: not ok 2", YES), ("  not ok 2 - b", YES), ("not ok 2 - b", NO)],
)
def test_no_test_of_tap_hides_in_the_diagnosis_of_another(inside: str, expected: Answer) -> None:
    lines = ["1..2", "ok 1 - a", "  ---", inside, "  ...", "ok 2 - c", ""]
    assert answer("\n".join(lines).encode()) is expected


GO: list[Event] = [
    {"Action": "start", "Package": "p"},
    {"Action": "run", "Package": "p", "Test": "A"},
    {"Action": "pass", "Package": "p", "Test": "A"},
    {"Action": "pass", "Package": "p"},
]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("go: downloading a v1.0.0", YES),
        (' {"Action":"fail","Package":"q"}', UNKNOWN),
        ('half a line{"Time":"t","Action":"fail","Package":"q"}', UNKNOWN),
    ],
)
def test_an_event_of_go_behind_other_text_is_a_doubt(line: str, expected: Answer) -> None:
    lines = [*(json.dumps(event) for event in GO), line, ""]
    assert answer("\n".join(lines).encode()) is expected


START: Event = {"type": "start", "protocolVersion": "0.1.1", "runnerVersion": "1.25", "time": 0}
BEGUN: Event = {"type": "testStart", "test": {"id": 1, "name": "a"}, "time": 1}
PASSED: Event = {"type": "testDone", "testID": 1, "result": "success", "time": 2}
ERROR: Event = {"type": "error", "testID": 1, "error": "boom", "time": 2}
SUITE: Event = {"type": "suite", "suite": {"id": 0, "path": "a_test.dart"}, "time": 0}


def done(*, success: bool = True) -> Event:
    return {"type": "done", "success": success, "time": 3}


def suites(count: int) -> Event:
    return {"type": "allSuites", "count": count, "time": 1}


def dart(*events: Event) -> bytes:
    return "\n".join([*map(json.dumps, (START, *events)), ""]).encode()


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (dart(BEGUN, PASSED, done()), YES),
        (dart(BEGUN, PASSED, ERROR, done()), NO),
        (dart(BEGUN, PASSED, ERROR, done(success=False)), NO),
        (dart(BEGUN, PASSED, done(success=False), BEGUN, PASSED, done()), NO),
        (dart(SUITE, suites(1), BEGUN, PASSED, done()), YES),
        (dart(SUITE, suites(2), BEGUN, PASSED, done()), UNKNOWN),
    ],
)
def test_dart_tells_of_errors_after_a_test_and_of_suites_that_are_missing(
    report: bytes, expected: Answer
) -> None:
    assert answer(report) is expected


def test_a_test_of_dart_that_passed_when_run_again_is_flaky() -> None:
    counts = read(dart(BEGUN, ERROR, PASSED, done())).counts
    assert counts is not None
    assert (counts.passed, counts.flaky, counts.failed) == (1, 1, 0)


def test_a_test_of_vitest_that_keeps_its_failures_is_flaky() -> None:
    test = {"status": "passed", "fullName": "a", "failureMessages": ["boom"]}
    whole = {
        "numFailedTestSuites": 0,
        "numTotalTests": 1,
        "success": True,
        "testResults": [{"name": "a.js", "status": "passed", "assertionResults": [test]}],
    }
    counts = read(json.dumps(whole).encode()).counts
    assert counts is not None
    assert (counts.passed, counts.flaky) == (1, 1)


@pytest.mark.parametrize(
    ("err", "retry", "expected"),
    [({}, 0, YES), ({"message": "boom"}, 0, UNKNOWN), ({"message": "boom"}, 1, YES)],
)
def test_a_test_of_mocha_that_passed_tells_of_no_error(
    err: dict[str, str], retry: int, expected: Answer
) -> None:
    test = {"title": "a", "fullTitle": "a", "duration": 1, "currentRetry": retry, "err": err}
    stats = {"suites": 1, "tests": 1, "passes": 1, "pending": 0, "failures": 0, "duration": 1}
    whole = {"stats": stats, "tests": [test], "pending": [], "failures": [], "passes": [test]}
    assert answer(json.dumps(whole).encode()) is expected
