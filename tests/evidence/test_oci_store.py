"""Facts in a registry: what other tools find there, and what goes wrong with registries."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cdkit.core.digest import Digest, sha256
from cdkit.core.documents.envelope import BUNDLE, DSSE, open_envelope
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.errors import CannotTell, NotAllowed, RequestError, Unwritable
from cdkit.core.oci.artifacts import Artifacts, Entry, read_entries
from cdkit.core.oci.media import EMPTY, OCI_INDEX, OCI_MANIFEST
from cdkit.core.oci.reference import parse_repository
from cdkit.core.subject import Subject, image_subject
from cdkit.evidence.store import open_store
from cdkit.evidence.stores._tags import promised, subject_prefix
from tests.evidence.doubles import evidence
from tests.evidence.places import PlaceOfFacts, in_registry, networked, on_double
from tests.evidence.signing.keys import verifier
from tests.evidence.test_stores import bare, kinds, signed
from tests.parts.double import Double, Given
from tests.parts.registry import PASSWORD, Registry
from tests.worlds import Notebook


@pytest.fixture
def double(tmp_path: Path) -> Iterator[tuple[Double, PlaceOfFacts]]:
    with on_double(tmp_path) as pair:
        yield pair


@pytest.fixture
def plain(registry: Registry, tmp_path: Path) -> PlaceOfFacts:
    return in_registry(registry.address, tmp_path)


def artifacts(place: PlaceOfFacts) -> Artifacts:
    name = parse_repository(place.records.removeprefix("oci://"))
    return Artifacts(name, place.outside)


def encoded(place: PlaceOfFacts) -> str:
    return place.key.partition(":")[2]


def entries(place: PlaceOfFacts, tag: str, part: str) -> list[dict[str, object]]:
    pulled = artifacts(place).manifest(tag)
    assert pulled
    return [json.loads(bytes(raw)) for _, raw in read_entries(pulled.data, part, where=tag)]


def said(place: PlaceOfFacts) -> list[str]:
    assert isinstance(place.outside.talk, Notebook)
    return place.outside.talk.said


def test_a_signed_fact_is_an_artifact_that_names_its_image(
    double: tuple[Double, PlaceOfFacts],
) -> None:
    _, place = double
    tag = place.open().keep(signed(bare(place))).rpartition(":")[2]
    pulled = artifacts(place).manifest(tag)
    assert pulled
    manifest = json.loads(pulled.data)
    assert manifest["artifactType"] == manifest["layers"][0]["mediaType"] == BUNDLE
    assert manifest["config"] == {
        "mediaType": EMPTY,
        "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "size": 2,
    }
    assert manifest["subject"]["digest"] == place.key
    assert manifest["annotations"] == {
        "org.opencontainers.image.created": "2026-11-23T11:00:00Z",
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": "https://cdkit.dev/evidence/v1",
    }
    (entry,) = artifacts(place).referrers(_digest(place)) or ()
    assert entry.digest == str(pulled.digest)


def _digest(place: PlaceOfFacts) -> Digest:
    return Digest.parse(place.key)


@pytest.mark.needs("registry")
def test_without_a_referrers_api_the_index_names_every_fact(plain: PlaceOfFacts) -> None:
    places = [plain.open().keep(bare(plain, kind)) for kind in ("unit", "lint")]
    listed = entries(plain, f"sha256-{encoded(plain)}", "manifests")
    pulled = [artifacts(plain).manifest(place.rpartition(":")[2]) for place in places]
    assert {entry["digest"] for entry in listed} == {str(one.digest) for one in pulled if one}
    assert {entry["artifactType"] for entry in listed} == {"application/vnd.in-toto+json"}


@pytest.mark.needs("registry")
def test_cosigns_manifest_holds_what_a_key_signed_and_nothing_else(plain: PlaceOfFacts) -> None:
    bundle = signed(bare(plain))
    plain.open().keep(bundle)
    plain.open().keep(bare(plain, "lint"))
    (layer,) = entries(plain, f"sha256-{encoded(plain)}.att", "layers")
    assert layer["mediaType"] == DSSE
    notes = layer["annotations"]
    assert isinstance(notes, dict)
    assert notes["predicateType"] == "https://cdkit.dev/evidence/v1"
    assert notes["dev.cosignproject.cosign/signature"] == ""
    envelope = open_envelope(bundle, where="")
    blob = artifacts(plain).blob(msgspec.convert(layer, type=Entry))
    alone = open_envelope(blob, where="")
    assert envelope
    assert alone
    assert (alone.signed, alone.signatures) == (envelope.signed, envelope.signatures)


@pytest.mark.needs("registry")
@pytest.mark.parametrize("lost", ["", ".att"])
def test_a_list_that_lost_facts_gets_them_back_from_whoever_writes_next(
    plain: PlaceOfFacts, lost: str
) -> None:
    for kind in ("unit", "lint"):
        plain.open().keep(signed(bare(plain, kind)))
    name, part = f"sha256-{encoded(plain)}{lost}", "layers" if lost else "manifests"
    empty = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}
    if lost:
        config = artifacts(plain).push_blob(b"{}", EMPTY)
        empty = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}
    kind = OCI_MANIFEST if lost else OCI_INDEX
    assert artifacts(plain).push_manifest(name, msgspec.json.encode(empty), kind).status == 201
    assert kinds(plain.open(), plain.key) == ["lint", "unit"]
    plain.open().keep(signed(bare(plain, "review")))
    assert len(entries(plain, name, part)) == 3


@pytest.mark.needs("registry")
def test_what_others_listed_stays_listed(plain: PlaceOfFacts) -> None:
    other = {
        "mediaType": OCI_MANIFEST,
        "digest": plain.key,
        "size": 7,
        "artifactType": "application/spdx+json",
        "data": "kept",
    }
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [other]}
    name = f"sha256-{encoded(plain)}"
    artifacts(plain).push_manifest(name, json.dumps(index).encode(), OCI_INDEX)
    plain.open().keep(bare(plain))
    assert other in entries(plain, name, "manifests")
    assert kinds(plain.open(), plain.key) == ["unit"]


@pytest.mark.needs("registry", "skopeo")
def test_another_client_reads_the_artifact_and_cosigns_manifest(
    plain: PlaceOfFacts, tmp_path: Path
) -> None:
    tag = plain.open().keep(signed(bare(plain))).rpartition(":")[2]
    name = plain.records.removeprefix("oci://")
    for number, one in enumerate((tag, f"sha256-{encoded(plain)}.att")):
        command = ["skopeo", "copy", "--src-tls-verify=false", "--insecure-policy"]
        command += [f"docker://{name}:{one}", f"dir:{tmp_path / str(number)}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "0" / sha256(signed_bytes(plain, tag)).encoded).is_file()


def signed_bytes(place: PlaceOfFacts, tag: str) -> bytes:
    held = place.open().held(frozenset({place.key}))
    return next(data for where, data in held.records if where.endswith(tag))


def _write(records: str, key: str, folder: str, number: int) -> None:
    """One process that records one fact."""
    outside = networked(Path(folder))
    subject = Subject(name="orders", digest={"sha256": key.partition(":")[2]})
    data = encode_statement(state(evidence(job=str(number)), subject))
    open_store(records, outside).keep(signed(data))


@pytest.mark.needs("registry")
def test_twenty_processes_at_once_lose_nothing_in_any_list(
    plain: PlaceOfFacts, tmp_path: Path
) -> None:
    method = multiprocessing.get_context("fork")
    started = [
        method.Process(target=_write, args=(plain.records, plain.key, str(tmp_path), number))
        for number in range(20)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert [process.exitcode for process in started] == [0] * 20
    assert kinds(plain.open(), plain.key) == ["unit"] * 20
    assert len(entries(plain, f"sha256-{encoded(plain)}", "manifests")) == 20
    assert len(entries(plain, f"sha256-{encoded(plain)}.att", "layers")) == 20


@pytest.mark.parametrize("referrers", [True, False])
def test_immutable_tags_are_no_obstacle(
    double: tuple[Double, PlaceOfFacts], *, referrers: bool
) -> None:
    registry, place = double
    registry.immutable, registry.referrers = True, referrers
    for kind in ("unit", "lint", "review"):
        data = signed(bare(place, kind))
        place.open().keep(data)
        place.open().keep(data)
    assert kinds(place.open(), place.key) == ["lint", "review", "unit"]
    told = [line for line in said(place) if "may lack facts, which cdkit finds" in line]
    assert told
    assert any("already exists in the" in line for line in told)


def test_facts_that_only_referrers_name_are_found(double: tuple[Double, PlaceOfFacts]) -> None:
    registry, place = double
    place.open().keep(signed(bare(place)))
    for key in [key for key in registry.tags if key[1].startswith("cdkit.")]:
        del registry.tags[key]
    found = place.open(verifier()).about(frozenset({place.key}))
    assert [(fact.kind, fact.signers) for fact in found.facts] == [("unit", ("ci",))]
    assert found.unreadable == ()


def test_facts_that_only_cosigns_manifest_holds_are_found(
    double: tuple[Double, PlaceOfFacts],
) -> None:
    registry, place = double
    place.open().keep(signed(bare(place)))
    registry.referrers = False
    for key in [key for key in registry.tags if key[1].startswith("cdkit.")]:
        del registry.tags[key]
    found = place.open(verifier()).about(frozenset({place.key}))
    assert [(fact.kind, fact.signers) for fact in found.facts] == [("unit", ("ci",))]


def attached(place: PlaceOfFacts, data: bytes, kind: str, tag: str = "other") -> str:
    """Push what somebody else says of the image; return its manifest's digest."""
    subject = artifacts(place).described(_digest(place))
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": kind,
        "config": artifacts(place).push_blob(b"{}", EMPTY),
        "layers": [artifacts(place).push_blob(data, kind)],
        "subject": subject,
    }
    whole = msgspec.json.encode(manifest)
    assert artifacts(place).push_manifest(tag, whole, OCI_MANIFEST).status == 201
    return str(sha256(whole))


