"""JUnit's dialects: what counts as passed, failed, skipped, flaky; what a suite claims."""

import io

import pytest

from cdkit.core.documents.kinds import Counts
from cdkit.core.errors import Unreadable
from cdkit.core.verdict import Answer
from cdkit.evidence.formats.junit import FORMAT
from cdkit.evidence.reading import Reading

MAY_FAIL = '<skipped message="TEST_CASE tagged with !mayfail"/>'


def read(text: str) -> Reading:
    return FORMAT.read(io.BytesIO(text.encode()), "r.xml")


def counts(text: str) -> dict[str, int]:
    found = read(f"<testsuite>{text}</testsuite>").counts
    assert found is not None
    names = [name for name in Counts.__struct_fields__ if name != "tests"]
    return {name: getattr(found, name) for name in names if getattr(found, name)}


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("<testcase name='a'/>", {"passed": 1}),
        ("<testcase><properties/><system-out>ok</system-out></testcase>", {"passed": 1}),
        ("<testcase><failure/></testcase>", {"failed": 1}),
        ("<testcase><error/></testcase>", {"errors": 1}),
        ("<testcase><skipped/></testcase>", {"skipped": 1}),
        ("<testcase><ignored/></testcase>", {"skipped": 1}),
        ("<testcase><warning/></testcase>", {"skipped": 1}),
        ("<testcase><skipped/><failure/></testcase>", {"failed": 1}),
        ("<testcase><failure/><skipped/></testcase>", {"failed": 1}),
        ('<testcase><skipped type="todo"/><failure/></testcase>', {"skipped": 1}),
        ('<testcase><skipped type="skipped"/><failure/></testcase>', {"failed": 1}),
        (f"<testcase>{MAY_FAIL}<failure/></testcase>", {"skipped": 1}),
        (f"<testcase><failure/>{MAY_FAIL}</testcase>", {"failed": 1}),
        ('<testcase><failure/><skipped type="todo"/></testcase>', {"failed": 1}),
        ("<testcase><failure/><error/></testcase>", {"failed": 1}),
        ("<testcase><failure/><failure/></testcase>", {"failed": 1}),
        ("<testcase><flakyFailure/></testcase>", {"passed": 1, "flaky": 1}),
        ("<testcase><flakyError/><flakyFailure/></testcase>", {"passed": 1, "flaky": 1}),
        ("<testcase><flakyFailure/><failure/></testcase>", {"failed": 1}),
        ("<testcase><failure/><rerunFailure/></testcase>", {"failed": 1}),
        ("<testcase><rerunError/></testcase>", {"errors": 1}),
        ("<testcase><system-out><skipped/></system-out></testcase>", {"passed": 1}),
        ("<testcase><x><failure/></x></testcase>", {"failed": 1}),
        ('<testcase status="run"/>', {"passed": 1}),
        ('<testcase status="Passed"/>', {"passed": 1}),
        ('<testcase status="notrun"/>', {"skipped": 1}),
        ('<testcase status="run" result="skipped"/>', {"skipped": 1}),
        ('<testcase status="disabled"/>', {"skipped": 1}),
        ('<testcase status="fail"/>', {"failed": 1}),
        ('<testcase status="run"><failure/></testcase>', {"failed": 1}),
    ],
)
def test_a_test_ends_as_the_worst_that_is_said_of_it(case: str, expected: dict[str, int]) -> None:
    assert counts(case) == expected


def test_tests_of_nested_suites_are_counted_once() -> None:
    found = read(
        '<testsuites tests="2"><testsuite tests="2"><testsuite tests="2">'
        "<testcase name='a'/><testcase name='b'/></testsuite></testsuite></testsuites>"
    )
    assert found.counts is not None
    assert found.counts.tests == 2
    assert found.notes == ()


def test_a_report_without_counts_is_counted() -> None:
    assert counts("<testcase name='a'/><testcase><failure/></testcase>") == {
        "passed": 1,
        "failed": 1,
    }


@pytest.mark.parametrize("claim", ["99", "1"])
def test_wrong_counts_do_not_count_and_are_said(claim: str) -> None:
    found = read(f'<testsuite tests="{claim}"><testcase name="a"/><testcase name="b"/></testsuite>')
    assert found.counts is not None
    assert found.counts.passed == 2
    assert found.notes == (
        f"r.xml: claims {claim} tests and holds 2 test cases: the test cases were counted",
    )


@pytest.mark.parametrize("claim", ["", "-1", "many", "1e9", "٣", "9" * 5000])
def test_a_count_that_is_none_is_passed_over(claim: str) -> None:
    found = read(f'<testsuite tests="{claim}" skipped="{claim}"><testcase name="a"/></testsuite>')
    assert (found.reasons, found.notes) == ((), ())


def test_a_report_that_claims_no_test_but_holds_one_proves_nothing() -> None:
    found = read(
        '<testsuites tests="0">\n<testsuite tests="0"><testcase name="a"/></testsuite></testsuites>'
    )
    assert [reason.answer for reason in found.reasons] == [Answer.CANNOT_TELL]
    assert "let the suite run at least one test" in found.reasons[0].remedy


