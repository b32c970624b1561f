"""record-evidence: reports in, facts about the image out; whatever is missing is told."""

from pathlib import Path

import msgspec
import pytest

from cdkit.core.context import BuildContext
from cdkit.core.documents.document import Document, Replay
from cdkit.core.documents.kinds import Evidence, Findings, Identity, Tool
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.errors import RequestError
from cdkit.core.step import Outcome
from cdkit.core.subject import Subject
from cdkit.core.verdict import Answer
from cdkit.core.world import Head
from cdkit.steps.record_evidence import STEP, RecordEvidenceOptions
from tests.evidence.doubles import (
    IMAGE,
    OTHER_SUBJECT,
    PASSED,
    SOURCE,
    SUBJECT,
    evidence,
    identity,
    origin,
)
from tests.worlds import COMMIT, TREE, FakeGit, world

CASES = Path(__file__).parents[1] / "cases" / "evidence"
PASSING = (
    b'<testsuites>\n<testsuite tests="2"><testcase name="a"/><testcase name="b"/></testsuite>'
    b"</testsuites>\n"
)
EMPTY = b'<testsuites>\n<testsuite tests="0"/></testsuites>\n'
SKIPPED = b"<testsuite><testcase><skipped/></testcase></testsuite>\n"
FAILING = (
    b'<testsuite>\n<testcase name="a"/>\n<testcase name="b"><failure message="1 != 2"/></testcase>'
    b"</testsuite>\n"
)
BROKEN = b'<testsuite name="s" errors="1" tests="0"/>\n'
COVERAGE = (
    b'<coverage line-rate="0.5"><class filename="a.py"><line number="1" hits="1"/>'
    b'<line number="2" hits="0"/></class></coverage>\n'
)
FINDINGS = Findings(
    origin=origin("lint-migrations"),
    evidence="migrations",
    verdict=PASSED,
    tool=Tool(name="cdkit"),
    examined={"files": 1},
)


def write(folder: Path, **files: bytes) -> None:
    for name, data in files.items():
        path = folder / name.replace("__", "/").replace("_", ".", 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def run(
    folder: Path,
    *,
    image: str = IMAGE,
    expect_shards: tuple[str, ...] = (),
    shard: str = "",
    context: BuildContext | None = None,
    error_budget: tuple[str, ...] = (),
    git: FakeGit | None = None,
    **reports: str,
) -> Outcome:
    options = RecordEvidenceOptions(
        reports={name.replace("_", "-"): text for name, text in reports.items()},
        image=image,
        expect_shards=expect_shards,
        shard=shard,
        error_budget=error_budget,
    )
    return STEP.run(options, world(folder, git=git, context=context))


def told(outcome: Outcome) -> list[tuple[str, str]]:
    return [(r.answer.value, str(r.where or "")) for r in outcome.verdict.reasons]


def documents(outcome: Outcome) -> list[tuple[Document, tuple[Subject, ...]]]:
    assert outcome.document is not None
    return [(outcome.document, outcome.subjects), *outcome.more]


def only(outcome: Outcome) -> Evidence:
    ((document, _),) = documents(outcome)
    assert isinstance(document, Evidence)
    return document


def test_a_report_becomes_a_fact_about_the_image(tmp_path: Path) -> None:
    write(tmp_path, r_xml=PASSING)
    outcome = run(tmp_path, unit="r.xml")
    assert outcome.verdict.answer is Answer.YES
    assert outcome.subjects == (SUBJECT,)
    assert only(outcome).evidence == "unit"
    assert [report.path for report in only(outcome).reports] == ["r.xml"]


def test_the_fact_says_of_which_source_and_when(tmp_path: Path) -> None:
    write(tmp_path, r_xml=PASSING)
    found = only(run(tmp_path, unit="r.xml")).origin
    assert (found.step, found.commit, found.tree) == ("record-evidence", COMMIT, TREE)
    assert found.recorded_at == "2026-11-23T12:00:00Z"


def test_each_kind_becomes_a_fact_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, r_xml=PASSING, c_xml=COVERAGE)
    outcome = run(tmp_path, unit="r.xml", coverage="c.xml")
    kinds = [getattr(document, "evidence", "") for document, _ in documents(outcome)]
    assert kinds == ["unit", "coverage"]
    assert all(subjects == (SUBJECT,) for _, subjects in documents(outcome))
    assert msgspec.to_builtins(outcome.outputs)["evidence"] == "unit yes\ncoverage yes"


