"""AWS SQS: each event is a message in structured mode.

Source: AWS, "SendMessageBatch". A FIFO queue drops a message whose deduplication id came in the
last five minutes: ours is the delivery's own, so that a retry is no second message.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from msgspec import Meta

from cdkit.core.world import World
from cdkit.events.sink import Parcel, Receipt, Sink, State
from cdkit.events.sinks._aws import (
    MOST,
    AwsOptions,
    batches,
    call,
    group_of,
    need,
    of_batch,
    text_of,
)


class SqsOptions(AwsOptions, frozen=True, kw_only=True):
    """Which queue."""

    queue: Annotated[str, Meta(description="The URL of the queue.")] = ""


def send(events: Sequence[Parcel], options: SqsOptions, world: World) -> Sequence[Receipt]:
    """Send the events, ten a call at the most."""
    del world
    return [
        receipt
        for batch in batches(events)
        for receipt in call(
            "sqs", options, batch, _asking(batch, options.queue), place=options.queue
        )
    ]


def _asking(batch: Sequence[Parcel], queue: str) -> Any:  # noqa: ANN401 - a function of a client
    def ask(client: Any) -> Mapping[str, tuple[State, str]]:  # noqa: ANN401 - boto3 has no types
        entries = [_entry(number, parcel, queue) for number, parcel in enumerate(batch)]
        answer = client.send_message_batch(QueueUrl=queue, Entries=entries)
        return of_batch(batch, answer)

    return ask


def _entry(number: int, parcel: Parcel, queue: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "Id": str(number),
        "MessageBody": text_of(parcel),
        "MessageAttributes": {
            "content-type": {
                "DataType": "String",
                "StringValue": "application/cloudevents+json",
            }
        },
    }
    if queue.endswith(".fifo"):
        entry |= {
            "MessageGroupId": group_of(parcel),
            "MessageDeduplicationId": parcel.key,
        }
    return entry


SINK = Sink(
    options=SqsOptions,
    schemes=("sqs:",),
    read=lambda text: {"queue": text.removeprefix("sqs:")},
    check=lambda options: need(
        options.queue,
        kind="sqs",
        what="queue",
        example="sqs:https://sqs.eu-west-1.amazonaws.com/123/events",
    ),
    place=lambda options: options.name or f"sqs:{options.queue}",
    send=send,
    batch=lambda _: MOST,
)
