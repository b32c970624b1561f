"""What reports prove, alone and together."""

import pytest

from cdkit.core.documents.kinds import Counts, Evidence, Failure, Report
from cdkit.core.finding import Location
from cdkit.core.verdict import Answer, Reason, cannot_tell, no
from cdkit.evidence.format import Read
from cdkit.evidence.judge import Gathered, evidence_of
from cdkit.evidence.lines import Source
from cdkit.evidence.reading import Reading
from tests.evidence.doubles import THREE, origin


def read(path: str = "r.xml", digest: str = "", **reading: object) -> Read:
    report = Report(path=path, digest=digest or path, size=1, format="junit")
    return Read(report=report, reading=Reading(**reading))  # type: ignore[arg-type]


def judged(*reads: Read, unread: tuple[Reason, ...] = (), shards: int = 0) -> Evidence:
    gathered = Gathered(kind="unit", reads=reads, unread=unread, shards=shards)
    return evidence_of(gathered, origin())


def why(document: Evidence) -> list[tuple[str, str, str]]:
    return [(r.answer.value, str(r.where or ""), r.what) for r in document.verdict.reasons]


def counts(**changes: int) -> Counts:
    usual = {"tests": 3, "passed": 3, "failed": 0, "errors": 0, "skipped": 0}
    return Counts(**(usual | changes))


def test_passed_tests_say_yes() -> None:
    assert why(judged(read(counts=THREE))) == [("yes", "r.xml", "unit: 3 tests passed")]


def test_skipped_and_flaky_tests_are_said() -> None:
    found = judged(read(counts=counts(tests=4, skipped=1, flaky=2)))
    assert why(found)[0][2] == "unit: 3 tests passed (1 skipped, 2 only after a failure)"


def test_no_report_at_all_cannot_tell() -> None:
    assert judged().verdict.answer is Answer.CANNOT_TELL


def test_no_test_case_cannot_tell_at_its_line() -> None:
    found = judged(read(counts=counts(tests=0, passed=0), line=4))
    assert why(found) == [("cannot-tell", "r.xml:4", "unit: no test was executed")]


def test_an_empty_report_beside_a_full_one_cannot_tell() -> None:
    empty = read("b.xml", counts=counts(tests=0, passed=0))
    assert judged(read(counts=THREE), empty).verdict.answer is Answer.CANNOT_TELL


def test_everything_skipped_cannot_tell() -> None:
    found = judged(read(counts=counts(passed=0, skipped=3)))
    assert why(found) == [("cannot-tell", "r.xml:1", "unit: all 3 tests were skipped")]


def test_one_file_of_skipped_tests_beside_others_is_no_doubt() -> None:
    skipped = read("b.xml", counts=counts(passed=0, skipped=3))
    assert judged(read(counts=THREE), skipped).verdict.answer is Answer.YES


def test_a_failed_test_says_no_where_it_failed() -> None:
    failure = Failure(name="a.b", message="1 != 2\ntrace", where="C:/r:x.xml:7")
    found = judged(read(counts=counts(passed=2, failed=1), failures=(failure,)))
    assert why(found) == [("no", "C:/r:x.xml:7", "unit: a.b failed: 1 != 2")]


def test_failures_beyond_the_first_are_counted() -> None:
    many = tuple(Failure(name=f"t{n}", where="r.xml:1") for n in range(30))
    found = judged(read(counts=counts(tests=50, passed=10, failed=40), failures=many))
    assert len(found.verdict.reasons) == 21
    assert found.verdict.reasons[-1].what == "unit: 20 more tests failed"


def test_failures_that_were_only_counted_still_say_no() -> None:
    found = judged(read(counts=counts(passed=2, errors=1)))
    assert why(found) == [("no", "", "unit: 1 more tests failed")]


def test_what_the_report_says_beside_its_tests_counts() -> None:
    broke = no("the suite broke", where=Location(path="r.xml"), remedy="mend it")
    assert judged(read(counts=THREE, reasons=(broke,))).verdict.answer is Answer.NO


def test_an_unreadable_report_beside_a_good_one_cannot_tell() -> None:
    unread = cannot_tell("is cut off", remedy="write it again")
    found = judged(read(counts=THREE), unread=(unread,))
    assert found.verdict.answer is Answer.CANNOT_TELL


def test_counts_and_durations_of_several_reports_are_added_up() -> None:
    found = judged(read(counts=THREE, duration=1.5), read("b.xml", counts=THREE, duration=0.25))
    assert found.counts == counts(tests=6, passed=6)
    assert found.duration == 1.75


def test_only_a_thousand_failures_are_kept_of_all_reports() -> None:
    many = tuple(Failure(name=f"t{n}") for n in range(800))
    reads = [read(p, counts=counts(failed=800), failures=many) for p in ("a", "b")]
    found = judged(*reads)
    assert (len(found.failures), found.failures_left_out) == (1000, 600)


@pytest.mark.parametrize("number", [1, 3])
def test_shards_that_are_not_all_there_cannot_tell(number: int) -> None:
    reads = [read(f"{n}.xml", counts=THREE) for n in range(number)]
    found = judged(*reads, shards=2)
    assert found.verdict.answer is Answer.CANNOT_TELL
    assert f"2 shards were expected, and {number} reports could be read" in why(found)[0][2]


def test_all_shards_say_yes() -> None:
    reads = [read(f"{n}.xml", counts=THREE) for n in range(2)]
    assert judged(*reads, shards=2).verdict.answer is Answer.YES


def test_the_same_report_twice_is_not_two_shards() -> None:
    reads = [read(path, digest="same", counts=THREE) for path in ("a.xml", "b.xml")]
    found = judged(*reads, shards=2)
    assert why(found) == [
        ("cannot-tell", "b.xml", "unit: is the same report as a.xml, byte for byte")
    ]


def test_coverage_without_a_line_cannot_tell() -> None:
    assert judged(read(sources={})).verdict.answer is Answer.CANNOT_TELL


def test_coverage_says_how_many_lines_ran() -> None:
    found = judged(read(sources={"a.py": Source(lines=0b1110, covered=0b0110)}))
    assert why(found) == [("yes", "r.xml", "unit: 2 of 3 lines were run (66.7 %)")]


def test_coverage_of_shards_is_joined_not_added() -> None:
    one = read("a", sources={"a.py": Source(lines=0b110, covered=0b010)})
    other = read("b", sources={"a.py": Source(lines=0b110, covered=0b100)})
    coverage = judged(one, other).coverage
    assert coverage is not None
    assert (coverage.lines_covered, coverage.lines) == (2, 2)


def test_a_report_of_neither_tests_nor_coverage_cannot_tell() -> None:
    assert judged(read()).verdict.answer is Answer.CANNOT_TELL


def test_what_differing_statements_say_stands_in_lines_of_their_own() -> None:
    found = judged(
        read("a", counts=THREE, said={"builder": "https://ci/a", "level": "3"}),
        read("b", counts=THREE, said={"builder": "https://ci/b\nhttps://ci/c", "level": "3"}),
    )
    assert found.said == {"builder": "https://ci/a\nhttps://ci/b https://ci/c", "level": "3"}


def test_statements_that_say_too_much_to_keep_say_so() -> None:
    found = judged(
        *(read(str(n), counts=THREE, said={"builder": "x" * 400 + str(n)}) for n in "abcd")
    )
    assert found.said["builder"].endswith("\n…")
    assert len(found.said["builder"]) == 1002