def test_without_an_image_the_evidence_is_about_the_source(tmp_path: Path) -> None:
    write(tmp_path, r_xml=PASSING)
    (subject,) = run(tmp_path, image="", unit="r.xml").subjects
    assert subject.digest["gitTree"] == TREE


@pytest.mark.parametrize(
    "head", [None, Head(commit=COMMIT, tree=TREE, dirty=True)], ids=["no git", "dirty"]
)
def test_without_an_image_and_a_clean_source_there_is_no_subject(
    tmp_path: Path, head: Head | None
) -> None:
    write(tmp_path, r_xml=PASSING)
    with pytest.raises(RequestError, match="nothing that the evidence could be about") as caught:
        run(tmp_path, image="", git=FakeGit(at=head), unit="r.xml")
    assert "--image" in caught.value.remedy


@pytest.mark.parametrize(
    ("report", "answer", "where"),
    [
        (EMPTY, "cannot-tell", "r.xml:1"),
        (SKIPPED, "cannot-tell", "r.xml:1"),
        (FAILING, "no", "r.xml:3"),
        (PASSING[:-10], "cannot-tell", "r.xml:2:74"),
        (b"", "cannot-tell", "r.xml"),
        (b"2 passed in 0.1s\n", "cannot-tell", "r.xml"),
    ],
)
def test_a_report_that_does_not_prove_it_names_file_and_line(
    tmp_path: Path, report: bytes, answer: str, where: str
) -> None:
    write(tmp_path, r_xml=report)
    outcome = run(tmp_path, unit="r.xml")
    assert told(outcome) == [(answer, where)]
    assert only(outcome).verdict == outcome.verdict
    assert all(reason.remedy for reason in outcome.verdict.reasons)


def test_a_suite_that_broke_before_its_tests_says_no(tmp_path: Path) -> None:
    write(tmp_path, r_xml=BROKEN)
    outcome = run(tmp_path, unit="r.xml")
    assert outcome.verdict.answer is Answer.NO
    assert ("no", "r.xml:1") in told(outcome)


@pytest.mark.parametrize("pattern", ["reports/junit.xml", "reports/**/*.xml"])
def test_a_pattern_that_matches_nothing_cannot_tell(tmp_path: Path, pattern: str) -> None:
    outcome = run(tmp_path, unit=pattern)
    assert told(outcome) == [("cannot-tell", pattern)]
    assert "download their artifact first" in outcome.verdict.reasons[0].remedy
    assert only(outcome).verdict.answer is Answer.CANNOT_TELL


def test_one_pattern_of_two_that_matches_nothing_cannot_tell(tmp_path: Path) -> None:
    write(tmp_path, r_xml=PASSING)
    outcome = run(tmp_path, unit="r.xml, other.xml")
    assert told(outcome) == [("cannot-tell", "other.xml")]


def test_a_bad_kind_does_not_hide_the_others(tmp_path: Path) -> None:
    write(tmp_path, r_xml=PASSING)
    outcome = run(tmp_path, unit="r.xml", coverage="c.xml")
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    answers = [getattr(d, "verdict", PASSED).answer.value for d, _ in documents(outcome)]
    assert answers == ["yes", "cannot-tell"]


def test_a_file_that_two_patterns_match_counts_once(tmp_path: Path) -> None:
    write(tmp_path, r_xml=PASSING)
    counts = only(run(tmp_path, unit="r.xml,*.xml")).counts
    assert counts is not None
    assert counts.tests == 2


