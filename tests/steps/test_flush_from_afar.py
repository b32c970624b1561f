"""Outboxes on their way through a place elsewhere: what holds for each kind of place."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cdkit.core import plugins
from cdkit.core.context import BuildContext
from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import Missing, NoInput
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.core.world import World
from cdkit.events import places as places_of_outboxes
from cdkit.events.carrying import fetch, find, send_off, settle
from cdkit.events.targets import SinkTable
from cdkit.steps import emit_event
from cdkit.steps.flush_events import FlushEventsOptions, FlushEventsOutputs, run
from tests.events import places
from tests.events.receiver import Answer as HttpAnswer
from tests.events.receiver import Receiver, receiving
from tests.parts import double
from tests.parts.registry import Registry

IMAGE = "ghcr.io/acme/orders@sha256:" + "ab" * 32


@dataclass
class Afar:
    """A place with nothing in it."""

    address: str

    def left(self, folder: Path) -> list[str]:
        """The outboxes that a flush-events would find."""
        return list(find(self.address, machine(folder)))


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Afar]:
    """A bucket in this process, by moto; the variables are boto3's own way to be told."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        monkeypatch.setenv(name, value)
    import boto3
    from moto import mock_aws

    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="acme-events")
        yield Afar("s3://acme-events/undelivered")


@contextlib.contextmanager
def doubled(**how: bool) -> Iterator[Afar]:
    with double.running() as running:
        for name, value in how.items():
            setattr(running, name, value)
        yield Afar(f"oci://{running.address}/acme/events")


@pytest.fixture
def registry_that_deletes() -> Iterator[Afar]:
    with doubled() as found:
        yield found


@pytest.fixture
def registry_that_keeps_all() -> Iterator[Afar]:
    with doubled(deletes=False, immutable=True) as found:
        yield found


@pytest.fixture
def real_registry(registry: Registry) -> Afar:
    return Afar(f"oci://{registry.address}/events-{secrets.token_hex(4)}")


@pytest.fixture(
    params=[
        "s3",
        "registry_that_deletes",
        "registry_that_keeps_all",
        pytest.param("real_registry", marks=pytest.mark.needs("registry")),
    ]
)
def afar(request: pytest.FixtureRequest) -> Afar:
    found: Afar = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(HttpAnswer(status=503)) as running:
        yield running


def machine(folder: Path) -> World:
    """A machine of its own, with nothing on its disk."""
    context = BuildContext(system="github", repository="acme/orders", run="7", attempt=1)
    made = places.world(folder)
    return dataclasses.replace(made, context=context, http=RequestsHttp(made.clock))


def emit(
    world: World, receiver: Receiver, afar: Afar | None, environment: str = "production"
) -> Outcome:
    options = emit_event.EmitEventOptions(
        environment=environment,
        image=IMAGE,
        sinks=(receiver.url,),
        budget=0,
        hand_on=afar.address if afar else "",
    )
    return emit_event.run(options, world)


def flush(world: World, receiver: Receiver, place: str, **more: Any) -> Outcome:  # noqa: ANN401
    return run(FlushEventsOptions(outbox=(place,), sinks=(receiver.url,), budget=0, **more), world)


def counted(outcome: Outcome) -> tuple[Answer, str, str]:
    assert isinstance(outcome.outputs, FlushEventsOutputs)
    return outcome.verdict.answer, outcome.outputs.delivered, outcome.outputs.pending


def handed(outcome: Outcome) -> str:
    assert isinstance(outcome.outputs, emit_event.EmitEventOutputs)
    return outcome.outputs.handed_on


def ids(receiver: Receiver) -> list[str]:
    return [request.headers["ce-id"] for request in receiver.requests]


def test_every_place_of_the_folder_is_held_to_what_follows() -> None:
    assert plugins.names(places_of_outboxes) == ("oci", "s3")


