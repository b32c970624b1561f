"""Every format: its samples are recognised, read as expected, and never pass when cut off."""

import gzip
import io
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdkit.core.digest import sha256
from cdkit.core.documents.kinds import Report
from cdkit.core.doors.files import DiskFiles
from cdkit.core.errors import CdkitError, Missing, Unreadable
from cdkit.core.verdict import Answer
from cdkit.evidence.format import Read, Sample, formats, read_report, recognise
from cdkit.evidence.judge import Gathered, evidence_of
from cdkit.evidence.lines import total
from cdkit.evidence.reading import Reading
from tests.evidence.doubles import origin

CASES = Path(__file__).parents[1] / "cases" / "evidence"
SAMPLES = [
    pytest.param(name, sample, id=sample.path)
    for name, found in formats().items()
    for sample in found.samples
]
LINES = {"go_cover", "go_test", "jmeter_csv", "gatling_log"}
"""Formats of lines that say nowhere how many there are."""

COMPLETE = {"junit": b">", "tap": b"\n1.."}
"""Where a format's reports are complete, though more may follow: a comment, the end of a line."""

MOST_CUTS = 250


def read(data: bytes) -> Reading:
    return recognise(data, "report").read(io.BytesIO(data), "report")


def answer(data: bytes) -> Answer:
    """Return what evidence of these bytes would say."""
    report = Report(path="report", digest="sha256:0", size=len(data), format="?")
    try:
        reads = (Read(report=report, reading=read(data)),)
        unread = ()
    except CdkitError as fault:
        reads, unread = (), (fault.reason(),)  # type: ignore[assignment]
    gathered = Gathered(kind="unit", reads=reads, unread=unread)
    return evidence_of(gathered, origin()).verdict.answer


def told(reading: Reading) -> dict[str, object]:
    """Return a reading in the shape of the expectations beside the samples."""
    covered = total(reading.sources) if reading.sources is not None else reading.coverage
    whole = {
        "counts": msgspec.to_builtins(reading.counts),
        "coverage": msgspec.to_builtins(covered),
        "duration": reading.duration,
        "failures": [[f.where, f.name, first_line(f.message)] for f in reading.failures],
        "reasons": [[r.answer.value, str(r.where), r.what] for r in reading.reasons],
        "notes": list(reading.notes),
        "flaky": list(reading.flaky),
        "ran": reading.ran.count if reading.ran else None,
        "load": msgspec.to_builtins(reading.load),
        "metrics": {one.name: one.value for one in reading.metrics},
        "found": {name: number for name, number in (reading.found or {}).items() if number},
    }
    return {name: value for name, value in whole.items() if value not in (None, [], {}, 0.0)}


