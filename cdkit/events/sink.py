"""What a sink is: where events go, and the receipt that it gives for each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import Struct

from cdkit.core.world import World
from cdkit.events.cloudevents import CloudEvent
from cdkit.events.older import Spec
from cdkit.events.when import When

State = Literal["delivered", "later", "apart", "down", "held", "refused", "gone"]
"""What became of an event at a sink.

`later`: this one failed, another may not. `apart`: it failed together with others; each is to go
by itself, since it may be one's fault. `down`: the sink takes nothing now. `held`: it takes
nothing before somebody mends something here (a secret that is missing or no longer valid).
`refused`: it will never take this one. `gone`: it will never take anything again.
"""


class Parcel(Struct, frozen=True, kw_only=True):
    """An event on its way to one sink.

    `key` names the delivery and is the same at each try; `doubtful` says that an earlier try may
    have arrived, since its sender died before it could tell.
    """

    event: CloudEvent
    key: str
    doubtful: bool = False


class Receipt(Struct, frozen=True, kw_only=True):
    """What a sink said of one parcel.

    `said` is for people and holds no secret; `wait` is how many seconds the sink asked to be left
    alone; `text` is what is to be printed as data.
    """

    key: str
    state: State
    said: str = ""
    wait: float = 0
    text: str = ""


class SinkOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """What every sink can be told.

    A name for people, whether a failure counts, which events it gets, and in which version of
    CDEvents.
    """

    name: str = ""
    required: bool = True
    when: When = When()
    spec: Spec = "0.5.1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sink:
    """A kind of sink.

    `schemes` are the beginnings of its short form (`file:out.ndjson`), which `read` turns into
    options. `check` raises RequestError for options that cannot work. `place` names the
    destination for people and for the outbox, without secrets. A `local` sink starts nothing
    elsewhere, so that a replay may use it; one that is not `durable` belongs to this process
    alone, so that nothing is kept for it. `takes` tells the events that it can say
    at all: others are not sent to it. `variables` hold what is secret where no other is named,
    `settings` are what else it can be told: both are for the page of sinks.
    """

    options: type[SinkOptions]
    schemes: tuple[str, ...]
    read: Callable[[str], dict[str, str]]
    check: Callable[[Any], None]
    place: Callable[[Any], str]
    send: Callable[[Sequence[Parcel], Any, World], Sequence[Receipt]]
    local: bool = False
    durable: bool = True
    takes: tuple[When, ...] = (When(),)
    batch: Callable[[Any], int] = lambda _: 1
    variables: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