def test_what_others_attest_beside_the_image_is_left_alone(
    double: tuple[Double, PlaceOfFacts],
) -> None:
    _, place = double
    place.open().keep(bare(place))
    provenance = bare(place).replace(b"https://cdkit.dev/evidence/v1", b"https://slsa.dev/p/v1")
    attached(place, signed(provenance), BUNDLE, "a")
    blob = {"mediaType": BUNDLE, "verificationMaterial": {}, "messageSignature": {}}
    attached(place, json.dumps(blob).encode(), BUNDLE, "b")
    attached(place, b"{}", "application/spdx+json", "c")
    assert kinds(place.open(), place.key) == ["unit"]


@pytest.mark.parametrize("data", [b"{}", b'{"payload":1}', b"\xff"])
def test_a_broken_record_among_the_referrers_is_told_as_unreadable(
    double: tuple[Double, PlaceOfFacts], data: bytes
) -> None:
    _, place = double
    place.open().keep(bare(place))
    digest = attached(place, data, BUNDLE)
    found = place.open().about(frozenset({place.key}))
    assert [fact.kind for fact in found.facts] == ["unit"]
    assert [str(one.where) for one in found.unreadable] == [f"{place.records}@{digest}"]


def test_a_tag_that_was_moved_is_told_as_unreadable(double: tuple[Double, PlaceOfFacts]) -> None:
    registry, place = double
    where = place.open().keep(bare(place))
    other = place.open().keep(bare(place, "lint"))
    name = place.records.partition(f"{registry.address}/")[2]
    tags = [where.rpartition(":")[2], other.rpartition(":")[2]]
    registry.tags[name, tags[0]] = registry.tags[name, tags[1]]
    found = place.open().about(frozenset({place.key}))
    assert "does not hold what its name promises" in found.unreadable[0].what
    assert [str(one.where) for one in found.unreadable] == [where]
    with pytest.raises(Unwritable, match="something else"):
        place.open().keep(bare(place))


