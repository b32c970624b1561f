"""Outboxes on their way through a registry: what is its own, and what a bad one cannot do."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cdkit.core.errors import NoInput, RequestError
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.events.carrying import fetch, find, send_off, settle
from cdkit.evidence.store import open_store
from cdkit.steps import emit_event
from cdkit.steps.flush_events import FlushEventsOptions, run
from tests.core.registries import log_in
from tests.events.places import RunningClock
from tests.events.receiver import Answer as HttpAnswer
from tests.events.receiver import Receiver, receiving
from tests.parts import double
from tests.parts.double import Double, Given
from tests.parts.loopback import free_port
from tests.parts.registry import Registry
from tests.steps.test_flush_from_afar import Afar, counted, emit, flush, handed, machine

NAME = "acme/events"
OVER = f"cdkit.outbox.end.{'0' * 32}.{'0' * 32}"
BLOB = [Given(404), Given(202, {"Location": "/v2/acme/events/blobs/uploads/1"}), Given(201)]
"""How a registry answers that takes a blob."""


@pytest.fixture
def registry() -> Iterator[Double]:
    with double.running() as running:
        yield running


@pytest.fixture
def afar(registry: Double) -> Afar:
    return Afar(f"oci://{registry.address}/{NAME}")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(HttpAnswer(status=503)) as running:
        yield running


def tags(registry: Double) -> list[str]:
    return sorted(tag for _, tag in registry.tags)


def undelivered(outcome: Outcome) -> tuple[Answer, str, str]:
    assert isinstance(outcome.outputs, emit_event.EmitEventOutputs)
    return outcome.verdict.answer, outcome.outputs.pending, outcome.outputs.handed_on


def test_nothing_is_left_in_a_registry_that_deletes(
    registry: Double, afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    emit(machine(tmp_path / "a"), receiver, afar)
    (first,) = tags(registry)
    flush(machine(tmp_path / "b"), receiver, afar.address)
    (second,) = tags(registry)
    assert second.endswith(2 * first.removeprefix("cdkit.outbox"))
    receiver.answers = [HttpAnswer()]
    flush(machine(tmp_path / "c"), receiver, afar.address)
    (last,) = tags(registry)
    assert last.startswith("cdkit.outbox.end.")
    for days, left in ((0, 2), (2, 1)):
        receiver.answers = [HttpAnswer(status=503), HttpAnswer()]
        other = handed(emit(machine(tmp_path / f"d{days}"), receiver, afar, f"stage-{days}"))
        later = machine(tmp_path / f"e{days}")
        assert isinstance(later.clock, RunningClock)
        later.clock.jump = timedelta(days=days)
        flush(later, receiver, other)
        assert len(tags(registry)) == left
        assert any(tag.endswith(other[-32:]) for tag in tags(registry))


def test_a_registry_that_deletes_nothing_keeps_what_says_that_it_is_over(
    registry: Double, afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    registry.deletes = False
    emit(machine(tmp_path / "a"), receiver, afar)
    (first,) = tags(registry)
    receiver.answers = [HttpAnswer()]
    flush(machine(tmp_path / "b"), receiver, afar.address)
    assert tags(registry) == sorted([first, f"cdkit.outbox.end.{first[-32:]}.{first[-32:]}"])
    with pytest.raises(NoInput):
        flush(machine(tmp_path / "c"), receiver, afar.address)
    assert len(receiver.requests) == 2


def test_what_could_not_be_deleted_then_goes_before_what_stands_in_for_it(
    registry: Double, afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    registry.deletes = False
    emit(machine(tmp_path / "a"), receiver, afar)
    flush(machine(tmp_path / "b"), receiver, afar.address)
    assert len(tags(registry)) == 2
    registry.deletes = True
    receiver.answers = [HttpAnswer()]
    flush(machine(tmp_path / "c"), receiver, afar.address)
    deleted = [path for method, path, _ in registry.asked if method == "DELETE"]
    assert len(deleted) == 1 + 2  # once in vain, then each
    assert [tag.rpartition("outbox.")[2][:4] for tag in tags(registry)] == ["end."]


def test_an_outbox_that_another_job_has_delivered_from_meanwhile_is_passed_over(
    afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    world = machine(tmp_path / "a")
    address = handed(emit(world, receiver, afar))
    (found,) = find(afar.address, world)
    settle(address, fetch(address, world), world, is_empty=True)
    assert fetch(found, world) == ""


def test_what_another_job_has_ended_is_not_begun_anew(
    registry: Double, afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    registry.deletes = False
    world = machine(tmp_path / "a")
    address = handed(emit(world, receiver, afar))
    paths = [fetch(address, world) for _ in range(2)]
    settle(address, paths[0], world, is_empty=True)
    world.files.write(paths[1], world.files.read(paths[1]) + b"tried")
    settle(address, paths[1], world, is_empty=False)
    assert afar.left(tmp_path) == []


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([*BLOB, *BLOB, Given(201)], "the registry says that it took it, and does not hold it"),
        ([*BLOB, *BLOB, Given(500)], "the registry did not take it: "),
        ([*BLOB, Given(404), Given(500)], "cannot answer (500)"),
        ([Given(404), Given(403)], "does not allow it (403)"),
    ],
)
def test_an_outbox_that_is_half_pushed_waits_here(
    registry: Double,
    afar: Afar,
    receiver: Receiver,
    tmp_path: Path,
    answers: list[Given],
    said: str,
) -> None:
    world = machine(tmp_path / "a")
    registry.next.extend(answers)
    outcome = emit(world, receiver, afar)
    assert undelivered(outcome) == (Answer.CANNOT_TELL, "1", "")
    assert any(said in reason.what for reason in outcome.verdict.reasons)
    assert afar.left(tmp_path) == []
    again = emit(world, receiver, afar)
    assert undelivered(again)[0] is Answer.YES
    assert [handed(again)] == afar.left(tmp_path)


def test_a_registry_that_keeps_the_manifest_and_not_the_outbox_took_nothing(
    registry: Double, afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    asked = [*BLOB, Given(200)]  # it says that it has the outbox already, which is not so
    registry.next.extend(asked)
    kept = {(NAME, "sha256:" + "0" * 64): b""}
    registry.blobs.update(kept)
    outcome = emit(machine(tmp_path / "a"), receiver, afar)
    assert undelivered(outcome) == (Answer.CANNOT_TELL, "1", "")


def test_other_bytes_under_a_tag_are_not_delivered_from(
    registry: Double, afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    first = handed(emit(machine(tmp_path / "a"), receiver, afar))
    second = handed(emit(machine(tmp_path / "b"), receiver, afar, "staging"))
    moved, to = (address.rpartition(":")[2] for address in (first, second))
    registry.tags[NAME, moved] = registry.tags[NAME, to]
    receiver.answers = [HttpAnswer()]
    flushed = flush(machine(tmp_path / "c"), receiver, first)
    (reason,) = flushed.verdict.reasons
    assert reason.what == "is no outbox, or not the one that its tag promises"
    assert len(receiver.requests) == 2


def test_a_blob_that_was_changed_is_not_delivered_from(
    registry: Double, afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    emit(machine(tmp_path / "a"), receiver, afar)
    registry.blobs = {at: data[::-1] for at, data in registry.blobs.items()}
    flushed = flush(machine(tmp_path / "b"), receiver, afar.address)
    assert counted(flushed)[0] is Answer.CANNOT_TELL
    assert len(receiver.requests) == 1


def test_other_tags_of_a_repository_are_no_outboxes(
    registry: Double, afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    emit(machine(tmp_path / "a"), receiver, afar)
    digest = registry.tags.popitem()[1]
    for tag in ("v1", "cdkit.outbox.", "cdkit.outbox.zz", f"cdkit.sha256-{'0' * 64}.u{'0' * 32}"):
        registry.tags[NAME, tag] = digest
    registry.tags[NAME, f"cdkit.outbox.end.{'0' * 32}.{'0' * 32}"] = digest
    assert afar.left(tmp_path) == []


def test_outboxes_beside_facts_are_in_nobodys_way(
    afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    world = machine(tmp_path / "a")
    emit(world, receiver, afar)
    collected = open_store(afar.address, world, verifier=None).deployments()
    assert (collected.facts, collected.unreadable) == ((), ())


def test_the_same_outbox_under_two_tags_is_over_under_both(
    registry: Double, afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    world = machine(tmp_path / "a")
    address = handed(emit(world, receiver, afar))
    tag = address.rpartition(":")[2]
    registry.tags[NAME, f"{tag}.{'0' * 32}.{'0' * 32}"] = registry.tags[NAME, tag]
    settle(address, fetch(address, world), world, is_empty=True)
    assert afar.left(tmp_path) == []


def test_two_whose_results_differ_are_both_kept(
    afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    world = machine(tmp_path / "a")
    address = handed(emit(world, receiver, afar))
    paths = [fetch(address, world) for _ in range(2)]
    for number, path in enumerate(paths):
        world.files.write(path, world.files.read(path) + bytes([number]))
        settle(address, path, world, is_empty=False)
    assert len(afar.left(tmp_path)) == 2


def test_a_registry_that_is_down_keeps_no_other_outbox_from_its_turn(
    afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    emit(machine(tmp_path / "a"), receiver, afar)
    receiver.answers = [HttpAnswer()]
    down = f"oci://127.0.0.1:{free_port()}/acme/events"
    options = FlushEventsOptions(outbox=(down, afar.address), sinks=(receiver.url,), budget=0)
    outcome = run(options, machine(tmp_path / "b"))
    assert counted(outcome)[:2] == (Answer.CANNOT_TELL, "1")
    assert "127.0.0.1 cannot be reached" in outcome.verdict.reasons[0].what


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("oci://", "''"),
        ("oci://127.0.0.1:1/a/b:v1", "is more than a repository, and no outbox in one"),
        (f"oci://127.0.0.1:1/a@sha256:{'0' * 64}", "is more than a repository"),
        (
            f"oci://127.0.0.1:1/a:cdkit.outbox.end.{'0' * 32}.{'0' * 32}",
            "is more than a repository",
        ),
        ("oci://ada:letmein@127.0.0.1:1/a", "^the address of a registry with a login in it$"),
        ("gs://bucket/prefix", "is no place for an outbox"),
        ("../x://y", "is no place for an outbox"),
    ],
)
def test_a_place_that_can_be_none_is_a_wrong_request_before_anything_is_done(
    place: str, said: str, receiver: Receiver, tmp_path: Path
) -> None:
    with pytest.raises(RequestError, match=said):
        emit(machine(tmp_path), receiver, Afar(place))
    with pytest.raises(RequestError, match=said):
        flush(machine(tmp_path), receiver, "x.db", hand_on=place)
    with pytest.raises(RequestError, match=said):
        run(FlushEventsOptions(outbox=(place,), sinks=(receiver.url,)), machine(tmp_path))
    assert receiver.requests == []


@pytest.mark.needs("registry")
def test_a_registry_that_wants_a_login_gets_ours(
    registry_with_login: Registry, receiver: Receiver, tmp_path: Path
) -> None:
    there = registry_with_login
    assert there.user
    assert there.password
    afar = Afar(f"oci://{there.address}/acme/events")
    home = {"HOME": str(tmp_path)}
    outcome = emit(machine(tmp_path / "a"), receiver, afar)
    assert undelivered(outcome)[0] is Answer.CANNOT_TELL
    log_in(tmp_path, there.address, there.user, there.password)
    world = dataclasses.replace(machine(tmp_path / "b"), environ=home)
    address = handed(emit(world, receiver, afar))
    assert list(find(afar.address, world)) == [address]
    assert there.password.encode() not in world.files.read(fetch(address, world))


def test_an_outbox_that_is_too_large_for_a_registry_is_said(afar: Afar, tmp_path: Path) -> None:
    world = machine(tmp_path)
    with Path(world.files.absolute("x.db")).open("wb") as stream:
        stream.truncate(65 * 1024 * 1024)
    with pytest.raises(Exception, match="is larger than 64 MiB"):
        send_off("x.db", afar.address, world)
