"""Reports in JSON whose tests pass beside an error that they tell of: none of them is a yes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cdkit.core.verdict import Answer
from tests.evidence.test_format import answer

NO, UNKNOWN, YES = Answer.NO, Answer.CANNOT_TELL, Answer.YES
Keys = dict[str, Any]
ERROR = {"message": "boom"}


def playwright(
    result: Keys | None = None, spec: Keys | None = None, stats: Keys | None = None
) -> bytes:
    ended = {"status": "passed", "duration": 1} | (result or {})
    test = {"status": "expected", "expectedStatus": "passed", "results": [ended]}
    suite = {"title": "a", "specs": [{"title": "t", "tests": [test]} | (spec or {})]}
    whole = {"config": {"projects": []}, "suites": [suite], "errors": [], "stats": stats or {}}
    return json.dumps(whole).encode()


def cucumber(**result: object) -> bytes:
    step = {"keyword": "Given ", "name": "g", "result": {"status": "passed"} | result}
    scenario = {"type": "scenario", "keyword": "Scenario", "name": "s", "steps": [step]}
    feature = {"keyword": "Feature", "name": "f", "uri": "f", "elements": [scenario]}
    return json.dumps([feature]).encode()


def rspec(**example: object) -> bytes:
    usual = {"status": "passed", "full_description": "a", "file_path": "a.rb", "line_number": 1}
    summary = {"example_count": 1, "failure_count": 0}
    whole = {"version": "3.13", "examples": [usual | example], "summary": summary}
    return json.dumps(whole).encode()


def pytests(exitcode: int, outcome: str = "passed", **summary: int) -> bytes:
    test = {"nodeid": "t.py::a", "outcome": outcome}
    whole = {"created": 1, "exitcode": exitcode, "root": "/", "summary": {"total": 1} | summary}
    return json.dumps(whole | {"tests": [test]}).encode()


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (playwright(), YES),
        (playwright({"errors": []}, {"ok": True}), YES),
        (playwright({"errors": [ERROR]}), UNKNOWN),
        (playwright(spec={"ok": False}), NO),
        (playwright(stats={"expected": 1, "skipped": 0}), YES),
        (playwright(stats={"expected": 5}), UNKNOWN),
        (playwright(stats={"expected": 1, "skipped": 4}), UNKNOWN),
        (cucumber(), YES),
        (cucumber(error_message=None), YES),
        (cucumber(error_message="boom"), UNKNOWN),
        (cucumber(status="pending"), NO),
        (rspec(), YES),
        (rspec(exception=None), YES),
        (rspec(exception={"class": "E", "message": "boom"}), UNKNOWN),
        (rspec(status="failed", exception={"class": "E", "message": "boom"}), NO),
        (pytests(0), YES),
        (pytests(0, collected=1), YES),
        (pytests(0, collected=7, deselected=6), YES),
        (pytests(0, collected=7), UNKNOWN),
        (pytests(5), UNKNOWN),
        (pytests(2), UNKNOWN),
        (pytests(1), NO),
        (pytests(0, "subtests passed"), YES),
        (pytests(1, "subtests passed"), NO),
        (pytests(2, "subtests passed"), UNKNOWN),
    ],
)
def test_a_pass_beside_an_error_is_none(report: bytes, expected: Answer) -> None:
    assert answer(report) is expected
