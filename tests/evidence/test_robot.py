"""Robot Framework: what of a run its outputs tell too late, or as a pass that is none."""

import json

import pytest

from cdkit.core.verdict import Answer
from tests.evidence.test_format import answer, read

NO, UNKNOWN, YES = Answer.NO, Answer.CANNOT_TELL, Answer.YES
LOG = '<kw name="Log" owner="BuiltIn"{}><status status="{}"/></kw>'
RAN = LOG.format("", "PASS")
IDLE = LOG.format("", "NOT RUN")
MERGED = (
    "*HTML* &lt;span class=&quot;merge&quot;&gt;Test has been re-executed and results merged."
    "&lt;/span&gt;&lt;hr&gt;&lt;span class=&quot;old-status&quot;&gt;Old status:&lt;/span&gt; "
    "&lt;span class=&quot;{}&quot;&gt;X&lt;/span&gt;"
)


def case(within: str, status: str = "PASS", message: str = "", name: str = "t") -> str:
    return f'<test name="{name}">{within}<status status="{status}">{message}</status></test>'


def suite(within: str, status: str = "PASS", name: str = "S") -> str:
    return f'<suite name="{name}">{within}<status status="{status}"/></suite>'


def output(within: str, total: str = 'pass="1" fail="0" skip="0"', errors: str = "") -> bytes:
    return (
        f'<robot generator="Robot 7.5 (Python)">{within}<statistics><total><stat {total}>All Tests'
        f'</stat></total><suite><stat name="S" id="s1" pass="1" fail="0">S</stat></suite>'
        f"</statistics><errors>{errors}</errors></robot>"
    ).encode()


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        (suite(case(RAN)), YES),
        (suite(case(RAN, "FAIL", "two is not three"), "FAIL"), NO),
        (suite(case(RAN, "fail")), NO),
        (suite(case(RAN, "NOT RUN")), UNKNOWN),
        (suite(case(RAN, "")), UNKNOWN),
        (suite(case(RAN, "SKIP"), "SKIP"), UNKNOWN),
        (suite(case(RAN), "FAIL"), NO),
        (suite(case(RAN), ""), UNKNOWN),
        (suite(case(f'{RAN}<status status="FAIL"/>')), UNKNOWN),
        (suite(case(RAN)) + "<robot/>", UNKNOWN),
        (suite(""), UNKNOWN),
        (suite(suite(case(RAN)) + LOG.format(' type="TEARDOWN"', "FAIL"), "FAIL"), NO),
        (suite(suite(case(RAN)) + LOG.format(' type="teardown"', "FAIL")), NO),
        (suite(case(RAN) + LOG.format(' type="TEARDOWN"', "SKIP"), "SKIP"), UNKNOWN),
        (suite(case(RAN) + LOG.format(' type="TEARDOWN"', "ODD")), UNKNOWN),
        (suite(case(RAN + LOG.format(' type="TEARDOWN"', "PASS"))), YES),
    ],
)
def test_a_test_is_as_good_as_what_stands_around_it(within: str, expected: Answer) -> None:
    assert answer(output(within)) is expected


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        (case(""), UNKNOWN),
        (case(IDLE), UNKNOWN),
        (case(LOG.format("", "NOT_RUN")), UNKNOWN),
        (case(f'<kw name="Mine">{IDLE}<status status="PASS"/></kw>'), UNKNOWN),
        (case(f'<for><iter>{IDLE}<status status="PASS"/></iter><status status="PASS"/></for>'),
         UNKNOWN),
        (case('<variable name="x"><var>1</var><status status="PASS"/></variable>'), UNKNOWN),
        (case('<kw name="Log"><status status="ODD"/></kw>'), UNKNOWN),
        (case('<kw name="Set Tags"><status status="PASS"/></kw>'), UNKNOWN),
        (case('<kw name="Run Keyword If"><status status="PASS"/></kw>'), UNKNOWN),
        (case('<kw name="M"><status status="PASS">Content removed robot-note</status></kw>'),
         UNKNOWN),
        (case(f'<kw name="Run Keyword">{RAN}<status status="PASS"/></kw>'), YES),
        (case(f'<if><branch>{IDLE}<status status="NOT RUN"/></branch>{RAN}'
              '<status status="PASS"/></if>'), YES),
    ],
)  # fmt: skip
def test_a_dry_run_proves_nothing(within: str, expected: Answer) -> None:
    assert answer(output(suite(within))) is expected