def test_a_fact_under_another_images_tag_is_told_as_unreadable(
    double: tuple[Double, PlaceOfFacts],
) -> None:
    registry, place = double
    tag = place.open().keep(bare(place)).rpartition(":")[2]
    name = place.records.partition(f"{registry.address}/")[2]
    other = "sha256:" + "b" * 64
    moved = f"{subject_prefix(other)}{tag.rpartition('.')[2]}"
    registry.tags[name, moved] = registry.tags[name, tag]
    found = place.open().about(frozenset({other}))
    assert found.facts == ()
    assert ["does not speak of" in one.what for one in found.unreadable] == [True]


def test_a_registry_that_gives_other_bytes_is_told_as_unreadable(
    double: tuple[Double, PlaceOfFacts],
) -> None:
    registry, place = double
    where = place.open().keep(bare(place))
    name = place.records.partition(f"{registry.address}/")[2]
    for (repository, digest), data in list(registry.blobs.items()):
        if b"predicate" in data:
            lie = data.replace(b'"failed":0', b'"failed":9')
            registry.blobs[repository, digest] = lie
    assert name
    found = place.open().about(frozenset({place.key}))
    assert found.facts == ()
    assert {str(one.where) for one in found.unreadable} == {place.records.removeprefix("oci://")}
    assert "other bytes" in found.unreadable[0].what
    assert where


@pytest.mark.parametrize("gone", ["manifests", "blobs"])
def test_a_fact_that_a_clean_up_took_is_told_as_unreadable(
    double: tuple[Double, PlaceOfFacts], gone: str
) -> None:
    registry, place = double
    tag = place.open().keep(bare(place)).rpartition(":")[2]
    name = place.records.partition(f"{registry.address}/")[2]
    digest = registry.tags[name, tag]
    if gone == "manifests":
        del registry.manifests[name, digest]
    else:
        layer = str(sha256(bare(place)))
        del registry.blobs[name, layer]
    found = place.open().about(frozenset({place.key}))
    assert found.facts == ()
    assert len(found.unreadable) == 1


