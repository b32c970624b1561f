"""What a report claims and does not list: lines that are covered less, requests that failed."""

from __future__ import annotations

import json

import pytest

from cdkit.core.verdict import Answer
from tests.evidence.test_format import answer

NO, UNKNOWN, YES = Answer.NO, Answer.CANNOT_TELL, Answer.YES


def lcov(*sections: str) -> bytes:
    return "".join(f"SF:{one.replace(' ', chr(10))}\nend_of_record\n" for one in sections).encode()


def cobertura(claims: str) -> bytes:
    return (
        f'<coverage line-rate="0.5" {claims}><packages><package><classes><class filename="a">'
        '<lines><line number="1" hits="1"/><line number="2" hits="0"/></lines></class></classes>'
        "</package></packages></coverage>"
    ).encode()


def coverage_py(covered: int, lines: int) -> bytes:
    file = {"executed_lines": [1], "missing_lines": [2], "excluded_lines": []}
    totals = {"covered_lines": covered, "num_statements": lines}
    return json.dumps(
        {"meta": {"branch_coverage": False}, "files": {"a.py": file}, "totals": totals}
    ).encode()


def jacoco(missed: int, covered: int) -> bytes:
    return (
        '<report name="r"><package name="p"><sourcefile name="A.java">'
        '<line nr="1" mi="0" ci="1" mb="0" cb="0"/></sourcefile></package>'
        f'<counter type="LINE" missed="{missed}" covered="{covered}"/></report>'
    ).encode()


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (lcov("x.c DA:1,1 LF:1 LH:1"), YES),
        (lcov("x.c DA:1,1 LF:9 LH:9"), YES),
        (lcov("x.c DA:1,1 DA:2,1 LF:3 LH:1"), YES),
        (lcov("x.c DA:1,1", "y.c LF:1000 LH:0"), UNKNOWN),
        (lcov("x.c DA:1,1", "y.c LF:0 LH:0"), YES),
        (lcov("x.c DA:1,1 DA:2,0 LF:2 LH:1", "x.c DA:1,0 DA:2,1 LF:2 LH:1"), YES),
        (cobertura(""), YES),
        (cobertura('lines-valid="2" lines-covered="1"'), YES),
        (cobertura('lines-valid="4" lines-covered="2"'), YES),
        (cobertura('lines-valid="1" lines-covered="0"'), YES),
        (cobertura('lines-valid="100" lines-covered="46"'), YES),
        (cobertura('lines-valid="100" lines-covered="44"'), UNKNOWN),
        (coverage_py(1, 2), YES),
        (coverage_py(1, 100), UNKNOWN),
        (jacoco(0, 1), YES),
        (jacoco(90, 10), UNKNOWN),
    ],
)
def test_lines_that_are_claimed_and_not_listed_are_not_taken_for_covered(
    report: bytes, expected: Answer
) -> None:
    assert answer(report) is expected


@pytest.mark.parametrize(("covered", "expected"), [(10, YES), (0, UNKNOWN), (None, YES)])
def test_a_total_of_istanbul_is_that_of_its_files(covered: int | None, expected: Answer) -> None:
    def of(number: int) -> dict[str, dict[str, int]]:
        one = {"total": 10, "covered": number, "skipped": 0, "pct": number * 10}
        return dict.fromkeys(("lines", "statements", "functions", "branches"), one)

    files = {} if covered is None else {"/a.js": of(covered)}
    assert answer(json.dumps({"total": of(10)} | files).encode()) is expected


COLUMNS = "Type,Name,Request Count,Failure Count,Average Response Time"


@pytest.mark.parametrize(("failed", "expected"), [("0", YES), ("5", NO)])
def test_a_row_of_locust_that_failed_is_in_its_sum(failed: str, expected: Answer) -> None:
    lines = (COLUMNS, f"GET,/,10,{failed},1", ",Aggregated,10,0,1", "")
    assert answer("\n".join(lines).encode()) is expected


@pytest.mark.parametrize(("ok", "expected"), [(10, YES), (5, NO), ("?", NO), (None, YES)])
def test_a_request_of_gatling_that_was_not_ok_failed(
    ok: int | str | None, expected: Answer
) -> None:
    one = {"total": 10, "ko": 0} | ({} if ok is None else {"ok": ok})
    stats = {"numberOfRequests": one, "meanResponseTime": {"total": 1}}
    assert answer(json.dumps({"type": "GROUP", "stats": stats}).encode()) is expected


def gatling_log(*records: str) -> bytes:
    request = "REQUEST\t\ta\t1764000000000\t1764000000005\tOK\t "
    run = "RUN\tsim\tsim\t1764000000000\t \t3.9.5"
    return "\n".join((run, request, *records, "")).encode()


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (gatling_log(), YES),
        (gatling_log("USER\ts\tEND\t1764000000000"), YES),
        (gatling_log("ERROR\tNo attribute named 'id' is defined\t1764000000000"), UNKNOWN),
    ],
)
def test_a_user_of_gatling_that_had_an_error_sent_less_than_it_should(
    report: bytes, expected: Answer
) -> None:
    assert answer(report) is expected


def jmeter(within: str) -> bytes:
    return (
        '<testResults version="1.2"><httpSample t="1" s="true" lb="a">'
        f"{within}</httpSample></testResults>"
    ).encode()


RESULT = "<name>x</name><failure>{}</failure><error>{}</error>"
ASSERTION = f"<assertionResult>{RESULT}</assertionResult>"


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        ("", YES),
        ('<httpSample t="1" s="true" lb="b"/>', YES),
        ('<httpSample t="1" s="false" lb="b"/>', NO),
        ('<sample t="1" s="true"><sample t="1" s="false"/></sample>', NO),
        (ASSERTION.format("false", "false"), YES),
        (ASSERTION.format("true", "false"), NO),
        (ASSERTION.format("false", "true"), NO),
    ],
)
def test_a_sample_of_jmeter_fails_with_its_parts_and_assertions(
    within: str, expected: Answer
) -> None:
    assert answer(jmeter(within)) is expected