def first_line(text: str) -> str:
    return text.splitlines()[0] if text else ""


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_a_sample_is_recognised_by_exactly_its_own_format(name: str, sample: Sample) -> None:
    head = (CASES / sample.path).read_bytes()
    assert [other for other, found in formats().items() if found.recognises(head)] == [name]


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_a_sample_says_what_stands_beside_it(name: str, sample: Sample) -> None:
    found = read_report(DiskFiles(CASES), sample.path)
    expected = json.loads((CASES / f"{sample.path}.expect.json").read_text(encoding="utf-8"))
    assert told(found.reading) == expected
    assert found.report.format == formats()[name].name


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_a_sample_cut_anywhere_never_passes(name: str, sample: Sample) -> None:
    data = (CASES / sample.path).read_bytes()
    end = max(data.rfind(COMPLETE.get(name, b"\0no")), 0) or len(data.rstrip())
    stride = max(1, end // MOST_CUTS)
    cuts = {*range(0, end, stride), *(at for at in range(end) if data[at : at + 1] == b"\n")}
    passed = [cut for cut in sorted(cuts) if answer(data[:cut]) is Answer.YES]
    assert [cut for cut in passed if not between_parts(name, data[:cut])] == []


def between_parts(name: str, data: bytes) -> bool:
    """Whether a report ends between two of its parts: from within, that cannot be seen."""
    if name == "lcov":
        return b"end_of_record" in data and b"SF:" not in data.rpartition(b"end_of_record")[2]
    return name in LINES and data.endswith(b"\n")


@pytest.mark.parametrize("name", formats())
def test_every_format_has_a_sample_that_passes(name: str) -> None:
    samples = [CASES / sample.path for sample in formats()[name].samples]
    assert Answer.YES in {answer(path.read_bytes()) for path in samples}


@pytest.mark.parametrize("name", formats())
def test_every_sample_in_the_folder_is_declared(name: str) -> None:
    folder = CASES / name.replace("_", "-")
    found = {p.name for p in folder.iterdir() if not p.name.endswith(".expect.json")}
    assert found == {Path(sample.path).name for sample in formats()[name].samples}


def test_what_no_tool_wrote_here_is_known() -> None:
    """Their tools cannot run where the tests do; a new format brings a sample that a tool wrote."""
    made_up = [
        name for name, one in formats().items() if not any(each.real for each in one.samples)
    ]
    assert made_up == [
        *("dart", "gatling", "gatling_log", "jmeter_csv", "jmeter_xml", "k6_machine", "k6_summary"),
        *("nunit2", "nunit3", "trx", "xunit", "zap"),
    ]


def test_a_report_is_kept_by_its_hash_and_size(tmp_path: Path) -> None:
    data = b"<testsuite><testcase/></testsuite>" + b"\n" * 100_000
    (tmp_path / "r.xml").write_bytes(data)
    report = read_report(DiskFiles(tmp_path), "r.xml").report
    assert report.size == len(data)
    assert report.digest == str(sha256(data))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "is empty"),
        (b"all 12 tests passed\n", "is in no format"),
        (b"<html><testcase/></html>", "is in no format"),
        (b"\x00\x01\x02", "is in no format"),
        (b'{"numPassedTests": 3}', "is in no format"),
        (b"<coverage generated='1'/>", "is in no format"),
    ],
)
def test_what_no_format_claims_is_unreadable(data: bytes, what: str) -> None:
    with pytest.raises(Unreadable, match=what) as caught:
        read(data)
    assert "give a report" in caught.value.remedy


@pytest.mark.parametrize(
    ("data", "what", "remedy"),
    [
        (gzip.compress(b"<testsuite/>", mtime=0), "is compressed with gzip", "unpack it"),
        (b"PK\x03\x04\x14\x00", "is a ZIP archive", "unpack it"),
        ('\ufeff{"Action": "pass"}'.encode("utf-16-le"), "is in UTF-16", "write it in UTF-8"),
        ("\ufeff1..1\nok 1".encode("utf-16-be"), "is in UTF-16", "write it in UTF-8"),
    ],
)
def test_a_report_that_is_wrapped_is_told_how(data: bytes, what: str, remedy: str) -> None:
    with pytest.raises(Unreadable, match=what) as caught:
        read(data)
    assert remedy in caught.value.remedy


def test_a_report_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        read_report(DiskFiles(tmp_path), "reports/junit.xml")


@given(st.binary(max_size=400))
def test_no_bytes_crash_a_reader_or_pass(data: bytes) -> None:
    assert answer(data) is not Answer.YES


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([b"<testsuite>", b"<testsuites><testsuite>", b'<coverage line-rate="1">']),
    st.binary(max_size=200),
)
def test_no_bytes_after_a_good_beginning_crash_a_reader(head: bytes, rest: bytes) -> None:
    assert answer(head + rest) is not Answer.YES


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(["junit/pytest-failing.xml", "junit/jest.xml"]))
def test_a_failing_report_with_a_changed_byte_never_passes(data: st.DataObject, path: str) -> None:
    whole = bytearray((CASES / path).read_bytes())
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    assert answer(bytes(whole)) is not Answer.YES


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(SAMPLES))
def test_a_report_with_bytes_taken_out_crashes_nothing(data: st.DataObject, param: object) -> None:
    path = param.values[1].path  # type: ignore[attr-defined]
    whole = (CASES / path).read_bytes()
    begin = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(begin, len(whole)))
    assert answer(whole[:begin] + whole[end:]) in tuple(Answer)


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(SAMPLES))
def test_a_report_with_changed_bytes_crashes_nothing(data: st.DataObject, param: object) -> None:
    path = param.values[1].path  # type: ignore[attr-defined]
    whole = bytearray((CASES / path).read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    assert answer(bytes(whole)) in tuple(Answer)