def test_a_dry_run_beside_a_real_one_counts_as_skipped() -> None:
    both = suite(case(RAN)) + suite(case(IDLE, name="dry"))
    counts = read(output(suite(both), 'pass="2" fail="0"')).counts
    assert counts is not None
    assert (counts.passed, counts.skipped) == (1, 1)


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        ('pass="1" fail="0"', YES),
        ('pass="0" fail="1"', NO),
        ('pass="2" fail="0"', UNKNOWN),
        ('pass="1" fail="0" skip="1"', UNKNOWN),
        ('pass="x" fail="0"', UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_a_run_lists_what_its_statistics_count(total: str, expected: Answer) -> None:
    assert answer(output(suite(case(RAN)), total)) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("<msg level=\"ERROR\">Error in file 'a.robot' on line 3: Importing failed</msg>", UNKNOWN),
        ("<msg level=\"WARN\">Error in file 'a.robot' on line 3: deprecated</msg>", YES),
        ('<msg level="ERROR">logged by a test</msg>', YES),
    ],
)
def test_a_file_that_was_not_loaded_is_a_doubt(error: str, expected: Answer) -> None:
    assert answer(output(suite(case(RAN)), errors=error)) is expected


@pytest.mark.parametrize(("old", "flaky"), [("fail", 1), ("pass", 0), ("odd", 1)])
def test_a_test_that_passed_when_run_again_is_flaky(old: str, flaky: int) -> None:
    counts = read(output(suite(case(RAN, message=MERGED.format(old))))).counts
    assert counts is not None
    assert (counts.passed, counts.flaky) == (1, flaky)


def test_a_flaky_test_that_its_teardown_fails_is_flaky_no_more() -> None:
    flaky = case(RAN, message=MERGED.format("fail"))
    found = read(output(suite(flaky + LOG.format(' type="TEARDOWN"', "FAIL"), "FAIL")))
    assert found.counts is not None
    assert (found.counts.passed, found.counts.flaky, found.counts.failed) == (0, 0, 1)
    assert (found.flaky, [one.name for one in found.failures]) == ((), ["S.t"])


def as_json(test: dict[str, object], total: dict[str, int] | None) -> bytes:
    inner = {"name": "S", "status": "PASS", "tests": [{"name": "t", "status": "PASS"} | test]}
    whole: dict[str, object] = {"generator": "Robot 7.3.2 (Python)", "suite": inner}
    return json.dumps(whole | ({"statistics": {"total": total}} if total else {})).encode()


@pytest.mark.parametrize(
    ("test", "total", "expected"),
    [
        ({"body": [{"name": "Log", "status": "PASS"}]}, {"pass": 1, "fail": 0}, YES),
        ({"body": [{"name": "Log", "status": "PASS"}]}, None, UNKNOWN),
        ({"body": [{"name": "Log", "status": "NOT RUN"}]}, {"pass": 1, "fail": 0}, UNKNOWN),
        ({"body": [{"type": "MESSAGE", "message": "x"}]}, {"pass": 1, "fail": 0}, UNKNOWN),
        ({"body": [{"type": "VAR", "status": "PASS"}]}, {"pass": 1, "fail": 0}, UNKNOWN),
        ({"status": "FAIL"}, {"pass": 1, "fail": 0}, NO),
        ({"status": "Odd"}, {"pass": 1, "fail": 0}, UNKNOWN),
        ({"status": None}, {"pass": 1, "fail": 0}, UNKNOWN),
    ],
)
def test_the_json_output_is_read_as_the_xml_one(
    test: dict[str, object], total: dict[str, int] | None, expected: Answer
) -> None:
    assert answer(as_json(test, total)) is expected


def test_a_robot_of_another_kind_is_no_report() -> None:
    assert answer(b'<robot name="arm"><link name="a"/></robot>') is UNKNOWN
