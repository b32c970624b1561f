"""The reports of .NET's tools that contradict themselves: none of them is a yes."""

import pytest

from cdkit.core.verdict import Answer
from tests.evidence.test_format import answer

NO, UNKNOWN, YES = Answer.NO, Answer.CANNOT_TELL, Answer.YES
RAN = '<UnitTestResult testName="a" outcome="Passed"/>'


def nunit3(run: str, suite: str, case: str = "", within: str = "", inner: str = "") -> bytes:
    return (
        f'<test-run id="0" {run}><test-suite name="a" {suite}>{inner}'
        f'<test-case name="t" result="Passed" {case}>{within}</test-case></test-suite></test-run>'
    ).encode()


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (nunit3('result="Passed" total="1" failed="0"', 'result="Passed"'), YES),
        (nunit3('result="Passed" total="1" failed="0"', 'result="Failed"'), NO),
        (nunit3('result="Passed" total="1" failed="0"', 'result="Failed" site="Child"'), NO),
        (nunit3('result="Passed" total="1" failed="0"', 'result="Failed" site="Parent"'), NO),
        (nunit3("", 'result="Failed"'), NO),
        (nunit3("", 'result="Passed"', inner='<test-suite name="b" result="Failed"/>'), NO),
        (nunit3("", 'result="Passed"', within="<failure><message>x</message></failure>"), NO),
        (nunit3("", 'result="Passed"', within="<reason><message>x</message></reason>"), YES),
    ],
)
def test_a_suite_of_nunit_3_that_failed_is_no_pass(report: bytes, expected: Answer) -> None:
    assert answer(report) is expected


def nunit2(root: str = 'total="1"', case: str = "", within: str = "") -> bytes:
    return (
        f'<test-results name="a" {root}><test-suite name="a" result="Success"><results>'
        f'<test-case name="t" result="Success" {case}>{within}</test-case>'
        "</results></test-suite></test-results>"
    ).encode()


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (nunit2(), YES),
        (nunit2('total="1" errors="0" failures="0" invalid="0" not-run="3"'), YES),
        (nunit2('total="5"'), UNKNOWN),
        (nunit2('total="1" invalid="1"'), NO),
        (nunit2(case='executed="True" success="True"'), YES),
        (nunit2(case='executed="False"'), UNKNOWN),
        (nunit2(within="<failure><message>boom</message></failure>"), NO),
        (nunit2(within="<reason><message>why</message></reason>"), YES),
    ],
)
def test_a_test_of_nunit_2_that_failed_or_never_ran_is_no_pass(
    report: bytes, expected: Answer
) -> None:
    assert answer(report) is expected


def xunit(assembly: str, collection: str = "", within: str = "") -> bytes:
    return (
        f'<assemblies><assembly name="a" {assembly}><collection name="c" {collection}>'
        f'<test name="a" result="Pass">{within}</test></collection></assembly></assemblies>'
    ).encode()


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (xunit('total="1" failed="0" errors="0"', 'total="1" failed="0"'), YES),
        (xunit('total="1" failed="0"', 'total="1" failed="1"'), NO),
        (xunit('total="1" failed="1"'), NO),
        (xunit('total="1" errors="1"'), NO),
        (xunit('total="1"', within="<failure><message>x</message></failure>"), NO),
        (xunit('total="2"'), UNKNOWN),
        (xunit('total="1"', within="<traits/><output>text</output>"), YES),
    ],
)
def test_a_collection_of_xunit_that_failed_is_no_pass(report: bytes, expected: Answer) -> None:
    assert answer(report) is expected


def trx(results: str = RAN, counters: str = 'total="1"', more: str = "") -> bytes:
    return (
        '<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">'
        f'<Results>{results}</Results><ResultSummary outcome="Completed"><Counters {counters}/>'
        f"{more}</ResultSummary></TestRun>"
    ).encode()


def told(outcome: str, element: str, text: str = "boom") -> str:
    return (
        f'<UnitTestResult testName="a" outcome="{outcome}"><Output><{element}><Message>{text}'
        f"</Message></{element}></Output></UnitTestResult>"
    )


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (trx(), YES),
        (trx(counters='total="1" executed="1" passed="1" notRunnable="0" inProgress="0"'), YES),
        (trx(counters='total="1" notRunnable="1"'), NO),
        (trx(counters='total="1" inProgress="1"'), NO),
        (trx(counters='total="1" executed="0"'), UNKNOWN),
        (trx(RAN + '<WebTestResult testName="w" outcome="Failed"/>'), NO),
        (trx(RAN + '<ManualTestResult testName="w" outcome="Failed"/>'), NO),
        (trx(RAN + '<LoadTestResult testName="w" outcome="Aborted"/>', ""), NO),
        (trx(RAN + '<ManualTestResult testName="w" outcome="Pending"/>', 'total="2"'), YES),
        (trx(more='<RunInfos><RunInfo outcome="Error"/></RunInfos>'), NO),
        (
            trx(more='<RunInfos><RunInfo outcome="Error"><Text>crash</Text></RunInfo></RunInfos>'),
            NO,
        ),
        (trx(more='<RunInfos><RunInfo outcome="Warning"><Text>w</Text></RunInfo></RunInfos>'), YES),
        (trx(told("Passed", "ErrorInfo")), UNKNOWN),
        (trx(told("Passed", "TextMessages")), YES),
        (trx(told("Failed", "ErrorInfo")), NO),
        (trx(RAN + told("NotExecuted", "ErrorInfo"), 'total="2"'), YES),
    ],
)
def test_a_trx_that_tells_of_a_failure_anywhere_is_no_pass(report: bytes, expected: Answer) -> None:
    assert answer(report) is expected
