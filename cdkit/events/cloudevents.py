"""How an event travels: CloudEvents 1.0 over HTTP, in binary, structured and batch mode."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct

from cdkit.core.errors import RequestError

SPECVERSION = "1.0"
JSON = "application/json"
STRUCTURED = "application/cloudevents+json; charset=UTF-8"
BATCH = "application/cloudevents-batch+json; charset=UTF-8"
LARGEST = 64 * 1024
"""Bytes that every intermediary must forward (CloudEvents spec.md, "Size Limits")."""

# CloudEvents spec.md, "Type System": String leaves out controls, noncharacters and half surrogates.
_FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BROKEN = re.compile("%(?![0-9A-Fa-f]{2})")


class CloudEvent(Struct, frozen=True, kw_only=True):
    """An event in its envelope; `data` is the JSON of the whole CDEvent."""

    id: str
    source: str
    type: str
    subject: str
    time: str
    data: bytes

    def attributes(self) -> dict[str, str]:
        """Return the context attributes, the content's type left out."""
        return {
            "specversion": SPECVERSION,
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "time": self.time,
        }


def wrap(event: Mapping[str, Any]) -> CloudEvent:
    """Return a right CDEvent in its envelope (CDEvents cloudevents-binding.md).

    Raises RequestError where an attribute holds a character that CloudEvents does not allow, or
    where the event is larger than what every intermediary must forward.
    """
    context = event["context"]
    wrapped = CloudEvent(
        id=context["id"],
        source=context["source"],
        type=context["type"],
        subject=event["subject"]["id"],
        time=context["timestamp"],
        data=msgspec.json.encode(event),
    )
    for name, value in wrapped.attributes().items():
        if _FORBIDDEN.search(value):
            raise RequestError(
                f"the event's {name} holds a character that CloudEvents does not allow: {value!a}",
                remedy="take control characters and line ends out of it",
            )
    if len(wrapped.data) > LARGEST:
        raise RequestError(
            f"the event has {len(wrapped.data)} bytes; only {LARGEST} pass every intermediary",
            remedy="put what is large somewhere else, and its address into the event",
        )
    return wrapped


def binary(event: CloudEvent) -> tuple[dict[str, str], bytes]:
    """Return headers and body in binary mode (HTTP binding, 3.1)."""
    headers = {f"ce-{name}": encode_value(value) for name, value in event.attributes().items()}
    return {"content-type": JSON, **headers}, event.data


def structured(event: CloudEvent) -> tuple[dict[str, str], bytes]:
    """Return headers and body in structured mode (HTTP binding, 3.2; JSON format, 3)."""
    return {"content-type": STRUCTURED}, msgspec.json.encode(_whole(event))


def batch(events: Sequence[CloudEvent]) -> tuple[dict[str, str], bytes]:
    """Return headers and body of several events in one request (HTTP binding, 3.3).

    Only for a receiver that asked for it: the binding forbids batches that nobody solicited.
    """
    return {"content-type": BATCH}, msgspec.json.encode([_whole(event) for event in events])


def encode_value(text: str) -> str:
    """Return an attribute's value for a header (HTTP binding, 3.1.3.2).

    A space, a double quote, a percent sign and whatever is outside U+0021 to U+007E is encoded as
    UTF-8 in percent form with upper-case digits; nothing else is.
    """
    return "".join(
        character
        if "!" <= character <= "~" and character not in '"%'
        else "".join(f"%{byte:02X}" for byte in character.encode())
        for character in text
    )


def decode_value(value: str) -> str:
    """Return an attribute's value from a header; the inverse of `encode_value`.

    Quoted strings are unquoted first, then one round of percent-decoding; raises ValueError where
    that is not UTF-8 or a percent sign stands alone.
    """
    from urllib.parse import unquote_to_bytes

    plain = _QUOTED.sub(lambda found: re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL), value)
    if _BROKEN.search(plain):
        msg = "a percent sign that encodes nothing"
        raise ValueError(msg)
    return unquote_to_bytes(plain).decode()


def _whole(event: CloudEvent) -> dict[str, Any]:
    return {**event.attributes(), "datacontenttype": JSON, "data": Raw(event.data)}
