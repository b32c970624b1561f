"""What the outbox keeps: an event, how its deliveries stand, and what of it is no event."""

import msgspec
from msgspec import Struct

from cdkit.core.errors import RequestError
from cdkit.events.cloudevents import CloudEvent, wrap

_LONGEST = 300


class Put(Struct, frozen=True, kw_only=True):
    """What came of putting an event in: the event as it stands there, and whether it was there.

    A retry's event differs in its time; the first one stays, so that a receiver sees one event.
    """

    event: CloudEvent
    known: bool


class Count(Struct, frozen=True, kw_only=True):
    """How many deliveries to a sink wait, and how many are dead letters."""

    waiting: int = 0
    dead: int = 0


class Delivery(Struct, frozen=True, kw_only=True):
    """How one delivery stands: `waiting`, `sending`, `delivered`, `handed` on, or `dead`.

    A dead letter that was `shared` is in an outbox that was handed on too, as it stands here.
    """

    state: str
    tries: int
    said: str
    shared: bool = False


class Undelivered(Struct, frozen=True, kw_only=True):
    """An event that a sink does not have: how that delivery stands, under its key."""

    event: CloudEvent
    sink: str
    key: str
    delivery: Delivery


def unpacked(data: bytes) -> tuple[CloudEvent | None, str]:
    """Return the event that the data of a row holds; or None, and why it holds none."""
    try:
        return wrap(msgspec.json.decode(data)), ""
    # A ValueError is also what says that the data is no UTF-8.
    except (ValueError, RecursionError, KeyError, TypeError, RequestError) as fault:
        return None, f"it holds what is no event: {fault}"[:_LONGEST]


def as_it_stands(source: object, name: object, data: bytes) -> CloudEvent:
    """Return the event of a row; where it holds none, only what its row is called.

    Such a one is no event to be sent, and can be shown and handed on as it is.
    """
    event, _ = unpacked(data)
    if event is not None:
        return event
    return CloudEvent(id=str(name), source=str(source), type="", subject="", time="", data=data)
