"""Standard output: each event is one line of JSON, for the next program in a pipe."""

from collections.abc import Sequence

from cdkit.core.world import World
from cdkit.events.sink import Parcel, Receipt, Sink, SinkOptions


class StdoutOptions(SinkOptions, frozen=True, kw_only=True):
    """Nothing of its own."""


def send(events: Sequence[Parcel], options: StdoutOptions, world: World) -> Sequence[Receipt]:
    """Hand the lines back, to be printed as this command's data."""
    del options, world
    return [
        Receipt(key=parcel.key, state="delivered", said="printed", text=parcel.event.data.decode())
        for parcel in events
    ]


SINK = Sink(
    options=StdoutOptions,
    schemes=("stdout:",),
    read=lambda _: {},
    check=lambda _: None,
    place=lambda options: options.name or "stdout",
    send=send,
    local=True,
    durable=False,
)
