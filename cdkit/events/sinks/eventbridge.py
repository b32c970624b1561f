"""AWS EventBridge: the CDEvent is the detail, its type the detail's type.

Source: AWS, "PutEvents": ten entries a call, 256 KiB in all; it drops no repetition, so that a
rule's target must know an event by its id.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from msgspec import Meta

from cdkit.core.world import World
from cdkit.events.facts import facts_of
from cdkit.events.sink import Parcel, Receipt, Sink, State
from cdkit.events.sinks._aws import MOST, AwsOptions, batches, call, need, state_of_code


class EventBridgeOptions(AwsOptions, frozen=True, kw_only=True):
    """Which bus."""

    bus: Annotated[str, Meta(description="The name or the ARN of the bus.")] = "default"


def send(events: Sequence[Parcel], options: EventBridgeOptions, world: World) -> Sequence[Receipt]:
    """Put the events, ten a call at the most."""
    del world
    return [
        receipt
        for batch in batches(events)
        for receipt in call(
            "events", options, batch, _asking(batch, options.bus), place=options.bus
        )
    ]


def _asking(batch: Sequence[Parcel], bus: str) -> Any:  # noqa: ANN401 - a function of a client
    def ask(client: Any) -> Mapping[str, tuple[State, str]]:  # noqa: ANN401 - boto3 has no types
        answer = client.put_events(Entries=[_entry(parcel, bus) for parcel in batch])
        return {
            parcel.key: _of_entry(entry)
            for parcel, entry in zip(batch, answer.get("Entries", ()), strict=False)
            if entry
        }

    return ask


def _of_entry(entry: Mapping[str, Any]) -> tuple[State, str]:
    code = str(entry.get("ErrorCode", ""))[:100]
    return (state_of_code(code, ours=code not in _THEIRS), code) if code else ("delivered", "taken")


_THEIRS = frozenset({"InternalFailure", "InternalException", "ThrottlingException"})


def _entry(parcel: Parcel, bus: str) -> dict[str, Any]:
    artifact = facts_of(parcel.event)["artifact"]
    return {
        "EventBusName": bus,
        "Source": parcel.event.source[:256],
        "DetailType": parcel.event.type[:128],
        "Detail": parcel.event.data.decode(),
        "Resources": [artifact] if artifact else [],
        "Time": parcel.event.time,
    }


SINK = Sink(
    options=EventBridgeOptions,
    schemes=("eventbridge:",),
    read=lambda text: {"bus": name} if (name := text.partition(":")[2]) else {},
    check=lambda options: need(
        options.bus, kind="eventbridge", what="bus", example="eventbridge:deployments"
    ),
    place=lambda options: options.name or f"eventbridge:{options.bus}",
    send=send,
    batch=lambda _: MOST,
)
