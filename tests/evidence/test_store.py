"""The store of facts, and its folder."""

import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.digest import sha256
from cdkit.core.documents.document import Document
from cdkit.core.documents.kinds import Deployment
from cdkit.core.documents.statement import Statement, encode_statement, state
from cdkit.core.errors import RequestError, Unwritable
from cdkit.core.subject import Subject
from cdkit.evidence.shelf import file_name
from cdkit.evidence.store import Store, open_store
from tests.evidence.doubles import IMAGE, IMAGE_KEY, SOURCE, SUBJECT, evidence, origin
from tests.worlds import COMMIT, TREE, world


def deployment(environment: str, at: str = "2026-11-23T08:00:00Z") -> Deployment:
    return Deployment(
        origin=origin("emit-event", recorded_at=at),
        image=IMAGE,
        environment=environment,
        service="orders",
        status="deployed",
    )


def told(document: Document, *subjects: Subject) -> Statement:
    return state(document, *(subjects or (SUBJECT,)))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store("records", world(tmp_path))


def test_a_fact_is_found_by_the_digest_of_its_image(store: Store) -> None:
    store.put(told(evidence()))
    assert [f.kind for f in store.about(frozenset({IMAGE_KEY})).facts] == ["unit"]


@pytest.mark.parametrize("key", [f"gitTree:{TREE}", f"gitCommit:{COMMIT}", IMAGE_KEY])
def test_a_fact_is_found_by_each_digest_of_each_subject(store: Store, key: str) -> None:
    store.put(told(evidence(), SUBJECT, SOURCE))
    assert [f.kind for f in store.about(frozenset({key})).facts] == ["unit"]


def test_a_fact_that_two_digests_lead_to_comes_once(store: Store) -> None:
    store.put(told(evidence(), SUBJECT, SOURCE))
    found = store.about(frozenset({IMAGE_KEY, f"gitTree:{TREE}"}))
    assert len(found.facts) == 1


def test_a_fact_about_another_image_is_not_found(store: Store) -> None:
    store.put(told(evidence()))
    assert store.about(frozenset({"sha256:" + "b" * 64})).facts == ()


def test_an_empty_store_knows_nothing_and_hides_nothing(store: Store) -> None:
    found = store.about(frozenset({IMAGE_KEY}))
    assert (found.facts, found.unreadable) == ((), ())


def test_the_same_bytes_twice_stand_in_one_place(store: Store, tmp_path: Path) -> None:
    first, second = store.put(told(evidence())), store.put(told(evidence()))
    assert first == second == store.place(told(evidence()))
    assert len(list(tmp_path.rglob("*.json"))) == 1


def test_a_file_is_named_by_the_hash_of_its_bytes(store: Store, tmp_path: Path) -> None:
    place = store.put(told(evidence()))
    data = (tmp_path / place).read_bytes()
    assert place == f"records/subjects/sha256/{'a' * 64}/{sha256(data).encoded}.json"
    assert data == encode_statement(told(evidence()))


def test_a_written_fact_is_never_overwritten(store: Store, tmp_path: Path) -> None:
    place = store.put(told(evidence()))
    (tmp_path / place).write_bytes(b"{}")
    with pytest.raises(Unwritable, match="something else") as caught:
        store.put(told(evidence()))
    assert "remove the file" in caught.value.remedy


@pytest.mark.parametrize("cut", [0, 1, 100])
def test_a_file_that_was_cut_off_is_told_as_unreadable(
    store: Store, tmp_path: Path, cut: int
) -> None:
    place = store.put(told(evidence()))
    data = (tmp_path / place).read_bytes()
    (tmp_path / place).write_bytes(data[:cut])
    found = store.about(frozenset({IMAGE_KEY}))
    assert found.facts == ()
    assert [str(r.where) for r in found.unreadable] == [place]
    assert "cut off" in found.unreadable[0].what


def test_a_changed_file_is_told_as_unreadable(store: Store, tmp_path: Path) -> None:
    place = tmp_path / store.put(told(evidence()))
    place.write_bytes(place.read_bytes().replace(b'"failed":0', b'"failed":9'))
    assert store.about(frozenset({IMAGE_KEY})).facts == ()
    assert len(store.about(frozenset({IMAGE_KEY})).unreadable) == 1


@pytest.mark.parametrize("name", ["notes.txt", ".abc.json.k3j2", "f" * 64 + ".json.tmp"])
def test_a_foreign_or_half_written_file_is_told_as_unreadable(
    store: Store, tmp_path: Path, name: str
) -> None:
    place = tmp_path / store.put(told(evidence()))
    (place.parent / name).write_bytes(b"{")
    found = store.about(frozenset({IMAGE_KEY}))
    assert [f.kind for f in found.facts] == ["unit"]
    assert [str(r.where) for r in found.unreadable] == [
        f"records/subjects/sha256/{'a' * 64}/{name}"
    ]
    assert "remove the file" in found.unreadable[0].remedy


