"""What every store must do: the same facts, the same answers, whichever keeps them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cdkit.core import plugins
from cdkit.core.documents.kinds import Deployment
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.errors import RequestError, Unwritable
from cdkit.core.subject import Subject
from cdkit.core.trust import Verifier
from cdkit.evidence import stores
from cdkit.evidence.signing.keys import open_key
from cdkit.evidence.store import Store, StoreKind
from tests.evidence.doubles import OTHER_SUBJECT, SOURCE, evidence, origin
from tests.evidence.places import PlaceOfFacts, place
from tests.evidence.signing.keys import pem, verifier
from tests.worlds import COMMIT, TREE, world

__all__ = ["place"]

LATER, EARLIER = "2026-11-23T09:00:00Z", "2026-11-23T08:00:00Z"


def deployment(environment: str, at: str = EARLIER) -> Deployment:
    return Deployment(
        origin=origin("emit-event", recorded_at=at),
        image="registry.example/orders@sha256:" + "a" * 64,
        environment=environment,
        service="orders",
        status="deployed",
    )


def bare(place: PlaceOfFacts, kind: str = "unit", *more: Subject, job: str = "") -> bytes:
    return encode_statement(state(evidence(kind, job=job), place.subject, *more))


def signed(data: bytes, number: int = 0) -> bytes:
    environ = {"CDKIT_SIGNING_KEY": pem("p256", number)}
    return open_key(world(Path(), environ=environ)).sign(data)


def kinds(store: Store, *keys: str) -> list[str]:
    found = store.about(frozenset(keys))
    assert found.unreadable == ()
    return sorted(fact.kind for fact in found.facts)


def test_a_fact_is_found_by_the_digest_of_its_image(place: PlaceOfFacts) -> None:
    place.open().keep(bare(place))
    assert kinds(place.open(), place.key) == ["unit"]


def test_an_empty_store_knows_nothing_and_hides_nothing(place: PlaceOfFacts) -> None:
    found = place.open().about(frozenset({place.key}))
    assert (found.facts, found.unreadable) == ((), ())


@pytest.mark.parametrize("key", [f"gitTree:{TREE}", f"gitCommit:{COMMIT}"])
def test_a_fact_is_found_by_each_digest_of_each_subject(place: PlaceOfFacts, key: str) -> None:
    place.open().keep(bare(place, "unit", SOURCE))
    assert kinds(place.open(), key) == ["unit"]
    assert kinds(place.open(), key, place.key) == ["unit"]


def test_a_fact_about_source_alone_is_kept_too(place: PlaceOfFacts) -> None:
    place.open().keep(encode_statement(state(evidence("lint"), SOURCE)))
    assert kinds(place.open(), f"gitTree:{TREE}") == ["lint"]


def test_a_fact_about_another_image_is_not_found(place: PlaceOfFacts) -> None:
    place.open().keep(encode_statement(state(evidence(), OTHER_SUBJECT)))
    assert kinds(place.open(), place.key) == []
    assert kinds(place.open(), *OTHER_SUBJECT.keys()) == ["unit"]


def test_the_same_bytes_twice_stand_in_one_place(place: PlaceOfFacts) -> None:
    data = bare(place)
    first, second = place.open().keep(data), place.open().keep(data)
    assert first == second == place.open().place_of(data)
    assert len(place.open().held(frozenset({place.key})).records) == 1


def test_what_is_held_is_what_was_kept(place: PlaceOfFacts) -> None:
    data, envelope = bare(place), signed(bare(place, "lint"))
    for one in (data, envelope):
        place.open().keep(one)
    held = place.open().held(frozenset({place.key}))
    assert {one for _, one in held.records} == {data, envelope}
    assert held.unreadable == ()


def signers(place: PlaceOfFacts, check: Verifier | None) -> list[tuple[str, ...]]:
    found = place.open(check).about(frozenset({place.key}))
    assert found.unreadable == ()
    return [fact.signers for fact in found.facts]


def test_a_signed_fact_names_its_signer(place: PlaceOfFacts) -> None:
    place.open().keep(signed(bare(place)))
    assert signers(place, verifier()) == [("ci",)]
    assert signers(place, None) == [()]


def test_twins_are_one_fact_with_the_signers_of_both(place: PlaceOfFacts) -> None:
    data = bare(place)
    place.open().keep(data)
    place.open().keep(signed(data))
    assert signers(place, verifier()) == [("ci",)]


def test_a_fact_that_nobody_known_signed_is_told_as_unreadable(place: PlaceOfFacts) -> None:
    where = place.open().keep(signed(bare(place), 1))
    found = place.open(verifier()).about(frozenset({place.key}))
    assert found.facts == ()
    assert [str(reason.where) for reason in found.unreadable] == [where]
    assert "signed by nobody known" in found.unreadable[0].what


def test_deployments_come_oldest_first(place: PlaceOfFacts) -> None:
    for name, at in (("production", LATER), ("e" * 200, EARLIER), ("Production", EARLIER)):
        place.open().put(state(deployment(name, at), place.subject))
    found = place.open().deployments()
    assert found.unreadable == ()
    assert [fact.recorded_at for fact in found.facts] == [EARLIER, EARLIER, LATER]
    told = place.open().environment("Production").facts
    assert [getattr(fact.document, "environment", "") for fact in told] == ["Production"]
    assert [fact.kind for fact in place.open().about(frozenset({place.key})).facts] == [
        "deployment"
    ] * 3


@pytest.mark.parametrize("name", ["../../outside", "a\x00b", "a\nb", "con", "é" * 99, "a_b", "a.b"])
def test_a_hostile_environment_has_a_place_of_its_own(place: PlaceOfFacts, name: str) -> None:
    place.open().put(state(deployment(name), place.subject))
    assert len(place.open().environment(name).facts) == 1
    assert place.open().environment("a").facts == ()
    assert place.open().environment("b").facts == ()


def test_an_environment_without_a_name_is_refused(place: PlaceOfFacts) -> None:
    with pytest.raises(RequestError, match="no name"):
        place.open().put(state(deployment(""), place.subject))


def test_a_subject_without_a_digest_is_not_filed(place: PlaceOfFacts) -> None:
    with pytest.raises(Unwritable, match="cannot be filed"):
        place.open().put(state(evidence(), Subject(digest={"sha256": ""})))


def test_twenty_writers_at_once_lose_nothing(place: PlaceOfFacts) -> None:
    faults: list[Exception] = []

    def write(number: int) -> None:
        try:
            data = bare(place, "unit" if number % 2 else "lint", job=str(number))
            place.open().keep(signed(data) if number % 4 == 0 else data)
        except Exception as fault:  # noqa: BLE001 - shown below
            faults.append(fault)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert kinds(place.open(), place.key) == ["lint"] * 10 + ["unit"] * 10


def test_every_kind_of_store_is_held_to_this_and_written_down() -> None:
    known = plugins.collect(stores, "STORE", StoreKind)
    assert {name: kind.name for name, kind in known.items()} == {n: n for n in known}
    assert set(known) == {"folder", "oci", "s3"}
    page = (Path(__file__).parents[2] / "docs" / "evidence-stores.md").read_text(encoding="utf-8")
    assert all(f"{name}://" in page for name in known if name != "folder")