def test_a_suite_that_claims_no_test_and_holds_skipped_ones_is_no_doubt() -> None:
    found = read('<testsuite tests="0" skipped="1"><testcase><skipped/></testcase></testsuite>')
    assert found.reasons == ()


@pytest.mark.parametrize(("claims", "told"), [('failures="2"', []), ('errors="3"', [Answer.NO])])
def test_attempts_that_failed_are_failures_that_their_suite_claims(
    claims: str, told: list[Answer]
) -> None:
    case = "<testcase name='a'><flakyFailure/><flakyError/></testcase>"
    found = read(f'<testsuite tests="3" {claims}>{case}</testsuite>')
    assert [reason.answer for reason in found.reasons] == told


@pytest.mark.parametrize("claim", ['errors="1"', 'failures="1"'])
def test_a_suite_that_claims_a_failure_it_does_not_hold_is_broken(claim: str) -> None:
    found = read(
        f"<testsuites>\n<testsuite name='a' {claim}><testcase name='a'/></testsuite></testsuites>"
    )
    assert [(r.answer, str(r.where)) for r in found.reasons] == [(Answer.NO, "r.xml:2")]
    assert "broke before or outside of its tests" in found.reasons[0].what


def test_a_root_that_claims_a_failure_nobody_holds_is_broken() -> None:
    found = read('<testsuites errors="1"><testsuite><testcase name="a"/></testsuite></testsuites>')
    assert [reason.answer for reason in found.reasons] == [Answer.NO]


def test_a_broken_suite_is_told_once_though_its_parents_claim_it_too() -> None:
    found = read(
        '<testsuites errors="1"><testsuite name="outer" errors="1"><testsuite name="inner" '
        'errors="1"/><testsuite><testcase name="a"/></testsuite></testsuite></testsuites>'
    )
    assert ["inner" in reason.what for reason in found.reasons] == [True]


def test_a_suite_that_counts_assertions_as_failures_is_noted_and_no_more() -> None:
    found = read('<testsuite failures="3"><testcase><failure/></testcase></testsuite>')
    assert found.reasons == ()
    assert "claims 3 failed tests and holds 1" in found.notes[0]


def test_an_error_of_the_suite_itself_says_no() -> None:
    found = read(
        '<testsuite name="a">\n<error message="no database"/><testcase name="a"/></testsuite>'
    )
    assert [(r.answer, str(r.where)) for r in found.reasons] == [(Answer.NO, "r.xml:2")]
    assert "no database" in found.reasons[0].what


def test_a_status_that_nobody_knows_is_no_pass() -> None:
    found = read('<testsuite><testcase name="a" status="weird"/></testsuite>')
    assert [reason.answer for reason in found.reasons] == [Answer.CANNOT_TELL]
    assert "'weird'" in found.reasons[0].what


def test_a_failure_keeps_its_place_name_and_message() -> None:
    found = read(
        '<testsuite>\n<testcase classname="a.B" name="c">\n<failure message="1 != 2">trace'
        "</failure></testcase></testsuite>"
    )
    failure = found.failures[0]
    assert (failure.where, failure.name, failure.message) == ("r.xml:3", "a.B.c", "1 != 2")


def test_a_failure_without_a_message_keeps_its_text() -> None:
    found = read(
        "<testsuite><testcase name='a'><failure type='T'>\n <![CDATA[1 < ]]>2 ]]&gt;\n"
        "more</failure><system-out>noise</system-out></testcase></testsuite>"
    )
    assert found.failures[0].message == "1 < 2 ]]>\nmore"


@pytest.mark.parametrize("line", ["x" * 3000, "at main.js\n", "a &lt; b", "<b/>y"])
def test_of_a_long_text_the_beginning_is_kept(line: str) -> None:
    text = f"<failure>{line * 1000}</failure>"
    found = read(f"<testsuite><testcase name='a'>{text}</testcase></testsuite>")
    assert found.counts is not None
    assert found.counts.failed == 1
    assert 900 < len(found.failures[0].message) <= 2000


def test_a_failure_without_any_text_keeps_its_type() -> None:
    found = read("<testsuite><testcase name='a'><failure type='T'/></testcase></testsuite>")
    assert found.failures[0].message == "T"


def test_the_thousand_and_first_failure_is_counted_without_its_text() -> None:
    found = read("<testsuite>" + "<testcase><failure/></testcase>" * 1005 + "</testsuite>")
    assert found.counts is not None
    assert (found.counts.failed, len(found.failures), found.failures_left_out) == (1005, 1000, 5)


def test_a_test_inside_a_test_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="a test case inside a test case"):
        read("<testsuite><testcase><testcase name='a'/></testcase></testsuite>")


@pytest.mark.parametrize(
    ("time", "seconds"),
    [("1.5", 1.5), ("1,234.5", 1234.5), ("", 0), ("nan", 0), ("inf", 0), ("-3", 0), ("1e300", 0)],
)
def test_a_duration_that_is_none_counts_nothing(time: str, seconds: float) -> None:
    assert read(f'<testsuite><testcase time="{time}"/></testsuite>').duration == seconds


