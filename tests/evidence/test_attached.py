"""What others are told of an image: it stands beside the facts, and no reader of facts sees it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec import Raw

from cdkit.core.documents.envelope import BUNDLE, DSSE, encode_bundle, open_envelope
from cdkit.core.documents.statement import STATEMENT_TYPE, Statement, encode_statement
from cdkit.core.errors import CdkitError, NotAllowed, Unwritable
from cdkit.core.oci.artifacts import Entry, read_artifact
from cdkit.core.subject import Subject
from cdkit.evidence.store import open_store
from cdkit.evidence.stores._tags import attached_prefix, subject_prefix
from tests.evidence.doubles import OTHER_SUBJECT
from tests.evidence.places import PlaceOfFacts, in_registry, on_double, place
from tests.evidence.signing.keys import public, verifier
from tests.evidence.test_oci_store import artifacts, encoded, entries, said
from tests.evidence.test_stores import bare, kinds, signed
from tests.parts.double import Double
from tests.parts.node import Node
from tests.parts.registry import Registry

__all__ = ["place"]

VSA = "https://slsa.dev/verification_summary/v1"
VERIFY = Path(__file__).parent / "signing" / "verify.mjs"


@pytest.fixture
def double(tmp_path: Path) -> Iterator[tuple[Double, PlaceOfFacts]]:
    with on_double(tmp_path) as pair:
        yield pair


@pytest.fixture
def plain(registry: Registry, tmp_path: Path) -> PlaceOfFacts:
    return in_registry(registry.address, tmp_path)


def statement(subject: Subject, level: str = "CDKIT_ENTER_PRODUCTION") -> bytes:
    predicate = {
        "verificationResult": "PASSED",
        "verifiedLevels": [level],
        "timeVerified": "2026-11-23T12:00:00Z",
    }
    return encode_statement(
        Statement(
            type=STATEMENT_TYPE,
            subject=(subject,),
            predicate_type=VSA,
            predicate=Raw(json.dumps(predicate).encode()),
        )
    )


def summary(place: PlaceOfFacts, level: str = "CDKIT_ENTER_PRODUCTION") -> bytes:
    return signed(statement(place.subject, level))


def test_a_summary_is_found_by_its_digest_and_no_reader_of_facts_sees_it(
    place: PlaceOfFacts,
) -> None:
    place.open().keep(signed(bare(place)))
    data = summary(place)
    where = place.open().attach(data)
    assert place.open().attached(frozenset({place.key})).records == ((where, data),)
    found = place.open(verifier()).about(frozenset({place.key}))
    assert [(fact.kind, fact.signers) for fact in found.facts] == [("unit", ("ci",))]
    assert found.unreadable == ()
    assert data not in [one for _, one in place.open().held(frozenset({place.key})).records]


def test_a_summary_that_a_stranger_signed_shuts_no_gate(place: PlaceOfFacts) -> None:
    place.open().attach(signed(statement(place.subject), 1))
    found = place.open(verifier()).about(frozenset({place.key}))
    assert (found.facts, found.unreadable) == ((), ())


def test_a_summary_of_another_image_is_not_found(place: PlaceOfFacts) -> None:
    place.open().attach(signed(statement(OTHER_SUBJECT)))
    assert place.open().attached(frozenset({place.key})).records == ()
    assert len(place.open().attached(OTHER_SUBJECT.keys()).records) == 1


def test_the_same_summary_twice_stands_once(place: PlaceOfFacts) -> None:
    data = summary(place)
    assert place.open().attach(data) == place.open().attach(data)
    assert len(place.open().attached(frozenset({place.key})).records) == 1


@pytest.mark.parametrize("what", ["unsigned", "fact", "no digest", "no statement"])
def test_what_nobody_may_rely_on_is_not_attached(place: PlaceOfFacts, what: str) -> None:
    data = {
        "unsigned": statement(place.subject),
        "fact": signed(bare(place)),
        "no digest": signed(statement(Subject(digest={"sha256": ""}))),
        "no statement": b"{}",
    }[what]
    told = {"unsigned": "not signed", "fact": "is a fact", "no digest": "cannot be filed"}
    with pytest.raises(CdkitError, match=told.get(what, "is not an in-toto statement")):
        place.open().attach(data)
    assert place.open().attached(frozenset({place.key})).records == ()


def test_twenty_writers_of_facts_and_summaries_lose_nothing(place: PlaceOfFacts) -> None:
    faults: list[Exception] = []

    def write(number: int) -> None:
        try:
            if number % 2:
                place.open().attach(summary(place, f"CDKIT_ENTER_{number}"))
            else:
                place.open().keep(signed(bare(place, job=str(number))))
        except Exception as fault:  # noqa: BLE001 - shown below
            faults.append(fault)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert kinds(place.open(), place.key) == ["unit"] * 10
    attached = place.open().attached(frozenset({place.key}))
    assert (len(attached.records), attached.unreadable) == (10, ())


def test_several_places_are_read_as_one(tmp_path: Path) -> None:
    with on_double(tmp_path) as (_, place):
        data = summary(place)
        place.open().attach(data)
        folder = open_store("kept", place.outside)
        folder.attach(summary(place, "CDKIT_ENTER_DELIVERY"))
        both = open_store(f"kept,{place.records}", place.outside)
        both.attach(data)
        assert len(both.attached(frozenset({place.key})).records) == 2
        assert len(folder.attached(frozenset({place.key})).records) == 2


def layer(place: PlaceOfFacts, entry: dict[str, object]) -> bytes:
    return artifacts(place).blob(msgspec.convert(entry, type=Entry))


@pytest.mark.needs("registry")
def test_both_lists_of_other_clients_hold_facts_and_summaries(plain: PlaceOfFacts) -> None:
    plain.open().attach(summary(plain))
    plain.open().keep(bare(plain, "lint"))
    plain.open().keep(signed(bare(plain)))
    listed = entries(plain, f"sha256-{encoded(plain)}", "manifests")
    noted = [entry["annotations"] for entry in listed if isinstance(entry["annotations"], dict)]
    assert sorted(str(note["dev.sigstore.bundle.predicateType"]) for note in noted) == [
        "https://cdkit.dev/evidence/v1",
        "https://cdkit.dev/evidence/v1",
        VSA,
    ]
    layers = entries(plain, f"sha256-{encoded(plain)}.att", "layers")
    assert {one["mediaType"] for one in layers} == {DSSE}
    found = [one["annotations"] for one in layers if isinstance(one["annotations"], dict)]
    assert sorted(note["predicateType"] for note in found) == ["https://cdkit.dev/evidence/v1", VSA]


def test_a_registry_with_referrers_names_the_summary_by_its_type(
    double: tuple[Double, PlaceOfFacts],
) -> None:
    _, place = double
    tag = place.open().attach(summary(place)).rpartition(":")[2]
    assert tag.startswith(attached_prefix(place.key))
    assert not tag.startswith(subject_prefix(place.key))
    pulled = artifacts(place).manifest(tag)
    assert pulled
    manifest = json.loads(pulled.data)
    assert manifest["artifactType"] == BUNDLE
    assert manifest["subject"]["digest"] == place.key
    assert manifest["annotations"] == {
        "org.opencontainers.image.created": "2026-11-23T12:00:00Z",
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": VSA,
    }


@pytest.mark.needs("registry", "node")
def test_an_independent_verifier_takes_what_both_lists_name(
    plain: PlaceOfFacts, node: Node, tmp_path: Path
) -> None:
    """As `cosign verify-attestation` goes: through `.att`, and through the referrers' index."""
    plain.open().attach(summary(plain))
    (entry,) = entries(plain, f"sha256-{encoded(plain)}", "manifests")
    pulled = artifacts(plain).manifest(str(entry["digest"]))
    assert pulled
    (one,) = read_artifact(pulled.data, where="").layers
    (tmp_path / "referrer.json").write_bytes(artifacts(plain).blob(one))
    (old,) = entries(plain, f"sha256-{encoded(plain)}.att", "layers")
    envelope = open_envelope(layer(plain, old), where="")
    assert envelope
    (tmp_path / "att.json").write_bytes(encode_bundle(envelope, hint="any"))
    (tmp_path / "key.pem").write_text(public("p256"))
    (tmp_path / "other.pem").write_text(public("p256", 1))
    paths = [str(tmp_path / name) for name in ("referrer.json", "att.json")]
    for key, said_of_it in (("key.pem", "verified"), ("other.pem", "refused: SIGNATURE_ERROR")):
        done = node.run(VERIFY, str(tmp_path / key), "PKIX_ECDSA_P256_SHA_256", *paths)
        assert done.stdout.splitlines() == [said_of_it] * 2, done.stderr


