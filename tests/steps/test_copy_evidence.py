"""Evidence goes where its image goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cdkit.core.digest import sha256
from cdkit.core.documents.kinds import Platform
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.errors import RequestError
from cdkit.core.oci.artifacts import Artifacts
from cdkit.core.oci.media import OCI_MANIFEST
from cdkit.core.oci.reference import parse_repository
from cdkit.core.step import Outcome
from cdkit.core.subject import Subject
from cdkit.core.verdict import Answer
from cdkit.evidence.store import open_store
from cdkit.steps.copy_evidence import CopyEvidenceOptions, run
from tests.evidence.doubles import SOURCE, evidence, identity
from tests.evidence.places import PlaceOfFacts, networked, on_double, pushed_image
from tests.evidence.signing.keys import verifier
from tests.evidence.test_attached import summary
from tests.evidence.test_stores import bare, signed
from tests.parts.double import Double
from tests.parts.registry import Registry

OTHER_ARCH = "sha256:" + "d" * 64


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[PlaceOfFacts, Double, str]]:
    """Where an image stands with its facts, and another registry that it was pushed to."""
    with on_double(tmp_path) as (_, place), on_double(tmp_path) as (other, _):
        name, _ = pushed_image(other.address, tmp_path)
        yield place, other, f"oci://{name}"


def image(place: PlaceOfFacts) -> str:
    return f"{place.records.removeprefix('oci://')}@{place.key}"


def copy(place: PlaceOfFacts, to: str) -> Outcome:
    options = CopyEvidenceOptions(image=image(place), records=place.records, to=to)
    return run(options, place.outside)


def told(outcome: Outcome) -> str:
    return " ".join(reason.what for reason in outcome.verdict.reasons)


def full(place: PlaceOfFacts) -> None:
    """Leave facts about the image, one of its platforms, and its source."""
    whole = identity(
        image=image(place),
        digest=place.key,
        platforms=(Platform(platform="linux/arm64", digest=OTHER_ARCH),),
    )
    store = place.open()
    store.keep(encode_statement(state(whole, place.subject)))
    store.keep(signed(bare(place)))
    store.keep(encode_statement(state(evidence("lint"), SOURCE)))
    arch = Subject(digest={"sha256": OTHER_ARCH.partition(":")[2]})
    store.keep(encode_statement(state(evidence("smoke"), arch)))


def test_facts_about_the_image_its_platforms_and_its_source_come_along(
    pair: tuple[PlaceOfFacts, Double, str],
) -> None:
    place, _, to = pair
    full(place)
    outcome = copy(place, to)
    assert (outcome.verdict.answer, told(outcome)) == (Answer.YES, f"4 facts stand in {to}")
    moved = PlaceOfFacts(records=to, outside=place.outside, subject=place.subject)
    found = moved.open(verifier()).about(frozenset({place.key}))
    assert sorted(fact.kind for fact in found.facts) == ["identity", "unit"]
    assert [fact.signers for fact in found.facts if fact.kind == "unit"] == [("ci",)]
    source = moved.open().about(SOURCE.keys() | {OTHER_ARCH})
    assert sorted(fact.kind for fact in source.facts) == ["lint", "smoke"]


def test_a_copy_has_the_same_digests(pair: tuple[PlaceOfFacts, Double, str]) -> None:
    place, other, to = pair
    data = signed(bare(place))
    place.open().keep(data)
    copy(place, to)
    name = to.partition(f"{other.address}/")[2]
    assert other.blobs[name, str(sha256(data))] == data
    subjects = {
        json.loads(manifest).get("subject", {}).get("digest")
        for (repository, _), (_, manifest) in other.manifests.items()
        if repository == name
    }
    assert place.key in subjects


def test_copying_twice_copies_nothing_new(pair: tuple[PlaceOfFacts, Double, str]) -> None:
    place, other, to = pair
    full(place)
    copy(place, to)
    before = dict(other.manifests)
    assert copy(place, to).verdict.answer is Answer.YES
    assert other.manifests == before


@pytest.mark.needs("registry")
def test_facts_go_to_a_registry_without_referrers_and_to_a_folder(
    pair: tuple[PlaceOfFacts, Double, str], registry: Registry, tmp_path: Path
) -> None:
    place, _, _ = pair
    full(place)
    name, _ = pushed_image(registry.address, tmp_path)
    assert copy(place, f"oci://{name}").verdict.answer is Answer.YES
    assert copy(place, "archive").verdict.answer is Answer.YES
    assert len(list((tmp_path / "archive" / "subjects" / "sha256").rglob("*.json"))) == 3


def test_no_fact_is_no_yes(pair: tuple[PlaceOfFacts, Double, str]) -> None:
    place, _, to = pair
    outcome = copy(place, to)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "there is no fact about" in told(outcome)


def test_an_unreadable_fact_is_no_yes_and_the_others_are_copied(
    pair: tuple[PlaceOfFacts, Double, str],
) -> None:
    place, _, to = pair
    gone = bare(place, "lint")
    place.open().keep(bare(place))
    copy(place, "archive")
    file = place.outside.files
    (folder,) = file.names("archive/subjects/sha256")
    file.write(f"archive/subjects/sha256/{folder}/{sha256(gone).encoded}.json", gone[:40])
    mixed = PlaceOfFacts(records="archive", outside=place.outside, subject=place.subject)
    options = CopyEvidenceOptions(image=image(place), records=mixed.records, to=to)
    outcome = run(options, place.outside)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert outcome.outputs.copied == "1"  # type: ignore[attr-defined]
    assert "cut off" in told(outcome)


def test_a_place_that_cannot_be_written_is_no_yes(
    pair: tuple[PlaceOfFacts, Double, str],
) -> None:
    place, other, to = pair
    full(place)
    other.read_only = True
    outcome = copy(place, to)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "does not allow it" in told(outcome)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"to": "x"}, "needs image"),
        ({"image": "orders@sha256:" + "a" * 64}, "needs to"),
        ({"image": "orders:v1", "to": "x"}, "carries no digest"),
        ({"image": "orders@sha256:" + "a" * 64, "to": "none"}, "one of them is none"),
    ],
)
def test_a_wrong_request_is_refused(tmp_path: Path, options: dict[str, str], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        run(msgspec.structs.replace(CopyEvidenceOptions(), **options), networked(tmp_path))


def test_verification_summaries_come_along(pair: tuple[PlaceOfFacts, Double, str]) -> None:
    place, _, to = pair
    full(place)
    data = summary(place)
    place.open().attach(data)
    outcome = copy(place, to)
    assert told(outcome) == f"4 facts and 1 verification summary stand in {to}"
    moved = open_store(to, place.outside)
    assert [one for _, one in moved.attached(frozenset({place.key})).records] == [data]
    assert copy(place, to).verdict.answer is Answer.YES


def test_a_summary_that_cannot_be_read_is_not_passed_over(
    pair: tuple[PlaceOfFacts, Double, str],
) -> None:
    place, _, to = pair
    full(place)
    where = place.open().attach(summary(place))
    name = parse_repository(place.records.removeprefix("oci://"))
    artifacts = Artifacts(name, place.outside)
    other = artifacts.manifest("v1")
    assert other
    artifacts.push_manifest(where.rpartition(":")[2], other.data, OCI_MANIFEST)
    outcome = copy(place, to)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert [str(reason.where) for reason in outcome.verdict.reasons] == [where]