def test_the_line_of_the_first_suite_is_kept() -> None:
    assert read("<!-- -->\n\n<testsuites>\n<testsuite/></testsuites>").line == 3


@pytest.mark.parametrize("claim", ["NaN", "1.0", "-1", "\uff11", "1e3", "many"])
@pytest.mark.parametrize("name", ["failures", "errors"])
def test_a_claim_of_failures_that_is_no_number_proves_nothing(name: str, claim: str) -> None:
    found = read(f'<testsuite name="s" tests="1" {name}="{claim}"><testcase name="a"/></testsuite>')
    assert [(reason.answer, reason.what) for reason in found.reasons] == [
        (
            Answer.CANNOT_TELL,
            f"the suite 's' claims {claim!r} {name}, which is not known to mean that it passed",
        )
    ]
    assert read(f'<testsuite tests="1" {name}=""><testcase name="a"/></testsuite>').reasons == ()


@pytest.mark.parametrize("name", ["skipped", "disabled", "ignored"])
def test_a_suite_that_claims_that_none_of_its_tests_ran_proves_nothing(name: str) -> None:
    cases = "<testcase name='a'/><testcase name='b'/>"
    found = read(f'<testsuite name="s" tests="2" {name}="2">{cases}</testsuite>')
    assert [reason.answer for reason in found.reasons] == [Answer.CANNOT_TELL]
    assert "none of its 2 tests ran" in found.reasons[0].what
    assert read(f'<testsuite tests="2" {name}="1">{cases}</testsuite>').reasons == ()
    shown = '<testcase status="disabled"/><testcase><skipped/></testcase>'
    assert read(f'<testsuite tests="2" {name}="2">{shown}</testsuite>').reasons == ()


@pytest.mark.parametrize("element", ["Failure", "ERROR", "x:failure", "ns:Error", "FlakyFailure"])
def test_what_nearly_says_failed_proves_nothing(element: str) -> None:
    found = read(f'<testsuite><testcase name="a"><{element} xmlns:x="u"/></testcase></testsuite>')
    assert [(reason.answer, reason.what) for reason in found.reasons] == [
        (
            Answer.CANNOT_TELL,
            f"the test a holds <{element}>, which is not known to mean that it passed",
        )
    ]


def test_a_test_without_a_name_is_one_in_which_pytest_was_interrupted() -> None:
    found = read(
        '<testsuite name="pytest" tests="1">\n<testcase classname="t" name="a" time="0.001"/>\n'
        '<testcase time="0.000"/></testsuite>'
    )
    assert [(r.answer, str(r.where)) for r in found.reasons] == [(Answer.CANNOT_TELL, "r.xml:3")]
    assert "the run was broken off in it" in found.reasons[0].what
    failed = read("<testsuite><testcase><failure/></testcase></testsuite>")
    assert failed.reasons == ()


def cases(*names: str) -> str:
    return "".join(
        f"<testcase name='{name[1:]}'><failure/></testcase>"
        if name[0] == "!"
        else f"<testcase name='{name}'/>"
        for name in names
    )


@pytest.mark.parametrize(
    ("claim", "names", "expected"),
    [
        (2, ("a", "a", "a", "b"), {"passed": 2, "flaky": 1}),
        (3, ("a", "c", "b", "a", "b"), {"passed": 3, "flaky": 2}),
        (2, ("a", "a", "!a", "b"), {"passed": 1, "failed": 1}),
        (2, ("!a", "!a", "b"), {"passed": 1, "failed": 2}),
        (3, ("a", "a", "a", "b"), {"passed": 4}),
        (4, ("a", "a", "a", "b"), {"passed": 4}),
        (5, ("a", "a", "a", "b"), {"passed": 4}),
    ],
)
def test_attempts_are_one_test_where_the_report_counts_them_so(
    claim: int, names: tuple[str, ...], expected: dict[str, int]
) -> None:
    found = read(f'<testsuite tests="{claim}">{cases(*names)}</testsuite>').counts
    assert found is not None
    expected = {"failed": 0, "flaky": 0, **expected}
    assert {name: getattr(found, name) for name in expected} == expected
    assert found.tests == found.passed + found.failed


def test_the_tests_that_passed_at_a_later_attempt_are_named() -> None:
    found = read(f'<testsuite tests="3">{cases("b", "b", "a", "a", "a", "c")}</testsuite>')
    assert (found.flaky, found.notes) == (("a", "b"), ())
    assert found.ran is not None
    assert found.ran.count == 3


@pytest.mark.parametrize("between", [0, 60_000])
def test_an_attempt_is_found_however_many_tests_stand_between(between: int) -> None:
    many = "".join(f"<testcase name='t{number}'/>" for number in range(between))
    found = read(f"<testsuite tests='{between + 1}'>{cases('a')}{many}{cases('a')}</testsuite>")
    assert found.counts is not None
    assert (found.counts.tests, found.counts.flaky) == (between + 1, 1)