def test_all_shards_open_it_and_a_missing_one_does_not(tmp_path: Path) -> None:
    write(
        tmp_path, unit1__r_xml=PASSING, unit2__r_xml=PASSING.replace(b'<testcase name="a"/>', b"")
    )
    assert run(tmp_path, unit="unit*/r.xml", expect_shards=("unit=2",)).verdict.is_yes
    outcome = run(tmp_path, unit="unit*/r.xml", expect_shards=("unit=3",))
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "3 shards were expected, and 2 reports" in outcome.verdict.reasons[0].what


@pytest.mark.parametrize(
    ("shard", "context", "expected"),
    [
        ("2/4", BuildContext(system="gitlab", job="unit 2/4"), ("unit", 2, 4)),
        ("02/4", BuildContext(system="github", job="unit", leg="2 of 4"), ("unit", 2, 4)),
        ("1/1", BuildContext(system="gitlab", job="unit"), ("unit", 0, 0)),
        ("", BuildContext(system="gitlab", job="unit 2/4"), ("unit 2/4", 0, 0)),
        ("", BuildContext(system="github", job="unit", leg="2 of 4"), ("unit (2 of 4)", 0, 0)),
    ],
)
def test_a_fact_says_which_shard_and_which_job_of_a_matrix_it_is(
    tmp_path: Path, shard: str, context: BuildContext, expected: tuple[str, int, int]
) -> None:
    write(tmp_path, r_xml=PASSING)
    origin = only(run(tmp_path, unit="r.xml", shard=shard, context=context)).origin
    assert (origin.job, origin.shard, origin.shards) == expected


@pytest.mark.parametrize("shard", ["/", "0/4", "5/4", "2", "2/x", "1/99999", "-1/4"])
def test_a_shard_that_makes_no_sense_is_a_wrong_request(tmp_path: Path, shard: str) -> None:
    with pytest.raises(RequestError) as caught:
        run(tmp_path, unit="r.xml", shard=shard)
    assert str(caught.value.where) == "shard"


@pytest.mark.parametrize(
    ("finished", "expected"),
    [
        ("2026-11-20T09:01:00+01:00", "2026-11-20T08:01:00Z"),
        ("2027-01-01T00:00:00Z", "2026-11-23T12:00:00Z"),
        ("yesterday", "2026-11-23T12:00:00Z"),
        ("0001-01-01T00:00:00+09:00", "2026-11-23T12:00:00Z"),
    ],
)
def test_a_statement_that_is_recorded_again_is_no_newer(
    tmp_path: Path, finished: str, expected: str
) -> None:
    data = (CASES / "vulns/v0.2.json").read_text()
    assert '"2026-11-23T08:01:00Z"' in data
    (tmp_path / "vulns.json").write_text(data.replace("2026-11-23T08:01:00Z", finished))
    assert only(run(tmp_path, scan="vulns.json")).origin.recorded_at == expected


@pytest.mark.parametrize("text", ["unit", "unit=", "unit=0", "unit=four", "lint=2", "unit=-1"])
def test_shards_that_make_no_sense_are_a_wrong_request(tmp_path: Path, text: str) -> None:
    with pytest.raises(RequestError) as caught:
        run(tmp_path, unit="r.xml", expect_shards=(text,))
    assert caught.value.remedy


@pytest.mark.parametrize("reports", [{}, {"Unit Tests": "r.xml"}, {"unit": " , "}])
def test_reports_that_make_no_sense_are_a_wrong_request(
    tmp_path: Path, reports: dict[str, str]
) -> None:
    with pytest.raises(RequestError) as caught:
        STEP.run(RecordEvidenceOptions(reports=reports, image=IMAGE), world(tmp_path))
    assert caught.value.remedy


def test_an_image_by_tag_is_a_wrong_request(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="a tag can move"):
        run(tmp_path, image="registry.example/orders:1.4", unit="r.xml")


def test_a_record_of_another_job_is_stated_again_about_the_image(tmp_path: Path) -> None:
    write(tmp_path, data_json=encode_statement(state(FINDINGS, SOURCE)))
    outcome = run(tmp_path, data="*.json")
    ((document, subjects),) = documents(outcome)
    assert isinstance(document, Findings)
    assert (document.evidence, document.origin.step) == ("data", "lint-migrations")
    assert subjects == (SUBJECT,)
    assert outcome.verdict.is_yes


