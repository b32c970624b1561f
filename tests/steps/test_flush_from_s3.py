"""Outboxes on their way through S3: from emit-event to a flush-events on another machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cdkit.core.context import BuildContext
from cdkit.core.errors import CannotTell, NoInput, RequestError
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.core.world import World
from cdkit.steps import emit_event
from cdkit.steps.flush_events import FlushEventsOptions, FlushEventsOutputs, run
from tests.events import places
from tests.events.receiver import Answer as HttpAnswer
from tests.events.receiver import Receiver, receiving

PLACE = "s3://acme-events/undelivered"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
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
        client = boto3.client("s3")
        client.create_bucket(Bucket="acme-events")
        yield client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(HttpAnswer(status=503)) as running:
        yield running


def machine(folder: Path) -> World:
    """A machine of its own, with nothing on its disk."""
    context = BuildContext(system="github", repository="acme/orders", run="7", attempt=1)
    return replace(places.world(folder), context=context)


def emit(world: World, receiver: Receiver, environment: str = "production") -> Outcome:
    options = emit_event.EmitEventOptions(
        environment=environment,
        image="ghcr.io/acme/orders@sha256:" + "ab" * 32,
        sinks=(receiver.url,),
        budget=0,
        hand_on=PLACE,
    )
    return emit_event.run(options, world)


def flush(world: World, receiver: Receiver, **more: Any) -> Outcome:  # noqa: ANN401 - any option
    return run(FlushEventsOptions(outbox=(PLACE,), sinks=(receiver.url,), budget=0, **more), world)


def delivered(outcome: Outcome) -> str:
    assert isinstance(outcome.outputs, FlushEventsOutputs)
    return outcome.outputs.delivered


def keys(bucket: Any) -> list[str]:  # noqa: ANN401 - boto3 has no types
    found = bucket.list_objects_v2(Bucket="acme-events").get("Contents", [])
    return [entry["Key"] for entry in found]


def ids(receiver: Receiver) -> list[str]:
    return [request.headers["ce-id"] for request in receiver.requests]


def test_what_one_machine_could_not_deliver_another_does_under_the_same_id(
    bucket: Any,  # noqa: ANN401
    receiver: Receiver,
    tmp_path: Path,
) -> None:
    outcome = emit(machine(tmp_path / "a"), receiver)
    assert outcome.verdict.answer is Answer.YES
    assert isinstance(outcome.outputs, emit_event.EmitEventOutputs)
    (key,) = keys(bucket)
    assert outcome.outputs.handed_on == f"s3://acme-events/{key}"
    receiver.answers = [HttpAnswer()]
    flushed = flush(machine(tmp_path / "b"), receiver)
    assert (flushed.verdict.answer, delivered(flushed)) == (Answer.YES, "1")
    assert ids(receiver) == [outcome.outputs.event] * 2
    assert keys(bucket) == []


def test_several_machines_hand_on_to_one_place(
    bucket: Any,  # noqa: ANN401
    receiver: Receiver,
    tmp_path: Path,
) -> None:
    emit(machine(tmp_path / "a"), receiver)
    emit(machine(tmp_path / "b"), receiver, "staging")
    assert len(keys(bucket)) == 2
    receiver.answers = [HttpAnswer()]
    assert delivered(flush(machine(tmp_path / "c"), receiver)) == "2"
    assert keys(bucket) == []


def test_what_still_waits_is_put_back_as_it_stands(
    bucket: Any,  # noqa: ANN401
    receiver: Receiver,
    tmp_path: Path,
) -> None:
    world = machine(tmp_path / "a")
    emit(world, receiver)
    first = flush(machine(tmp_path / "b"), receiver)
    assert first.verdict.answer is Answer.CANNOT_TELL
    assert len(keys(bucket)) == 1
    second = flush(machine(tmp_path / "c"), receiver)
    (row,) = second.tables[0].rows
    assert row[5] == "3"  # its tries: one where it was emitted, one on each machine since


def test_what_still_waits_can_be_handed_on_in_the_same_place(
    bucket: Any,  # noqa: ANN401
    receiver: Receiver,
    tmp_path: Path,
) -> None:
    emit(machine(tmp_path / "a"), receiver)
    outcome = flush(machine(tmp_path / "b"), receiver, hand_on=PLACE)
    assert outcome.verdict.answer is Answer.YES
    assert len(keys(bucket)) == 1
    receiver.answers = [HttpAnswer()]
    assert delivered(flush(machine(tmp_path / "c"), receiver)) == "1"
    assert len(set(ids(receiver))) == 1


def test_a_damaged_outbox_stays_where_it_is(
    bucket: Any,  # noqa: ANN401
    receiver: Receiver,
    tmp_path: Path,
) -> None:
    bucket.put_object(Bucket="acme-events", Key="undelivered/x.db", Body=b"no database" * 100)
    outcome = flush(machine(tmp_path), receiver)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert keys(bucket) == ["undelivered/x.db"]


def test_what_is_no_outbox_or_elsewhere_is_left_alone(
    bucket: Any,  # noqa: ANN401
    receiver: Receiver,
    tmp_path: Path,
) -> None:
    for key in ("undelivered/notes.txt", "other/x.db", "undelivered-too/x.db"):
        bucket.put_object(Bucket="acme-events", Key=key, Body=b"x")
    with pytest.raises(NoInput):
        flush(machine(tmp_path), receiver)
    assert len(keys(bucket)) == 3


def test_a_bucket_that_is_not_there_leaves_the_event_here(
    bucket: Any,  # noqa: ANN401
    receiver: Receiver,
    tmp_path: Path,
) -> None:
    bucket.delete_bucket(Bucket="acme-events")
    world = machine(tmp_path)
    outcome = emit(world, receiver)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "S3 failed: NoSuchBucket" in [reason.what for reason in outcome.verdict.reasons]
    assert isinstance(outcome.outputs, emit_event.EmitEventOutputs)
    assert (outcome.outputs.pending, outcome.outputs.handed_on) == ("1", "")
    with pytest.raises(CannotTell, match="NoSuchBucket"):
        flush(world, receiver)


def test_without_boto3_the_extra_is_named(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    outcome = emit(machine(tmp_path), receiver)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "pip install 'cdkit[aws]'" in [reason.remedy for reason in outcome.verdict.reasons]


def test_a_place_without_a_bucket_is_a_wrong_request(receiver: Receiver, tmp_path: Path) -> None:
    options = FlushEventsOptions(outbox=("s3://",), sinks=(receiver.url,))
    with pytest.raises(RequestError, match="names no bucket"):
        run(options, machine(tmp_path))