def test_a_statement_of_a_foreign_type_is_told_as_unreadable(store: Store, tmp_path: Path) -> None:
    place = tmp_path / store.put(told(evidence()))
    foreign = json.loads(place.read_bytes()) | {"predicateType": "https://slsa.dev/provenance/v1"}
    data = json.dumps(foreign).encode()
    (place.parent / f"{sha256(data).encoded}.json").write_bytes(data)
    found = store.about(frozenset({IMAGE_KEY}))
    assert "slsa.dev/provenance" in found.unreadable[0].what


def test_a_fact_moved_to_another_image_is_told_as_unreadable(store: Store, tmp_path: Path) -> None:
    place = tmp_path / store.put(told(evidence()))
    other = place.parent.with_name("b" * 64)
    place.parent.rename(other)
    found = store.about(frozenset({"sha256:" + "b" * 64}))
    assert found.facts == ()
    assert "does not speak of" in found.unreadable[0].what


def test_a_file_where_a_folder_should_be_is_told_as_unreadable(
    store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / "records" / "subjects" / "sha256"
    folder.mkdir(parents=True)
    (folder / ("a" * 64)).write_bytes(b"")
    assert len(store.about(frozenset({IMAGE_KEY})).unreadable) == 1


def test_deployments_of_an_environment_come_oldest_first(store: Store) -> None:
    for at in ("2026-11-22T08:00:00Z", "2026-11-20T08:00:00Z", "2026-11-21T08:00:00Z"):
        store.put(told(deployment("production", at)))
    found = store.environment("production").facts
    assert [fact.document.origin.recorded_at[8:10] for fact in found] == ["20", "21", "22"]


def test_an_environment_does_not_see_its_neighbours(store: Store) -> None:
    store.put(told(deployment("production")))
    store.put(told(deployment("Production")))
    found = store.environment("Production").facts
    assert [getattr(fact.document, "environment", "") for fact in found] == ["Production"]


@pytest.mark.parametrize("name", ["../../outside", "/etc", "..", "a\x00b", "a\nb", "con", "é" * 99])
def test_a_hostile_environment_name_stays_inside(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "deep" / "deeper" / "work"
    store = open_store("records", world(folder))
    place = store.put(told(deployment(name)))
    assert len(store.environment(name).facts) == 1
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert all((folder / "records") in path.parents for path in files)
    assert place.startswith("records/subjects/")


def test_an_environment_without_a_name_is_refused(store: Store) -> None:
    with pytest.raises(RequestError, match="no name"):
        store.put(told(deployment("")))


@given(st.lists(st.text(min_size=1), min_size=2, max_size=2, unique=True))
def test_two_environments_never_share_a_folder(names: list[str]) -> None:
    first, second = (file_name(name) for name in names)
    assert first.lower() != second.lower()


@given(st.text(min_size=1))
def test_the_folder_of_an_environment_is_one_safe_name(name: str) -> None:
    assert not set(file_name(name)) - set("abcdefghijklmnopqrstuvwxyz0123456789-_%")
    assert len(file_name(name)) <= 100


@pytest.mark.parametrize("digest", [{"sha256": "../../x"}, {"../x": "ab"}, {"sha256": ""}])
def test_a_hostile_subject_is_not_filed(store: Store, digest: dict[str, str]) -> None:
    with pytest.raises(Unwritable, match="cannot be filed"):
        store.put(told(evidence(), Subject(digest=digest)))


def test_two_writers_at_once_lose_nothing(store: Store) -> None:
    def write(kind: str) -> None:
        for number in range(10):
            store.put(told(evidence(kind, job=str(number))))

    threads = [threading.Thread(target=write, args=(kind,)) for kind in ("unit", "unit", "lint")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = store.about(frozenset({IMAGE_KEY}))
    assert sorted(f.kind for f in found.facts) == ["lint"] * 10 + ["unit"] * 10
    assert found.unreadable == ()


def test_a_store_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no place that facts can be kept in") as caught:
        open_store("gopher://records", world(tmp_path))
    assert "give a folder" in caught.value.remedy


def test_the_deployments_of_all_environments_come_oldest_first(store: Store) -> None:
    later, earlier = "2026-11-23T09:00:00Z", "2026-11-23T08:00:00Z"
    long = "e" * 200
    store.put(told(deployment("production", later)))
    store.put(told(deployment(long, earlier)))
    found = store.deployments()
    assert [getattr(fact.document, "environment", "") for fact in found.facts] == [
        long,
        "production",
    ]
    assert not found.unreadable


def test_a_store_without_an_environment_has_no_deployments(store: Store) -> None:
    assert (store.deployments().facts, store.deployments().unreadable) == ((), ())


def test_a_deployment_under_another_environment_is_told_as_unreadable(
    store: Store, tmp_path: Path
) -> None:
    store.put(told(deployment("staging")))
    environments = tmp_path / "records" / "environments"
    (environments / "staging").rename(environments / "production")
    (environments / "notes.txt").write_text("kept by hand")
    found = store.deployments()
    assert not found.facts
    assert sorted(
        str(reason.where).partition("/environments/")[2][:10] for reason in found.unreadable
    ) == ["notes.txt", "production"]
