"""AWS SNS: each event is a message in structured mode, with attributes to filter by.

Source: AWS, "PublishBatch". A FIFO topic drops a message whose deduplication id came in the last
five minutes: ours is the delivery's own, so that a retry is no second message.
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


class SnsOptions(AwsOptions, frozen=True, kw_only=True):
    """Which topic."""

    topic: Annotated[str, Meta(description="The ARN of the topic.")] = ""


def send(events: Sequence[Parcel], options: SnsOptions, world: World) -> Sequence[Receipt]:
    """Publish the events, ten a call at the most."""
    del world
    return [
        receipt
        for batch in batches(events)
        for receipt in call(
            "sns", options, batch, _asking(batch, options.topic), place=options.topic
        )
    ]


def _asking(batch: Sequence[Parcel], topic: str) -> Any:  # noqa: ANN401 - a function of a client
    def ask(client: Any) -> Mapping[str, tuple[State, str]]:  # noqa: ANN401 - boto3 has no types
        entries = [_entry(number, parcel, topic) for number, parcel in enumerate(batch)]
        answer = client.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
        return of_batch(batch, answer)

    return ask


def _entry(number: int, parcel: Parcel, topic: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "Id": str(number),
        "Message": text_of(parcel),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value}
            for name, value in (
                ("content-type", "application/cloudevents+json"),
                ("ce-type", parcel.event.type),
                ("ce-source", parcel.event.source),
            )
        },
    }
    if topic.endswith(".fifo"):
        entry |= {
            "MessageGroupId": group_of(parcel),
            "MessageDeduplicationId": parcel.key,
        }
    return entry


SINK = Sink(
    options=SnsOptions,
    schemes=("sns:",),
    read=lambda text: {"topic": text.removeprefix("sns:")},
    check=lambda options: need(
        options.topic, kind="sns", what="topic", example="sns:arn:aws:sns:eu-west-1:123:events"
    ),
    place=lambda options: options.name or f"sns:{options.topic}",
    send=send,
    batch=lambda _: MOST,
)
