"""AWS S3: each event is an object of its own, in structured mode, below the day that it is of.

Source: AWS, "PutObject", `If-None-Match: *`: an object that is there already stays, so that a retry
changes nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from msgspec import Meta

from cdkit.core.world import World
from cdkit.events.sink import Parcel, Receipt, Sink, State
from cdkit.events.sinks._aws import AwsOptions, call, need, text_of


class S3Options(AwsOptions, frozen=True, kw_only=True):
    """Which bucket, and below which prefix."""

    bucket: Annotated[str, Meta(description="The bucket.")] = ""
    prefix: Annotated[str, Meta(description="What each key begins with.")] = ""


def send(events: Sequence[Parcel], options: S3Options, world: World) -> Sequence[Receipt]:
    """Put each event."""
    del world
    return [
        receipt
        for parcel in events
        for receipt in call("s3", options, [parcel], _asking(parcel, options))
    ]


def _asking(parcel: Parcel, options: S3Options) -> Any:  # noqa: ANN401 - a function of a client
    def ask(client: Any) -> Mapping[str, tuple[State, str]]:  # noqa: ANN401 - boto3 has no types
        try:
            answer = client.put_object(
                Bucket=options.bucket,
                Key=_key(parcel, options.prefix),
                Body=text_of(parcel).encode(),
                ContentType="application/cloudevents+json; charset=UTF-8",
                IfNoneMatch="*",
            )
        except client.exceptions.ClientError as fault:
            if fault.response.get("Error", {}).get("Code") != "PreconditionFailed":
                raise
            return {parcel.key: ("delivered", "it was already there")}
        return {parcel.key: ("delivered", "taken")} if "ETag" in answer else {}

    return ask


def _key(parcel: Parcel, prefix: str) -> str:
    ahead = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
    return f"{ahead}{parcel.event.time[:10]}/{parcel.key}.json"


def _read(text: str) -> dict[str, str]:
    bucket, _, prefix = text.removeprefix("s3:").lstrip("/").partition("/")
    return {"bucket": bucket, "prefix": prefix}


SINK = Sink(
    options=S3Options,
    schemes=("s3:",),
    read=_read,
    check=lambda options: need(
        options.bucket, kind="s3", what="bucket", example="s3://acme-events/orders"
    ),
    place=lambda options: options.name or f"s3://{options.bucket}/{options.prefix}".rstrip("/"),
    send=send,
)
