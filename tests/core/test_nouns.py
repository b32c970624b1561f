from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.digest import Digest, sha256
from cdkit.core.errors import RequestError
from cdkit.core.finding import Location, Severity, fingerprint
from cdkit.core.secret import Secret
from cdkit.core.subject import Subject, source_subject
from cdkit.core.verdict import Answer, cannot_tell, judge, no, yes


def test_one_no_outweighs_everything() -> None:
    reasons = [yes("fine"), cannot_tell("who knows", remedy="look"), no("bad", remedy="mend it")]
    assert judge(reasons).answer is Answer.NO


def test_one_cannot_tell_keeps_the_gate_shut() -> None:
    verdict = judge([yes("fine"), cannot_tell("who knows", remedy="look")])
    assert verdict.answer is Answer.CANNOT_TELL
    assert not verdict.is_yes


def test_no_reason_at_all_is_no_yes() -> None:
    assert judge([]).answer is Answer.CANNOT_TELL


def test_a_digest_reads_back_as_it_was_written() -> None:
    digest = sha256(b"")
    assert Digest.parse(str(digest)) == digest
    assert digest.matches(b"")
    assert not digest.matches(b" ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not a digest"),
        ("sha256:", "is not a digest"),
        ("sha256:" + "a" * 63, "63 characters"),
        ("sha256:" + "A" * 64, "other than 0-9"),
        ("sha256:" + "g" * 64, "other than 0-9"),
        ("md5:" + "a" * 32, "'md5', which is unknown"),
        ("sha256:" + "a" * 64 + "\n", "is not a digest"),
    ],
)
def test_what_is_no_digest_is_refused_with_its_fault(text: str, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        Digest.parse(text)


def test_squashing_a_commit_keeps_the_source_the_same() -> None:
    before = source_subject("acme/orders", commit="a" * 40, tree="7" * 40)
    after = source_subject("acme/orders", commit="b" * 40, tree="7" * 40)
    assert before.keys() & after.keys() == {"gitTree:" + "7" * 40}


def test_two_digests_of_one_value_but_other_kinds_are_two_things() -> None:
    assert not Subject(digest={"sha256": "aa"}).keys() & Subject(digest={"gitTree": "aa"}).keys()


@given(st.lists(st.text(), max_size=5), st.lists(st.text(), max_size=5))
def test_fingerprints_differ_where_the_parts_do(one: list[str], other: list[str]) -> None:
    assert (fingerprint(*one) == fingerprint(*other)) == (one == other)


def test_unknown_is_below_every_severity_that_was_said() -> None:
    assert min(Severity, key=lambda severity: severity.rank) is Severity.UNKNOWN


def test_a_location_reads_as_a_compiler_prints_it() -> None:
    assert str(Location(path="a.sql")) == "a.sql"
    assert str(Location(path="a.sql", line=3)) == "a.sql:3"
    assert str(Location(path="a.sql", line=3, column=5)) == "a.sql:3:5"


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret("hunter2")
    shown = f"{secret} {secret!r} {secret!s:>20} {[secret]}"
    assert "hunter2" not in shown
    assert secret.reveal() == "hunter2"


def test_a_secret_is_not_serialised() -> None:
    with pytest.raises(TypeError, match="not serialised"):
        pickle.dumps(Secret("hunter2"))