@pytest.mark.parametrize("referrers", [True, False])
def test_immutable_tags_do_not_hinder_a_summary(
    double: tuple[Double, PlaceOfFacts], *, referrers: bool
) -> None:
    registry, place = double
    registry.immutable, registry.referrers = True, referrers
    for level in ("A", "B"):
        data = summary(place, level)
        for _ in range(2):
            place.open().attach(data)
    assert len(place.open().attached(frozenset({place.key})).records) == 2
    told = [line for line in said(place) if "may lack" in line]
    assert all(f"sha256-{encoded(place)}" in line for line in told)
    assert told


def test_a_summary_that_was_replaced_is_told_as_unreadable(
    double: tuple[Double, PlaceOfFacts],
) -> None:
    registry, place = double
    data = summary(place)
    where = place.open().attach(data)
    other = place.open().attach(summary(place, "CDKIT_ENTER_DELIVERY"))
    name = place.records.partition(f"{registry.address}/")[2]
    tags = [one.rpartition(":")[2] for one in (where, other)]
    registry.tags[name, tags[0]] = registry.tags[name, tags[1]]
    found = place.open().attached(frozenset({place.key}))
    assert [(str(one.where), one.what) for one in found.unreadable] == [
        (where, "a record does not hold what its name promises: it was changed")
    ]
    with pytest.raises(Unwritable, match="something else"):
        place.open().attach(data)


def test_a_login_that_may_only_read_is_told(double: tuple[Double, PlaceOfFacts]) -> None:
    registry, place = double
    registry.read_only = True
    with pytest.raises(NotAllowed, match="does not allow it"):
        place.open().attach(summary(place))
