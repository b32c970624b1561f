"""Delivery: what waits in the outbox goes to its sinks, again and again while there is time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec import Struct
from msgspec.structs import replace

from cdkit.core.world import World
from cdkit.events.older import Spec, in_words_of
from cdkit.events.outbox import Outbox
from cdkit.events.sink import Parcel, Receipt
from cdkit.events.sqlite import sending
from cdkit.events.stored import Count
from cdkit.events.targets import Target

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
"""Seconds between tries; each pause is twice the one before."""

_BUSY = "another process is sending from the same outbox"


class Delivered(Struct, frozen=True, kw_only=True):
    """What became of one sink: how many arrived now, how many wait, how many are dead letters.

    `refused` of those became dead letters now; `said` is the last that the sink said where
    something did not arrive.
    """

    target: str
    required: bool
    arrived: int
    waiting: int
    dead: int
    refused: int = 0
    said: str = ""


class Resting(Struct, frozen=True, kw_only=True):
    """A sink that took nothing: when its next try is due, after which pause, and what it said."""

    due: float
    pause: float
    said: str


@dataclass(slots=True, kw_only=True)
class _Line:
    """A sink that is being served, and when its next try is due."""

    target: Target
    due: float
    pause: float = _FIRST_PAUSE
    arrived: int = 0
    dead: int = 0
    said: str = ""
    rest: Resting | None = None
    ended: bool = False


def deliver(
    outbox: Outbox,
    targets: Sequence[Target],
    world: World,
    *,
    budget: float,
    patience: float | None = None,
    resting: dict[str, Resting] | None = None,
) -> tuple[Delivered, ...]:
    """Send what waits for these sinks, oldest first, for at most `budget` seconds.

    What failed is tried again for `patience` seconds, the budget where it is None. Where one call
    delivers from several outboxes, they share what is `resting`, by the names of the sinks: one
    that took nothing is tried again when its pause is over, and keeps no other waiting.

    A try that has begun may end later, by the sink's own time-out. What a sink asks for in
    `Retry-After` is kept, in later runs too. Only one process sends from an outbox at a time; the
    others wait for their turn within their patience.
    """
    start = world.clock.monotonic()
    end = start + budget
    patience = budget if patience is None else min(patience, budget)
    resting = {} if resting is None else resting
    lines = [_line(outbox, target, start, resting) for target in targets if target.sink.durable]
    with sending(outbox.path, world.clock, patience=patience) as ours:
        _count_dead(outbox, lines)
        if ours:
            _serve(outbox, lines, world, end, start + patience)
        else:
            for line in lines:
                line.said = _BUSY
    resting |= {line.target.name: line.rest for line in lines if line.rest}
    counts = outbox.counts()
    return tuple(_told(line, counts.get(line.target.name)) for line in lines)


def _line(outbox: Outbox, target: Target, start: float, resting: Mapping[str, Resting]) -> _Line:
    left = outbox.paused(target.name)
    said = f"it asked to be left alone for {left:.0f} s more" if left else ""
    line = _Line(target=target, due=start + left, said=said)
    if rest := resting.get(target.name):
        line.due, line.pause, line.said = max(line.due, rest.due), rest.pause, said or rest.said
    return line


def _count_dead(outbox: Outbox, lines: Sequence[_Line]) -> None:
    """Note how many dead letters there are before anything is sent."""
    counts = outbox.counts()
    for line in lines:
        line.dead = counts.get(line.target.name, Count()).dead


def _told(line: _Line, count: Count | None) -> Delivered:
    return Delivered(
        target=line.target.name,
        required=line.target.required,
        arrived=line.arrived,
        waiting=count.waiting if count else 0,
        dead=count.dead if count else 0,
        refused=max(0, count.dead - line.dead) if count else 0,
        said=line.said,
    )


def _serve(outbox: Outbox, lines: Sequence[_Line], world: World, end: float, last: float) -> None:
    """Serve each sink at once, then those that failed, when their pause is over by `last`.

    Of those that are due at once, what is on this machine comes first, and what is not required
    last: one that hangs may take all the time there is.
    """
    waiting = sorted(lines, key=lambda each: (not each.target.sink.local, not each.target.required))
    while waiting:
        line = min(waiting, key=lambda each: each.due)
        now = world.clock.monotonic()
        if line.due > min(end, max(now, last)):
            return
        if line.due > now:
            world.clock.sleep(line.due - now)
        _round(outbox, line, world, end)
        if line.ended:
            waiting.remove(line)


def _round(outbox: Outbox, line: _Line, world: World, end: float) -> None:
    """Send to one sink until nothing is left, it takes nothing more, or time is up."""
    sink, options = line.target.sink, line.target.options
    most, singly = sink.batch(options), 0
    failed: set[str] = set()
    line.rest = None
    while parcels := outbox.due(
        line.target.name, most=1 if singly else most, skip=frozenset(failed)
    ):
        if world.clock.monotonic() > end:
            line.ended = True
            return
        outbox.begin(parcels)
        receipts = _complete(parcels, sink.send(_worded(parcels, options.spec), options, world))
        outbox.settle(receipts)
        together = any(receipt.state == "apart" for receipt in receipts)
        singly = len(parcels) if together else max(0, singly - 1)
        worst = _note(line, receipts, failed)
        if worst is not None:
            _pause(outbox, line, worst, world)
            return
    if failed:
        _wait(line, 0.0, world)
    else:
        line.ended = True


def _worded(parcels: Sequence[Parcel], spec: Spec) -> Sequence[Parcel]:
    """Return parcels in the words of the version that the sink reads."""
    return [replace(parcel, event=in_words_of(spec, parcel.event)) for parcel in parcels]


def _complete(parcels: Sequence[Parcel], receipts: Sequence[Receipt]) -> list[Receipt]:
    """Return a receipt for every parcel: a sink that forgot one has not delivered it."""
    given = {receipt.key: receipt for receipt in receipts}
    lost = Receipt(key="", state="later", said="the sink gave no receipt")
    return [
        given.get(parcel.key) or Receipt(key=parcel.key, state=lost.state, said=lost.said)
        for parcel in parcels
    ]


def _note(line: _Line, receipts: Sequence[Receipt], failed: set[str]) -> Receipt | None:
    """Count receipts; return the one that says that the whole sink takes nothing now."""
    worst = None
    for receipt in receipts:
        if receipt.state == "delivered":
            line.arrived += 1
            continue
        line.said = receipt.said
        if receipt.state == "later":
            failed.add(receipt.key)
        elif receipt.state not in {"refused", "apart"}:
            worst = receipt
    return worst


def _pause(outbox: Outbox, line: _Line, worst: Receipt, world: World) -> None:
    """Leave a sink alone: in this run where only people can help, else for as long as it asks."""
    if worst.wait:
        outbox.pause(line.target.name, worst.wait)
    if worst.state in {"held", "gone"}:
        line.ended = True
    else:
        _wait(line, worst.wait, world)
        line.rest = Resting(due=line.due, pause=line.pause, said=line.said)


def _wait(line: _Line, asked: float, world: World) -> None:
    line.due = world.clock.monotonic() + max(line.pause, asked)
    line.pause = min(2 * line.pause, _LONGEST_PAUSE)
