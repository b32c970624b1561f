"""Reports that seem to pass and do not say so: none of them is a yes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cdkit.core.verdict import Answer
from tests.evidence.test_format import answer

NO, UNKNOWN, YES = Answer.NO, Answer.CANNOT_TELL, Answer.YES


def sarif(*results: dict[str, Any], **run: object) -> bytes:
    tool = {"driver": {"name": "lint", "rules": [{"id": "r"}]}}
    whole = {"version": "2.1.0", "runs": [{"tool": tool, "results": results, **run}]}
    return json.dumps(whole).encode()


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"kind": "open"}, UNKNOWN),
        ({"level": "Error"}, UNKNOWN),
        ({"level": "fatal"}, UNKNOWN),
        ({"kind": "FAIL"}, UNKNOWN),
        ({"kind": "failed", "level": "error"}, NO),
        ({"kind": "fail"}, YES),
        ({"kind": "pass", "level": "Error"}, YES),
        ({"kind": "informational"}, YES),
    ],
)
def test_a_result_that_nobody_decided_is_no_pass(result: dict[str, str], expected: Answer) -> None:
    assert answer(sarif({"ruleId": "r", "message": {"text": "m"}} | result)) is expected


def test_results_that_stand_in_another_file_are_not_looked_at() -> None:
    elsewhere = {"results": [{"location": {"uri": "more.json"}}]}
    assert answer(sarif(externalPropertyFileReferences=elsewhere)) is UNKNOWN
    assert answer(sarif(externalPropertyFileReferences={"results": []})) is YES


def test_results_that_stand_beside_the_runs_are_not_looked_at() -> None:
    log = json.loads(sarif())
    beside = log | {"inlineExternalProperties": [{"results": [{"ruleId": "x"}]}]}

    assert answer(json.dumps(beside).encode()) is UNKNOWN


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("1..2 / ok 1 - a / ok 2 - b", YES),
        ("1..2 / ok 2 - b / ok 1 - a", YES),
        ("1..2 / ok - a / ok - b", YES),
        ("1..2 / ok 1 - a / ok - b", YES),
        ("1..2 / ok 1 - a / ok 1 - a", UNKNOWN),
        ("1..3 / ok 1 / ok 3 / ok 3", UNKNOWN),
        ("1..2 / ok 1 - a / ok 7 - b", UNKNOWN),
        ("1..2 / ok 0 - a / ok 1 - b", UNKNOWN),
        ("1..2 / ok 1 - a / not  ok 2 - b", NO),
        ("1..2 / ok 1 - a / ok 2 - b / bail out! the database", NO),
        ("1..2 / ok 1 - a / ok 2 - b / BAIL OUT!", NO),
    ],
)
def test_tap_numbers_each_test_once(lines: str, expected: Answer) -> None:
    text = "\n".join(["TAP version 13", *lines.split(" / "), ""])
    assert answer(text.encode()) is expected


def trx(outcome: str, counters: str = 'total="1"') -> bytes:
    return (
        '<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results>'
        f'<UnitTestResult testName="a" outcome="{outcome}"/></Results>'
        f'<ResultSummary outcome="Completed"><Counters {counters}/></ResultSummary></TestRun>'
    ).encode()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (trx("Passed"), YES),
        (trx("Completed"), UNKNOWN),
        (trx("Passed", 'total="1" failed="1"'), NO),
        (trx("Passed", 'total="1" passedButRunAborted="1"'), NO),
        (trx("Passed", 'total="1" timeout="1"'), NO),
        (trx("Failed", 'total="1" failed="1"'), NO),
    ],
)
def test_a_trx_whose_counters_say_failed_has_not_passed(data: bytes, expected: Answer) -> None:
    assert answer(data) is expected


def rows(total: int) -> bytes:
    inner = '<UnitTestResult testName="a (1)" outcome="Passed"/>' * 2
    return (
        '<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results>'
        f'<UnitTestResult testName="a" outcome="Passed"><InnerResults>{inner}</InnerResults>'
        '</UnitTestResult></Results><ResultSummary outcome="Completed">'
        f'<Counters total="{total}"/></ResultSummary></TestRun>'
    ).encode()


@pytest.mark.parametrize(("total", "expected"), [(2, YES), (3, YES), (4, UNKNOWN)])
def test_a_total_of_a_trx_may_hold_the_test_around_its_rows(total: int, expected: Answer) -> None:
    assert answer(rows(total)) is expected


JEST: dict[str, Any] = {
    "numFailedTestSuites": 0,
    "numTotalTests": 1,
    "success": True,
    "testResults": [
        {"name": "a.js", "assertionResults": [{"status": "passed", "fullName": "a"}]},
    ],
}


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ({}, YES),
        ({"numRuntimeErrorTestSuites": 0, "numFailedTests": 0}, YES),
        ({"numFailedTests": 3}, NO),
        ({"numRuntimeErrorTestSuites": 1}, NO),
        ({"numFailedTestSuites": 1}, NO),
    ],
)
def test_a_jest_run_that_claims_failures_has_not_passed(
    claim: dict[str, int], expected: Answer
) -> None:
    assert answer(json.dumps(JEST | claim).encode()) is expected


@pytest.mark.parametrize("hook", ["before", "after"])
def test_a_hook_of_a_step_that_failed_fails_its_scenario(hook: str) -> None:
    step = {"name": "g", "result": {"status": "passed"}, hook: [{"result": {"status": "failed"}}]}
    scenario = {"name": "s", "type": "scenario", "steps": [step]}
    feature = {"keyword": "Feature", "name": "f", "uri": "f.feature", "elements": [scenario]}
    assert answer(json.dumps([feature]).encode()) is NO
    step[hook] = [{"result": {"status": "passed"}}]
    assert answer(json.dumps([feature]).encode()) is YES


@pytest.mark.parametrize("stage", ["setup", "call", "teardown"])
def test_a_test_of_pytest_whose_stage_failed_has_not_passed(stage: str) -> None:
    test = {"nodeid": "t.py::a", "outcome": "passed", stage: {"outcome": "failed"}}
    whole = {"created": 1, "exitcode": 0, "root": "/", "summary": {"total": 1}, "tests": [test]}
    assert answer(json.dumps(whole).encode()) is NO
    test[stage] = {"outcome": "passed"}
    assert answer(json.dumps(whole).encode()) is YES


def test_a_ctrf_report_that_claims_tests_which_ended_otherwise_cannot_tell() -> None:
    def whole(other: int) -> bytes:
        results = {
            "tool": {"name": "x"},
            "summary": {"tests": 1, "failed": 0, "other": other},
            "tests": [{"name": "a", "status": "passed", "duration": 1}],
        }
        return json.dumps({"reportFormat": "CTRF", "results": results}).encode()

    assert (answer(whole(0)), answer(whole(3))) == (YES, UNKNOWN)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({"start": 1700000000000, "stop": 1700000000001}, YES),
        ({"start": 1700000000000, "stop": 0}, UNKNOWN),
        ({"start": 0, "stop": 0}, YES),
        ({"start": "2026-11-28T07:00:00Z", "stop": None}, YES),
    ],
)
def test_a_ctrf_test_that_never_stopped_has_not_passed(
    times: dict[str, object], expected: Answer
) -> None:
    test = {"name": "a", "status": "passed", "duration": 1} | times
    results = {"tool": {"name": "x"}, "summary": {"tests": 1}, "tests": [test]}
    assert answer(json.dumps({"reportFormat": "CTRF", "results": results}).encode()) is expected


@pytest.mark.parametrize(
    "header", ["timeStamp,elapsed,label", "timeStamp,elapsed,success,success", "elapsed,success"]
)
def test_a_jtl_without_its_columns_is_told(header: str) -> None:
    row = ",".join(
        {"timeStamp": "1764000000000", "elapsed": "5"}.get(n, "true") for n in header.split(",")
    )
    good = "timeStamp,elapsed,label,success\n1764000000000,5,a,true\n"
    assert answer(good.encode()) is YES
    assert answer(f"{header}\n{row}\n".encode()) is UNKNOWN


def playwright(status: str, *ended: str, **test: object) -> bytes:
    results = [{"status": one, "duration": 1} for one in ended]
    one = {"status": status, "results": results, **test}
    suite = {"title": "a", "specs": [{"title": "t", "tests": [one]}]}
    return json.dumps({"config": {"projects": []}, "suites": [suite], "errors": []}).encode()


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (playwright("expected", "passed"), YES),
        (playwright("expected", "failed", expectedStatus="failed"), YES),
        (playwright("flaky", "failed", "passed"), YES),
        (playwright("expected", "failed"), NO),
        (playwright("expected", "passed", "timedOut"), NO),
        (playwright("flaky", "passed", "interrupted"), NO),
        (playwright("expected", "passed", expectedStatus="failed"), NO),
        (playwright("expected"), UNKNOWN),
    ],
)
def test_what_playwright_tells_is_held_against_how_it_ended(
    report: bytes, expected: Answer
) -> None:
    assert answer(report) is expected


def nunit2(suite: str, case: str = "") -> bytes:
    return (
        '<?xml version="1.0"?><test-results name="a" total="1" errors="0" failures="0">'
        f'<test-suite name="a" executed="True" {suite}><results>'
        f'<test-case name="t" executed="True" result="Success" {case}/>'
        "</results></test-suite></test-results>"
    ).encode()


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (nunit2('result="Success" success="True"', 'success="True"'), YES),
        (nunit2('result="Inconclusive" success="False"'), YES),
        (nunit2('success="True"'), YES),
        (nunit2('result="Failure" success="False"'), NO),
        (nunit2('result="Error"'), NO),
        (nunit2('success="False"'), NO),
        (nunit2('result="Success"', 'success="False"'), NO),
    ],
)
def test_a_suite_of_nunit_that_failed_is_no_pass(report: bytes, expected: Answer) -> None:
    assert answer(report) is expected


def xunit1(of_class: str = "") -> bytes:
    return (
        '<assembly name="a.dll" total="1" passed="1" failed="0" skipped="0" '
        'test-framework="xUnit.net 1.9.2"><class name="T" total="1" passed="1" failed="0">'
        f'<test name="T.a" type="T" method="a" result="Pass" time="0.1"/>{of_class}'
        "</class></assembly>"
    ).encode()


def nunit3(failed: str) -> bytes:
    return (
        f'<test-run id="0" result="Passed" total="1" failed="{failed}">'
        '<test-suite type="Assembly" name="a" result="Passed">'
        '<test-case name="t" result="Passed"/></test-suite></test-run>'
    ).encode()


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (xunit1(), YES),
        (xunit1('<failure exception-type="E"><message>clean-up</message></failure>'), NO),
        (nunit3("0"), YES),
        (nunit3("1"), NO),
        (trx("NotRunnable"), NO),
    ],
)
def test_what_broke_outside_of_tests_or_could_not_be_run_has_not_passed(
    report: bytes, expected: Answer
) -> None:
    assert answer(report) is expected


def ctest(message: str) -> bytes:
    return (
        '<testsuite name="(empty)" tests="2" failures="0" disabled="0" skipped="1">'
        '<testcase name="a" classname="a" time="0.1" status="run"/>'
        '<testcase name="b" classname="b" time="0" status="notrun">'
        f'<skipped message="{message}"/></testcase></testsuite>'
    ).encode()


LISTED = (
    b'<testsuites tests="1" name="AllTests"><testsuite name="A" tests="1">'
    b'<testcase name="a" file="a.cc" line="2"%s/></testsuite></testsuites>'
)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (ctest("SKIP_RETURN_CODE=77"), YES),
        (ctest("Unable to find executable"), NO),
        (LISTED % b"", UNKNOWN),
        (LISTED % b' status="run" result="completed" time="0"', YES),
    ],
)
def test_a_test_that_a_tool_lists_or_could_not_start_did_not_run(
    report: bytes, expected: Answer
) -> None:
    assert answer(report) is expected


@pytest.mark.parametrize(("duration", "expected"), [({}, UNKNOWN), ({"duration": 0}, YES)])
def test_a_dry_run_of_mocha_ran_nothing(duration: dict[str, int], expected: Answer) -> None:
    test = {"title": "a", "fullTitle": "a", "currentRetry": 0, "err": {}, **duration}
    stats = {"suites": 1, "tests": 1, "passes": 1, "pending": 0, "failures": 0, "duration": 1}
    whole = {"stats": stats, "tests": [test], "pending": [], "failures": [], "passes": [test]}
    assert answer(json.dumps(whole).encode()) is expected


GO = [
    {"Action": "start", "Package": "p"},
    {"Action": "run", "Package": "p", "Test": "A"},
    {"Action": "pass", "Package": "p", "Test": "A"},
    {"Action": "pass", "Package": "p"},
]


@pytest.mark.parametrize(("cut", "expected"), [(8, YES), (7, UNKNOWN), (6, UNKNOWN)])
def test_a_package_of_go_that_is_run_again_must_end_again(cut: int, expected: Answer) -> None:
    lines = [json.dumps(event) for event in [*GO, *GO][:cut]]
    assert answer("\n".join([*lines, ""]).encode()) is expected


def k6(thresholds: dict[str, dict[str, Any]], failed: int = 5) -> bytes:
    rate = {"rate": failed / 100, "passes": failed, "fails": 100 - failed}
    values: dict[str, dict[str, Any]] = {
        "http_reqs": {"count": 100, "rate": 10},
        "http_req_duration": {"avg": 5, "min": 1, "med": 4, "max": 9, "p(95)": 9},
        "http_req_failed": rate,
        "errors": rate,
        "lost": {"count": 0, "rate": 0},
    }
    metrics = {
        name: {"values": one, "thresholds": thresholds.get(name, {})}
        for name, one in values.items()
    }
    return json.dumps({"root_group": {}, "metrics": metrics}).encode()


KEPT = {"a threshold": {"ok": True}}


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        ({}, NO),
        ({"http_req_duration": KEPT}, NO),
        ({"http_reqs": KEPT}, NO),
        ({"http_req_failed": KEPT}, YES),
        ({"errors": KEPT, "http_req_duration": KEPT}, YES),
        ({"lost": KEPT}, YES),
    ],
)
def test_a_threshold_on_times_says_nothing_of_what_failed(
    thresholds: dict[str, dict[str, Any]], expected: Answer
) -> None:
    assert answer(k6(thresholds)) is expected
    assert answer(k6(thresholds, failed=0)) is YES


@pytest.mark.parametrize(("success", "expected"), [("true", YES), ("false", NO)])
def test_a_transaction_that_failed_though_its_requests_did_not(
    success: str, expected: Answer
) -> None:
    told = "Number of samples in transaction : 1, number of failing samples : 0"
    rows = (
        "timeStamp,elapsed,label,responseMessage,success",
        "1764000000000,5,a,OK,true",
        f'1764000000000,5,tx,"{told}",{success}',
    )
    assert answer("\n".join([*rows, ""]).encode()) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ok - a / ok - b / 1..2", YES),
        ("1..2 / ok 1 - a / not ok 2 - b # SKIP no disk", YES),
        ("1..1 / not ok 1 - b # SKIP no disk", UNKNOWN),
        ("1..2 / ok 1 - a / not ok 2 # SKIP b / # ok - g", YES),
        ("1..2 / not ok 1 - a / # 1 != 2 / not ok 2 # SKIP b / # not ok - g", NO),
        ("1..2 / ok 1 - a / not ok 2 - b # SKIP why /   --- /   error: boom /   ...", NO),
        ("1..2 / not ok 1 - b # SKIP why / not ok 2 - a", NO),
        ("ok 1 - a / not ok 2 - b # TODO / 1..2 / # fail 1", YES),
        ("ok 1 - a / not ok 2 - b # TODO / 1..2 / # fail 2", NO),
        ("ok 1 - a / not ok 2 - b # TODO / 1..2 / # fail 1 / # todo 1", NO),
    ],
)
def test_tap_of_bats_ava_and_without_numbers(text: str, expected: Answer) -> None:
    assert answer("\n".join([*text.split(" / "), ""]).encode()) is expected