def test_a_replays_record_keeps_its_mark(tmp_path: Path) -> None:
    replay = Replay(run="r", at="2026-11-01T00:00:00Z")
    old = evidence(replay=replay)
    write(tmp_path, in_json=encode_statement(state(old, SOURCE)))
    ((document, _),) = documents(run(tmp_path, unit="in.json"))
    assert document.origin.replay == replay


def test_a_record_about_another_image_is_refused(tmp_path: Path) -> None:
    write(tmp_path, data_json=encode_statement(state(FINDINGS, OTHER_SUBJECT)))
    outcome = run(tmp_path, data="data.json")
    assert told(outcome) == [("cannot-tell", "data.json")]


def test_an_identity_record_is_taken_as_one(tmp_path: Path) -> None:
    write(tmp_path, id_json=encode_statement(state(identity(), SUBJECT)))
    ((document, _),) = documents(run(tmp_path, identity="id.json"))
    assert isinstance(document, Identity)


def test_a_report_is_refused_as_an_identity(tmp_path: Path) -> None:
    write(tmp_path, r_xml=PASSING)
    outcome = run(tmp_path, identity="r.xml")
    assert told(outcome) == [("cannot-tell", "r.xml")]


def test_what_contradicts_itself_is_noted(tmp_path: Path) -> None:
    write(tmp_path, r_xml=PASSING.replace(b'"2"', b'"9"'))
    assert run(tmp_path, unit="r.xml").notes == (
        "r.xml: claims 9 tests and holds 2 test cases: the test cases were counted",
    )


SLOW = b"""timeStamp,elapsed,label,responseCode,success
1700000000000,120,pay,200,true
1700000000500,130,pay,200,true
1700000001000,110,pay,500,false
1700000001500,140,pay,200,true
"""


@pytest.mark.parametrize(
    ("budget", "answer"),
    [((), Answer.NO), (("load=24.9",), Answer.NO), (("load=25",), Answer.YES)],
)
def test_requests_that_fail_are_held_against_their_budget(
    tmp_path: Path, budget: tuple[str, ...], answer: Answer
) -> None:
    write(tmp_path, r_jtl=SLOW)
    outcome = run(tmp_path, load="r.jtl", error_budget=budget)
    assert outcome.verdict.answer is answer
    (row,) = outcome.tables[0].rows
    assert row[-1].startswith("requests 4, error_rate 25 %")


@pytest.mark.parametrize(
    "text",
    ["load", "load=", "load=-1", "load=101", "load=1e1", "load=nan", "load=1,5", "load=\u0661"],
)
def test_a_budget_that_is_no_percentage_is_refused(tmp_path: Path, text: str) -> None:
    write(tmp_path, r_jtl=SLOW)
    with pytest.raises(RequestError, match="names no percentage") as caught:
        run(tmp_path, load="r.jtl", error_budget=(text,))
    assert caught.value.remedy == "write load=0.5"


@pytest.mark.parametrize(
    ("budget", "what"),
    [
        (("unit=1",), "no report of that kind is given"),
        (("load=1", "load=2"), "it stands there twice"),
    ],
)
def test_a_budget_is_of_a_kind_that_has_reports_and_stands_once(
    tmp_path: Path, budget: tuple[str, ...], what: str
) -> None:
    write(tmp_path, r_jtl=SLOW)
    with pytest.raises(RequestError, match=what) as caught:
        run(tmp_path, load="r.jtl", error_budget=budget)
    assert caught.value.remedy == "name one of: load"


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file that fails when read")
def test_a_file_that_fails_when_it_is_read_is_told_by_its_name(tmp_path: Path) -> None:
    outcome = run(tmp_path, unit="/proc/self/mem")
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert [str(reason.where) for reason in outcome.verdict.reasons] == ["/proc/self/mem"]
    assert "cannot be read" in outcome.verdict.reasons[0].what
