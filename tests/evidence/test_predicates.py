"""Statements of other tools: read by their predicate type, about this image or its source."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdkit.core.documents.kinds import Evidence
from cdkit.core.errors import CdkitError, Unreadable
from cdkit.core.subject import Subject
from cdkit.core.verdict import Answer
from cdkit.evidence.format import Sample
from cdkit.evidence.judge import Gathered, evidence_of
from cdkit.evidence.predicate import predicates
from cdkit.evidence.records import is_record, read_stated
from cdkit.evidence.statements import unwrapped
from tests.evidence.doubles import OTHER_SUBJECT, SUBJECT, origin
from tests.worlds import COMMIT, TREE

CASES = Path(__file__).parents[1] / "cases" / "evidence"
SAMPLES = [
    pytest.param(name, sample, id=sample.path)
    for name, found in predicates().items()
    for sample in found.samples
]
PATHS = [one.path for found in predicates().values() for one in found.samples]
HERE = Subject(digest={"gitCommit": COMMIT, "gitTree": TREE})


def judged(data: bytes, subject: Subject = SUBJECT, source: Subject | None = None) -> Evidence:
    """Return the evidence of a file; what cannot be read stands in it as a reason."""
    reads, unread = (), ()
    try:
        reads = read_stated(data, "in.json", subject, source).reads  # type: ignore[assignment]
    except CdkitError as fault:
        unread = (fault.reason(),)  # type: ignore[assignment]
    return evidence_of(Gathered(kind="k", reads=reads, unread=unread), origin())


def sample(path: str) -> bytes:
    return (CASES / path).read_bytes()


def changed(path: str, **changes: object) -> bytes:
    """Return a bare sample with these keys of its predicate changed."""
    statement = json.loads(sample(path))
    statement["predicate"] |= changes
    return json.dumps(statement).encode()


def reasons(found: Evidence) -> list[tuple[str, str]]:
    return [(one.answer.value, one.what) for one in found.verdict.reasons]


@pytest.mark.parametrize(("name", "one"), SAMPLES)
def test_a_sample_is_read_by_its_own_predicate(name: str, one: Sample) -> None:
    data = sample(one.path)
    assert is_record(data)
    (read,) = read_stated(data, "in.json", SUBJECT, None).reads
    assert read.report.format == predicates()[name].name
    assert read.report.size == len(data)


@pytest.mark.parametrize("name", predicates())
def test_every_sample_in_the_folder_is_declared(name: str) -> None:
    found = predicates()[name]
    there = {f"{found.name}/{path.name}" for path in (CASES / found.name).iterdir()}
    assert there == {one.path for one in found.samples}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("test-result/spec.json", [("yes", "k: 3 tests passed"), ("yes", "k: result is PASSED")]),
        ("test-result/spec-failed.json", [("no", "k: test_b failed")]),
        (
            "test-result/tekton.json",
            [("yes", "k: 6 tests passed"), ("yes", "k: result is SUCCESS")],
        ),
        (
            "test-result/tekton-skipped.json",
            [
                ("cannot-tell", "k: no test was executed"),
                ("cannot-tell", "the result is 'SKIPPED', which is no answer"),
            ],
        ),
        (
            "slsa-provenance/v0.2.json",
            [
                ("yes", "k: builder is https://mobyproject.org/buildkit@v1"),
                ("yes", "k: build-type is https://mobyproject.org/buildkit@v1"),
                ("yes", f"k: source is https://github.com/acme/orders.git@{'d' * 40}"),
            ],
        ),
        (
            "verification-summary/vsa-failed.json",
            [("no", "https://verifier.example/v1 says that it failed")],
        ),
        ("vulns/v0.1-high.json", [("no", "CVE-2026-3 (high)")]),
    ],
)
def test_what_a_sample_says(path: str, expected: list[tuple[str, str]]) -> None:
    assert reasons(judged(sample(path))) == expected


def test_what_provenance_in_a_bundle_says() -> None:
    found = judged(sample("slsa-provenance/v1.json"))
    assert found.verdict.answer is Answer.YES
    assert found.said["builder"].endswith("/.github/workflows/build.yml@refs/heads/main")
    assert found.said["source"].endswith("d" * 40)


def test_the_summary_of_our_own_gate_is_read_back() -> None:
    found = judged(sample("verification-summary/vsa.json"))
    assert found.verdict.answer is Answer.YES
    assert found.said["levels"] == "CDKIT_ENTER_DEPLOYMENT"
    assert found.said["verifier"] == "https://cdkit.dev/check-gate"


def test_scans_are_counted_by_the_worst_severity_that_any_method_gives() -> None:
    found = judged(sample("vulns/v0.2.json"))
    assert found.verdict.answer is Answer.YES
    assert {name: n for name, n in found.found.items() if n} == {"medium": 1, "low": 1}
    assert found.said["database"] == "2026-11-23T06:00:00Z"
    assert {n: c for n, c in judged(sample("vulns/cosign-trivy.json")).found.items() if c} == {
        "low": 1
    }


# What contradicts itself, or proves nothing


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"failedTests": ["x"]}, Answer.NO),
        ({"passedTests": [], "warnedTests": []}, Answer.CANNOT_TELL),
        ({"result": "MAYBE"}, Answer.CANNOT_TELL),
        ({"result": ""}, Answer.CANNOT_TELL),
        ({"result": "FAILED"}, Answer.NO),
        ({"result": "ERROR", "failedTests": []}, Answer.NO),
        ({"result": 1}, Answer.CANNOT_TELL),
        ({"result": "WARNED"}, Answer.YES),
    ],
)
def test_a_result_that_contradicts_itself_never_passes(
    changes: dict[str, object], answer: Answer
) -> None:
    assert judged(changed("test-result/spec.json", **changes)).verdict.answer is answer


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"failures": 1}, Answer.NO),
        ({"successes": 0, "warnings": 0}, Answer.CANNOT_TELL),
        ({"successes": -5, "warnings": 0}, Answer.CANNOT_TELL),
        ({"successes": 1.5}, Answer.CANNOT_TELL),
    ],
)
def test_numbers_of_a_task_are_held_against_its_result(
    changes: dict[str, object], answer: Answer
) -> None:
    assert judged(changed("test-result/tekton.json", **changes)).verdict.answer is answer


def test_an_empty_builder_is_none() -> None:
    found = judged(changed("slsa-provenance/v0.2.json", builder={"id": " "}))
    assert reasons(found) == [("cannot-tell", "names no builder")]


def test_a_verifier_without_properties_found_nothing() -> None:
    found = judged(changed("verification-summary/svr.json", properties=[]))
    assert found.verdict.answer is Answer.CANNOT_TELL


@pytest.mark.parametrize("result", ["", "passed", "UNKNOWN"])
def test_a_summary_that_says_neither_cannot_tell(result: str) -> None:
    found = judged(changed("verification-summary/vsa-failed.json", verificationResult=result))
    assert found.verdict.answer is Answer.CANNOT_TELL


@pytest.mark.parametrize(
    "scanner",
    [
        {"uri": "x", "result": []},
        {"uri": "x", "result": {"SchemaVersion": 2}},
        {"uri": "x", "result": {"matches": []}},
        {"uri": "x", "result": [{"severity": []}], "db": {"lastUpdate": "2026-11-23T06:00:00Z"}},
        {"uri": "x", "result": "nothing"},
    ],
)
def test_a_scan_that_shows_nothing_of_its_looking_cannot_tell(scanner: dict[str, object]) -> None:
    found = judged(changed("vulns/v0.2.json", scanner=scanner))
    assert found.verdict.answer is Answer.CANNOT_TELL


# What it is about


def about(*digests: dict[str, str]) -> bytes:
    statement = json.loads(sample("test-result/spec.json"))
    statement["subject"] = [{"name": "x", "digest": digest} for digest in digests]
    return json.dumps(statement).encode()


@pytest.mark.parametrize(
    "digest", [{"gitCommit": COMMIT}, {"sha1": COMMIT}, {"gitTree": TREE}, {"sha256": "a" * 64}]
)
def test_it_may_be_about_the_image_or_the_source_here(digest: dict[str, str]) -> None:
    data = about({"sha256": "9" * 64}, digest)
    assert judged(data, source=HERE).verdict.answer is Answer.YES


@pytest.mark.parametrize("digest", [{"gitCommit": "9" * 40}, {"sha256": "9" * 64}, {}])
def test_a_statement_about_something_else_is_refused(digest: dict[str, str]) -> None:
    found = judged(about(digest), source=HERE)
    assert found.verdict.answer is Answer.CANNOT_TELL


def test_it_is_about_the_image_that_is_asked_for() -> None:
    found = judged(sample("test-result/spec.json"), subject=OTHER_SUBJECT)
    assert "is about sha256:aaaa" in reasons(found)[0][1]


# Envelopes


def envelope(payload: str, kind: str = "application/vnd.in-toto+json") -> bytes:
    return json.dumps(
        {"payload": payload, "payloadType": kind, "signatures": [{"sig": "MEUC"}]}
    ).encode()


GOOD = base64.b64encode(sample("test-result/spec.json")).decode()


def test_both_alphabets_of_base64_are_read() -> None:
    data = sample("test-result/spec.json").replace(b"test_a", "tést_ÿÿÿ>>>???".encode())
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert judged(envelope(encode(data).decode())).verdict.answer is Answer.YES


@pytest.mark.parametrize(
    "data",
    [
        envelope(GOOD, "application/json"),
        envelope(GOOD, "application/vnd.in-toto+json;evil"),
        envelope("!" + GOOD),
        envelope(GOOD[:-9]),
        envelope(""),
        envelope(base64.b64encode(b"[]").decode()),
        b'{"payloadType": 1, "payload": 2}',
        b'{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": {}}',
    ],
)
def test_an_envelope_that_is_broken_cannot_be_read(data: bytes) -> None:
    assert is_record(data)
    with pytest.raises(Unreadable):
        read_stated(data, "in.json", SUBJECT, None)


def test_an_unknown_predicate_names_those_that_are_known() -> None:
    statement: dict[str, Any] = json.loads(sample("test-result/spec.json"))
    statement["predicateType"] = "https://example.com/x/v1"
    with pytest.raises(Unreadable, match="which this cdkit does not read") as caught:
        read_stated(json.dumps(statement).encode(), "in.json", SUBJECT, None)
    assert "SLSA provenance" in caught.value.remedy


def test_a_file_of_many_lines_holds_a_statement_in_each() -> None:
    one = json.dumps(json.loads(sample("test-result/spec.json"))).encode()
    lines = b"\n".join([one, envelope(GOOD), sample("slsa-provenance/v1.json").strip()])
    assert len(read_stated(lines, "in.jsonl", SUBJECT, None).reads) == 3


# Whatever the bytes


@pytest.mark.parametrize(("name", "one"), SAMPLES)
def test_a_sample_cut_anywhere_never_passes(name: str, one: Sample) -> None:
    data = sample(one.path).rstrip()
    passed = [cut for cut in range(len(data)) if judged(data[:cut]).verdict.answer is Answer.YES]
    assert (name, passed) == (name, [])


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(PATHS))
def test_changed_bytes_crash_nothing(data: st.DataObject, path: str) -> None:
    whole = bytearray(sample(path))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    assert judged(bytes(whole)).verdict.answer in tuple(Answer)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(PATHS), _json)
def test_a_changed_value_crashes_nothing(data: st.DataObject, path: str, value: object) -> None:
    statement = json.loads(unwrapped(sample(path), "x"))
    key = data.draw(st.sampled_from(sorted(statement["predicate"])))
    statement["predicate"][key] = value
    assert judged(json.dumps(statement).encode()).verdict.answer in tuple(Answer)
