"""Handing an outbox on: what this job could not deliver goes to a job that can."""

from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from cdkit.core.errors import CannotTell, CdkitError, RequestError
from cdkit.core.verdict import Reason
from cdkit.core.world import Clock, World
from cdkit.events.carrying import is_far, leave_room, send_off, waiting_room
from cdkit.events.cloudevents import CloudEvent
from cdkit.events.opening import open_outbox
from cdkit.events.outbox import Outbox, key_of
from cdkit.events.stored import Undelivered, unpacked
from cdkit.events.strict import check


def hand_on(
    outbox: Outbox, path: str, clock: Clock, carry: Callable[[], None] = lambda: None
) -> Sequence[Undelivered]:
    """Put what is not delivered into the outbox at `path`, dead letters too; return what it was.

    `carry` takes the file where it is to go, before anything is noted here.

    It is on disk there before it is noted here as handed on, so that a crash in between has it in
    both, under the same ids. Dead letters stay here as well: handing on mends none; but each goes
    once only, as long as nothing more is said of it. Nothing is written where nothing is left.
    """
    left = [one for one in outbox.undelivered() if not one.delivery.shared]
    if not left:
        return ()
    if outbox.is_at(path):
        raise RequestError(
            "an outbox cannot be handed on to itself",
            where=path,
            remedy="name another file with hand-on",
        )
    opened, aside = open_outbox(path, clock)
    with opened as other:
        if aside:
            raise CannotTell(
                f"the outbox to hand on to was damaged, and was set aside as {aside}",
                where=path,
                remedy="run it again: a new one is begun",
            )
        other.adopt(left)
        other.fold()
    carry()
    outbox.mark([one.key for one in left if one.delivery.state != "dead"], "handed")
    outbox.share([one.key for one in left if one.delivery.state == "dead"])
    return left


def hand_over(outbox: Outbox, path: str, world: World) -> tuple[str, tuple[Reason, ...]]:
    """Hand on what is left, where a place is named; return where it is now, and what kept it back.

    An empty text stands for nothing that was handed on.
    """
    if not path:
        return "", ()
    try:
        if is_far(path):
            return _hand_far(outbox, path, world), ()
        left = hand_on(outbox, world.files.absolute(path), world.clock)
    except CdkitError as fault:
        return "", (replace(fault.reason(), what=f"nothing was handed on: {fault.what}"),)
    return (path if left else ""), ()


def handed_before(
    outbox: Outbox, event: CloudEvent, sinks: Sequence[str], path: str, world: World
) -> str:
    """Return the file that an earlier try of an event handed it on in, where it still is there.

    Else a call that died after the handing, and is made again, would not say what is to be kept.
    """
    if not path or is_far(path) or not world.files.is_file(path):
        return ""
    states = [outbox.delivery(event, sink) for sink in sinks]
    return path if any(one and one.state == "handed" for one in states) else ""


def _hand_far(outbox: Outbox, place: str, world: World) -> str:
    """Hand on through a place that is elsewhere, and return the address that it has there."""
    path = waiting_room()
    address = ""

    def carry() -> None:
        nonlocal address
        address = send_off(path, place, world)

    try:
        hand_on(outbox, world.files.absolute(path), world.clock, carry)
    finally:
        leave_room(path, world)
    return address


def refuse_unsound(outbox: Outbox) -> int:
    """Make dead letters of what is no right event, and return how many: a file may be anybody's."""
    unsound = 0
    for one in outbox.undelivered():
        faults = _faults(one)
        if faults and one.delivery.state != "dead":
            outbox.mark([one.key], "dead", said=f"no right event: {faults}")
            unsound += 1
    return unsound


def _faults(one: Undelivered) -> str:
    event, wrong = unpacked(one.event.data)
    if event is None:
        return wrong
    if one.key != key_of(event, one.sink):
        return "its delivery has the name of another"
    return "; ".join(map(str, check(msgspec.json.decode(event.data))))[:300]