def test_a_registry_that_is_down_is_told_once_for_each_question(tmp_path: Path) -> None:
    outside = networked(tmp_path)
    store = open_store("oci://127.0.0.1:1/orders", outside)
    found = store.about(frozenset({"sha256:" + "a" * 64}))
    assert found.facts == ()
    assert found.unreadable
    with pytest.raises(CannotTell):
        store.keep(encode_statement(state(evidence(), Subject(digest={"sha256": "a" * 64}))))


def test_a_registry_that_never_answers_is_given_up(
    double: tuple[Double, PlaceOfFacts], tmp_path: Path
) -> None:
    registry, place = double
    name = parse_repository(place.records.removeprefix("oci://"))
    slow = Artifacts(name, networked(tmp_path), timeout=0.2)
    registry.always = Given(hang=True)
    for _ in range(2):
        with pytest.raises(CannotTell):
            slow.tags()
    assert len([path for _, path, _ in registry.asked if "tags/list" in path]) == 1


def test_a_login_that_may_only_read_is_told_with_what_to_do(
    double: tuple[Double, PlaceOfFacts],
) -> None:
    registry, place = double
    registry.read_only = True
    with pytest.raises(NotAllowed, match="does not allow it") as caught:
        place.open().keep(bare(place))
    assert "packages: write" in caught.value.remedy


@pytest.mark.needs("registry")
def test_facts_are_kept_with_the_login_of_the_job(
    registry_with_login: Registry, tmp_path: Path
) -> None:
    environ = {
        "CI_REGISTRY": registry_with_login.address,
        "CI_REGISTRY_USER": str(registry_with_login.user),
        "CI_REGISTRY_PASSWORD": PASSWORD,
    }
    records = f"oci://{registry_with_login.address}/evidence"
    subject = image_subject("registry.example/orders", sha256(b"elsewhere"))
    data = encode_statement(state(evidence(), subject))
    open_store(records, networked(tmp_path, environ=environ)).keep(data)
    found = open_store(records, networked(tmp_path, environ=environ)).about(subject.keys())
    assert [fact.kind for fact in found.facts] == ["unit"]
    with pytest.raises(NotAllowed, match="wants a login"):
        open_store(records, networked(tmp_path)).keep(data)


def test_a_list_of_tags_is_read_to_its_end(double: tuple[Double, PlaceOfFacts]) -> None:
    registry, place = double
    place.open().keep(bare(place))
    name = place.records.partition(f"{registry.address}/")[2]
    link = {"Content-Type": "application/json", "Link": f'</v2/{name}/tags/list?n=1>; rel="next"'}
    registry.next.append(Given(200, link, b'{"name":"x","tags":["v0"]}'))
    assert kinds(place.open(), place.key) == ["unit"]


@pytest.mark.parametrize(
    "link",
    [
        "<http://127.0.0.1:1/v2/x/tags/list>; rel=next",
        "<//evil.example/x>; rel=next",
        "<//[>; rel=next",
    ],
)
def test_a_list_that_goes_on_elsewhere_is_told_as_unreadable(
    double: tuple[Double, PlaceOfFacts], link: str
) -> None:
    registry, place = double
    registry.next.append(
        Given(200, {"Content-Type": "application/json", "Link": link}, b'{"tags":["v0"]}')
    )
    found = place.open().about(frozenset({place.key}))
    assert "goes on elsewhere" in found.unreadable[0].what


@pytest.mark.parametrize("body", [b"<html>", b'{"tags": 5}', b"[]", b""])
def test_a_page_that_is_no_list_is_told_as_unreadable(
    double: tuple[Double, PlaceOfFacts], body: bytes
) -> None:
    registry, place = double
    registry.next.append(Given(200, {"Content-Type": "text/html"}, body))
    found = place.open().about(frozenset({place.key}))
    assert "answers with no list" in found.unreadable[0].what


def test_a_repository_with_a_tag_is_no_place(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="more than a repository"):
        open_store("oci://127.0.0.1/orders:v1", networked(tmp_path))


def test_a_tag_says_what_it_promises() -> None:
    prefix = subject_prefix("sha256:" + "a" * 64)
    assert prefix == "cdkit.sha256-" + "a" * 64 + "."
    assert promised(f"{prefix}u{'0' * 32}") == "0" * 32
    assert promised(f"{prefix}x{'0' * 32}") == ""
    assert len(subject_prefix("sha512:" + "a" * 128)) == 73
