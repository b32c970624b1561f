"""k6's machine-readable summary: what was measured counts, and no threshold is taken for kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cdkit.core.verdict import Answer
from tests.evidence.test_format import answer, read

NO, UNKNOWN, YES = Answer.NO, Answer.CANNOT_TELL, Answer.YES


def metric(name: str, **values: float) -> dict[str, Any]:
    return {"name": name, "type": "?", "contains": "default", "values": values}


def summary(*metrics: dict[str, Any], version: str = "1.0.0", **results: object) -> bytes:
    sent = metric("http_reqs", count=45)
    return json.dumps(
        {
            "version": version,
            "metadata": {"generatedAt": "2026-11-20T10:00:00Z", "k6Version": "2.0.0"},
            "config": {"execution": "local", "duration": 6.5},
            "results": {"metrics": [sent, *metrics]} | results,
        }
    ).encode()


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (summary(passed=True), YES),
        (summary(passed=False), NO),
        (summary(), UNKNOWN),
        (summary(passed=None), UNKNOWN),
        (summary(passed="yes"), UNKNOWN),
        (summary(passed=True, thresholds=[]), UNKNOWN),
        (summary(metric("a", count=1) | {"thresholds": {}}, passed=True), UNKNOWN),
        (summary(passed=True, version="2.0.0"), UNKNOWN),
        (summary(metric("http_req_failed", matches=0, rate=0, total=45), passed=True), YES),
        (summary(metric("http_req_failed", matches=1, rate=0.02, total=45), passed=True), NO),
        (summary(metric("http_req_failed", matches=0, rate=1, total=45), passed=True), NO),
        (summary(metric("http_req_failed", rate=0.02, passes=44, fails=1), passed=True), NO),
        (summary(metric("http_req_failed", matches=-1, rate=0, total=45), passed=True), YES),
        (summary(metric("http_req_failed", matches=1, rate=-1, total=45), passed=True), NO),
        (summary(metric("http_req_failed", rate=1e300, total=1e300), passed=True), NO),
        (summary(passed=True, checks={"results": None}), YES),
        (summary(passed=True, checks={"results": [{"name": "up", "fails": 0}]}), YES),
        (summary(passed=True, checks={"results": [{"name": "up", "fails": 2}]}), NO),
        (summary(passed=True, checks={"results": [{"name": "up"}]}), UNKNOWN),
        (summary(passed=True, metrics=[]), UNKNOWN),
        (summary(passed=True, metrics=[metric("http_reqs", count=0)]), UNKNOWN),
    ],
)
def test_a_summary_that_says_too_little_is_no_pass(report: bytes, expected: Answer) -> None:
    assert answer(report) is expected


def test_it_says_which_summary_holds_the_thresholds_and_keeps_what_was_measured() -> None:
    reading = read(summary(metric("http_req_duration", avg=12.5)))
    assert [reason.what for reason in reading.reasons] == [
        "does not say whether the thresholds of the script were kept, nor that it had none"
    ]
    assert "K6_NEW_MACHINE_READABLE_SUMMARY=false" in reading.reasons[0].remedy
    numbers = {one.name: one.value for one in reading.metrics}
    assert numbers == {"http_reqs.count": 45, "mean": 12.5}
    assert reading.duration == 6.5
