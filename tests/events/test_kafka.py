"""Kafka, against librdkafka's own mock cluster: what arrives, and what a failure means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cdkit.events.cloudevents import CloudEvent
from cdkit.events.outbox import key_of
from cdkit.events.sink import Parcel, Receipt
from cdkit.events.targets import SinkTable, resolve
from tests.events.places import envelope, world
from tests.parts.loopback import free_port


def send(
    entry: str | SinkTable, folder: Path, *events: CloudEvent, environ: dict[str, str] | None = None
) -> list[Receipt]:
    (target,) = resolve([entry])
    parcels = [Parcel(event=e, key=key_of(e, "sink")) for e in events or (envelope("1"),)]
    return list(target.sink.send(parcels, target.options, world(folder, environ=environ)))


def states(receipts: list[Receipt]) -> list[str]:
    return [receipt.state for receipt in receipts]


@pytest.fixture
def kafka() -> Iterator[str]:
    """Librdkafka's own mock cluster: real protocol, in this process's memory."""
    from confluent_kafka import Producer

    cluster = Producer({"bootstrap.servers": "x", "test.mock.num.brokers": 1, "log_level": 0})
    brokers = cluster.list_topics(timeout=10).brokers
    yield ",".join(f"{it.host}:{it.port}" for it in brokers.values())
    cluster.flush(1)


def consumed(brokers: str, topic: str, count: int) -> list[Any]:
    from confluent_kafka import Consumer

    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "test",
            "auto.offset.reset": "earliest",
            "log_level": 0,
        }
    )
    consumer.subscribe([topic])
    found = [message for _ in range(count) if (message := consumer.poll(20)) is not None]
    consumer.close()
    return found


def test_kafka_gets_each_event_in_binary_mode(kafka: str, tmp_path: Path) -> None:
    events = [envelope(str(number)) for number in range(5)]
    assert states(send(f"kafka://{kafka}/deployments", tmp_path, *events)) == ["delivered"] * 5
    messages = consumed(kafka, "deployments", 5)
    assert sorted(m.value() for m in messages) == sorted(event.data for event in events)
    headers = {name: value.decode() for name, value in messages[0].headers()}
    assert headers["content-type"] == "application/json"
    assert headers["ce_type"] == "dev.cdevents.service.deployed.0.3.0"
    assert headers["ce_specversion"] == "1.0"
    assert {message.key() for message in messages} == {b"/a/b|orders"}


def test_an_event_that_kafka_never_takes_keeps_no_other_back(kafka: str, tmp_path: Path) -> None:
    huge = replace(envelope("2"), data=b" " * 1_100_000)  # over librdkafka's own limit
    receipts = send(f"kafka://{kafka}/deploys", tmp_path, envelope("1"), huge, envelope("3"))
    assert states(receipts) == ["delivered", "refused", "delivered"]
    assert receipts[1].said == "kafka: MSG_SIZE_TOO_LARGE"
    assert len(consumed(kafka, "deploys", 2)) == 2


def test_brokers_that_do_not_answer_are_down(tmp_path: Path) -> None:
    table = SinkTable(type="kafka", url=f"127.0.0.1:{free_port()}", timeout=1)
    (receipt,) = send(table, tmp_path)
    assert receipt.state == "down"


def test_a_password_of_kafka_travels_encrypted_only(tmp_path: Path) -> None:
    table = SinkTable(type="kafka", url="a:9092", token_env="P")
    (receipt,) = send(table, tmp_path, environ={"P": "t0p-s3cret"})
    assert (receipt.state, "unencrypted" in receipt.said) == ("held", True)
