"""Outboxes on their way through S3: what is its own, beside what holds for every place."""

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
from cdkit.steps.flush_events import FlushEventsOptions, run
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


def keys(bucket: Any) -> list[str]:  # noqa: ANN401 - boto3 has no types
    found = bucket.list_objects_v2(Bucket="acme-events").get("Contents", [])
    return [entry["Key"] for entry in found]


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
    assert "nothing was handed on: S3 failed: NoSuchBucket" in [
        reason.what for reason in outcome.verdict.reasons
    ]
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