def test_another_machine_delivers_it_under_the_same_id_and_nothing_is_left(
    afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    outcome = emit(machine(tmp_path / "a"), receiver, afar)
    assert outcome.verdict.answer is Answer.YES
    assert [handed(outcome)] == afar.left(tmp_path)
    receiver.answers = [HttpAnswer()]
    flushed = flush(machine(tmp_path / "b"), receiver, afar.address)
    assert counted(flushed) == (Answer.YES, "1", "0")
    assert isinstance(outcome.outputs, emit_event.EmitEventOutputs)
    assert ids(receiver) == [outcome.outputs.event] * 2
    assert afar.left(tmp_path) == []
    with pytest.raises(NoInput):
        flush(machine(tmp_path / "c"), receiver, afar.address)
    assert not list((tmp_path / "b/.cdkit/carried").iterdir())


def test_the_address_that_emit_event_names_is_that_of_the_one_outbox(
    afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    first = emit(machine(tmp_path / "a"), receiver, afar)
    second = emit(machine(tmp_path / "b"), receiver, afar, "staging")
    receiver.answers = [HttpAnswer()]
    flushed = flush(machine(tmp_path / "c"), receiver, handed(first))
    assert counted(flushed) == (Answer.YES, "1", "0")
    assert afar.left(tmp_path) == [handed(second)]


def test_several_machines_hand_on_to_one_place(
    afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    for number, environment in enumerate(("production", "staging", "test")):
        emit(machine(tmp_path / str(number)), receiver, afar, environment)
    assert len(afar.left(tmp_path)) == 3
    receiver.answers = [HttpAnswer()]
    flushed = flush(machine(tmp_path / "c"), receiver, afar.address)
    assert counted(flushed) == (Answer.YES, "3", "0")
    assert afar.left(tmp_path) == []


def test_what_still_waits_is_there_as_it_stands(
    afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    emit(machine(tmp_path / "a"), receiver, afar)
    for number in range(3):
        flushed = flush(machine(tmp_path / f"b{number}"), receiver, afar.address)
        assert counted(flushed) == (Answer.CANNOT_TELL, "0", "1")
        assert flushed.tables[0].rows[0][5] == str(number + 2)  # its tries, on every machine
        assert len(afar.left(tmp_path)) == 1
    receiver.answers = [HttpAnswer()]
    assert counted(flush(machine(tmp_path / "c"), receiver, afar.address))[1] == "1"
    assert afar.left(tmp_path) == []
    assert len(set(ids(receiver))) == 1


def test_what_still_waits_can_be_handed_on_in_the_same_place(
    afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    emit(machine(tmp_path / "a"), receiver, afar)
    outcome = flush(machine(tmp_path / "b"), receiver, afar.address, hand_on=afar.address)
    assert outcome.verdict.answer is Answer.YES
    assert len(afar.left(tmp_path)) == 1
    receiver.answers = [HttpAnswer()]
    assert counted(flush(machine(tmp_path / "c"), receiver, afar.address))[1] == "1"
    assert len(set(ids(receiver))) == 1


def test_a_dead_letter_that_is_handed_on_with_the_others_is_in_one_outbox_only(
    afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    world = machine(tmp_path / "a")
    receiver.answers = [HttpAnswer(status=400), HttpAnswer(status=503)]
    emit(world, receiver, None)
    emit(world, receiver, afar, "staging")
    for number in range(2):
        flush(machine(tmp_path / f"b{number}"), receiver, afar.address, hand_on=afar.address)
    assert len(afar.left(tmp_path)) == 1
    receiver.answers = [HttpAnswer()]
    told = flush(machine(tmp_path / "c"), receiver, afar.address, dead_letters="retry")
    assert counted(told) == (Answer.YES, "2", "0")


def test_what_was_refused_is_kept_there_and_told_of_by_its_address(
    afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.answers = [HttpAnswer(status=422)]
    place = handed(emit(machine(tmp_path / "a"), receiver, afar))
    told = flush(machine(tmp_path / "b"), receiver, place)
    assert counted(told) == (Answer.CANNOT_TELL, "0", "1")
    assert [reason.what for reason in told.verdict.reasons] == [
        (
            f"1 dead letter of {receiver.url} from earlier, kept: it refused what is in the table, "
            "and lacks it"
        )
    ]
    (left,) = afar.left(tmp_path)
    dropped = flush(machine(tmp_path / "c"), receiver, left, dead_letters="drop")
    assert f"1 dead letter of {left} forgotten" in "".join(dropped.notes)
    assert afar.left(tmp_path) == []


def test_two_that_deliver_at_once_lose_nothing_and_rename_nothing(
    afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    address = handed(emit(machine(tmp_path / "a"), receiver, afar))
    one, other = machine(tmp_path / "b"), machine(tmp_path / "c")
    first, second = fetch(address, one), fetch(address, other)
    settle(address, first, one, is_empty=True)  # it has delivered everything
    other.files.write(second, other.files.read(second) + b"tried")
    settle(address, second, other, is_empty=False)  # it came to nothing
    assert len(afar.left(tmp_path)) <= 1  # perhaps once more, under the same id; never twice
    settle(address, first, one, is_empty=True)
    assert address not in afar.left(tmp_path)


def test_a_death_before_it_is_settled_leaves_it_there(
    afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    address = handed(emit(machine(tmp_path / "a"), receiver, afar))
    fetch(address, machine(tmp_path / "b"))
    assert afar.left(tmp_path) == [address]


def test_no_secret_is_in_what_was_handed_on(afar: Afar, receiver: Receiver, tmp_path: Path) -> None:
    world = dataclasses.replace(machine(tmp_path / "a"), environ={"TOKEN": "t0p-s3cret"})
    table = SinkTable(
        type="http", url=f"{receiver.url}/s3cret-path?k=s3cret-query", headers={"X-Key": "TOKEN"}
    )
    options = emit_event.EmitEventOptions(
        environment="production", image=IMAGE, sinks=(table,), budget=0, hand_on=afar.address
    )
    address = handed(emit_event.run(options, world))
    there = machine(tmp_path / "b")
    data = there.files.read(fetch(address, there))
    assert b"service.deployed" in data
    assert b"s3cret" not in data


@pytest.mark.parametrize("damage", [lambda _: b"no database" * 100, lambda data: data[: 2 * 4096]])
def test_a_damaged_outbox_stays_as_it_is_and_keeps_no_other_from_its_turn(
    afar: Afar, receiver: Receiver, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    world = machine(tmp_path / "a")
    whole = handed(emit(world, receiver, afar))
    world.files.write("x.db", damage(world.files.read(fetch(whole, world))))
    damaged = send_off("x.db", afar.address, world)
    receiver.answers = [HttpAnswer()]
    flushed = flush(machine(tmp_path / "b"), receiver, afar.address)
    assert counted(flushed)[:2] == (Answer.CANNOT_TELL, "1")
    assert any("damaged" in reason.what for reason in flushed.verdict.reasons)
    assert afar.left(tmp_path) == [damaged]


def test_a_database_of_something_else_is_refused_and_stays(
    afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    world = machine(tmp_path / "a")
    world.files.write("x/keep", b"")
    with sqlite3.connect(world.files.absolute("x.db")) as database:
        database.execute("CREATE TABLE users (name)")
    database.close()
    address = send_off("x.db", afar.address, world)
    flushed = flush(machine(tmp_path / "b"), receiver, address)
    (reason,) = flushed.verdict.reasons
    assert reason.what == "is a database of something else, not an outbox"
    assert afar.left(tmp_path) == [address]
    assert not list((tmp_path / "b/.cdkit/carried").iterdir())


def test_one_that_is_taken_away_after_it_was_found_is_said(
    afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    address = handed(emit(machine(tmp_path / "a"), receiver, afar))
    gone = address[:-10] + ("0" * 7 + ".db" if address.endswith(".db") else "0" * 10)
    with pytest.raises(Missing, match="was there, and is there no more"):
        fetch(gone, machine(tmp_path / "b"))


def test_the_address_of_one_that_was_delivered_from_names_only_what_is_left(
    afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    address = handed(emit(machine(tmp_path / "a"), receiver, afar))
    for number in range(2):
        flush(machine(tmp_path / f"b{number}"), receiver, address)  # in vain
    receiver.answers = [HttpAnswer()]
    assert counted(flush(machine(tmp_path / "c"), receiver, address))[1] == "1"
    with pytest.raises(NoInput):
        flush(machine(tmp_path / "d"), receiver, address)
    assert len(receiver.requests) == 4


def test_a_place_without_an_outbox_is_nothing_to_do(
    afar: Afar, receiver: Receiver, tmp_path: Path
) -> None:
    with pytest.raises(NoInput):
        flush(machine(tmp_path), receiver, afar.address)
