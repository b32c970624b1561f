"""Our own records, given as reports: stated again about the image, or refused."""

import pytest

from cdkit.core.documents.document import Document
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Deployment, Evidence, Findings, Tool
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.errors import Unreadable
from cdkit.core.subject import Subject
from cdkit.evidence.records import is_record, read_stated, restate
from tests.evidence.doubles import (
    IMAGE,
    OTHER_SUBJECT,
    OTHER_TREE,
    PASSED,
    SOURCE,
    SUBJECT,
    evidence,
    fact,
    identity,
    origin,
)
from tests.evidence.test_stores import signed

FINDINGS = Findings(
    origin=origin("lint-migrations"),
    evidence="migrations",
    verdict=PASSED,
    tool=Tool(name="cdkit"),
    examined={"files": 1},
)


def again(of: Fact, kind: str = "data", source: Subject | None = SOURCE) -> Document:
    return restate(of, kind, SUBJECT, source)


def test_findings_about_the_source_become_evidence_of_the_kind_that_is_named() -> None:
    found = again(fact(FINDINGS, SOURCE))
    assert isinstance(found, Findings)
    assert (found.evidence, found.verdict, found.origin) == ("data", PASSED, FINDINGS.origin)


def test_evidence_about_the_image_itself_can_be_stated_again() -> None:
    assert isinstance(again(fact(evidence(), SUBJECT), "unit"), Evidence)


def test_an_identity_stays_one() -> None:
    assert again(fact(identity()), "identity") == identity()


def test_a_fact_about_another_source_is_refused() -> None:
    with pytest.raises(Unreadable, match="about another source") as caught:
        again(fact(FINDINGS, Subject(digest={"gitTree": OTHER_TREE})))
    assert "check out the commit" in caught.value.remedy


def test_a_fact_about_another_image_is_refused() -> None:
    with pytest.raises(Unreadable, match="is about sha256:bbb"):
        again(fact(FINDINGS, OTHER_SUBJECT))


def test_a_fact_about_this_image_and_another_is_refused() -> None:
    with pytest.raises(Unreadable, match="is about sha256:bbb"):
        again(fact(FINDINGS, SUBJECT, OTHER_SUBJECT))


def test_a_source_is_not_held_against_one_that_is_not_known() -> None:
    assert isinstance(again(fact(FINDINGS, SOURCE), source=None), Findings)


def test_the_identity_of_another_image_is_refused() -> None:
    other = identity(digest="sha256:" + "b" * 64)
    with pytest.raises(Unreadable, match="is the identity of sha256:bbb"):
        again(fact(other), "identity")


def test_an_identity_is_no_other_evidence() -> None:
    with pytest.raises(Unreadable, match="is an identity") as caught:
        again(fact(identity()), "unit")
    assert "give it as identity=" in caught.value.remedy


def test_evidence_is_no_identity() -> None:
    with pytest.raises(Unreadable, match="is no identity"):
        again(fact(evidence()), "identity")


def test_a_deployment_is_no_evidence() -> None:
    deployed = Deployment(
        origin=origin(), image=IMAGE, environment="production", service="a", status="deployed"
    )
    with pytest.raises(Unreadable, match="is a deployment, which is no evidence"):
        again(fact(deployed))


def test_a_file_of_several_facts_is_read_line_by_line() -> None:
    data = encode_statement(state(evidence(), SUBJECT)) + encode_statement(state(FINDINGS, SOURCE))
    assert [found.kind for found in read_stated(data, "in.json", SUBJECT, None).facts] == [
        "unit",
        "migrations",
    ]


def test_a_fact_spread_over_lines_is_read_whole() -> None:
    data = encode_statement(state(evidence(), SUBJECT)).replace(b",", b",\n")
    assert [found.kind for found in read_stated(data, "in.json", SUBJECT, None).facts] == ["unit"]


def test_a_cut_off_line_spoils_the_file() -> None:
    data = encode_statement(state(evidence(), SUBJECT)) * 2
    with pytest.raises(Unreadable):
        read_stated(data[:-20], "in.json", SUBJECT, None)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b'{"_type":"https://in-toto.io/Statement/v1"', True),
        (b'\xef\xbb\xbf{\n "subject": [', True),
        (b'{"meta": {"branch_coverage": true', False),
        (b"<testsuite>", False),
        (b"", False),
    ],
)
def test_a_record_is_known_by_its_beginning(head: bytes, expected: bool) -> None:  # noqa: FBT001
    assert is_record(head) is expected


def test_a_signed_record_is_read_as_a_bare_one_is() -> None:
    bare = encode_statement(state(evidence(), SUBJECT))
    whole = signed(bare) + signed(encode_statement(state(evidence("lint"), SUBJECT)))
    assert is_record(whole)
    assert [fact.kind for fact in read_stated(whole, "in/a.json", SUBJECT, None).facts] == [
        "unit",
        "lint",
    ]
    assert [fact.kind for fact in read_stated(bare, "in/a.json", SUBJECT, None).facts] == ["unit"]
