"""What is told of a delivery: reasons that decide, notes that do not, the places reached."""

from collections.abc import Iterator, Sequence

from cdkit.core.verdict import Reason, cannot_tell, yes
from cdkit.events.carrying import is_far
from cdkit.events.cloudevents import CloudEvent
from cdkit.events.deliver import Delivered
from cdkit.events.outbox import Outbox
from cdkit.events.stored import Delivery
from cdkit.events.targets import Target


def places(event: CloudEvent, outbox: Outbox, targets: Sequence[Target]) -> Iterator[str]:
    """Yield the names of the sinks that have the event."""
    for target in targets:
        state = outbox.delivery(event, target.name)
        if not target.sink.durable or (state and state.state == "delivered"):
            yield target.name


def reasons(
    event: CloudEvent, outbox: Outbox, done: Sequence[Delivered], path: str, handed: str = ""
) -> Iterator[Reason]:
    """Yield a reason for each sink; what has not arrived at a required one is "cannot tell".

    What was handed on to the outbox `handed` is as good as in the hands of the next job.
    """
    for one in done:
        own = outbox.delivery(event, one.target)
        if own and own.state == "delivered":
            yield yes(f"delivered to {one.target}")
        if not one.required:
            continue
        if own and own.state == "handed" and not one.waiting:
            yield yes(f"not delivered to {one.target}: an earlier try handed it on")
        if one.waiting and handed:
            yield yes(
                f"{_events(one.waiting)} for {one.target} handed on in {handed}, since: "
                f"{_said(one)}"
            )
        elif one.waiting:
            yield cannot_tell(
                f"{_events(one.waiting)} not delivered to {one.target}: {_said(one)}",
                remedy="mend that, or wait, and run this step again where the outbox is "
                f"({path}): what waits goes first, under the same id; or give `hand-on`, and let "
                "flush-events of a later job deliver it",
            )
        if own and _is_dead(own):
            yield cannot_tell(
                f"{one.target} refused the event: {own.said}",
                remedy=_mending(handed),
            )
        if older := _refused_older(one, own):
            yield cannot_tell(
                f"{_events(older)} of earlier runs for {one.target}, now kept as dead letters: "
                f"{one.said or 'what the outbox holds there is no event'}",
                remedy=f"look at them with `cdkit flush-events {handed or path}`; mend the sink, "
                "and give it `--dead-letters retry`, or `drop`",
            )


def notes(
    event: CloudEvent, outbox: Outbox, done: Sequence[Delivered], *, known: bool
) -> Iterator[str]:
    """Yield what people should know though it decides nothing: nothing is lost in silence."""
    if known:
        yield "a retry: this event was taken in before, and keeps its id and its first time"
    for one in done:
        own = outbox.delivery(event, one.target)
        if not one.required and (one.waiting or one.dead):
            yield (
                f"warning: {_events(one.waiting + one.dead)} not delivered to {one.target}, "
                f"which is not required: {_said(one)}"
            )
        older = one.dead - _is_dead(own) - _refused_older(one, own)
        if one.required and older:
            yield f"{one.target} refused {_events(older)} in earlier runs: dead letters, kept"
    for sink, count in outbox.counts().items():
        if sink not in {one.target for one in done}:
            yield (
                f"warning: {_events(count.waiting + count.dead)} for {sink}, which is not named "
                "now: kept"
            )


def told_of_handing(handed: str) -> Iterator[str]:
    """Yield what is left to do with an outbox that was handed on; nothing where none was."""
    keep = "" if is_far(handed) else f"keep {handed}, as an artifact for one: "
    if handed:
        yield f"{keep}a later job delivers what is in it with `cdkit flush-events {handed}`"


def not_wanted(wanted: Sequence[Target], unwanted: Sequence[Target]) -> Iterator[str]:
    """Yield which sinks do not get an event by their own filter, or by what they can say."""
    if unwanted:
        names = ", ".join(target.name for target in unwanted)
        yield f"not for {names}: by `when`, or since it says no such event"
    if not wanted:
        yield "warning: no sink wants this event, so that nobody was told"


def _is_dead(own: Delivery | None) -> bool:
    return own is not None and own.state == "dead"


def _refused_older(one: Delivered, own: Delivery | None) -> int:
    """Return how many events of earlier runs a sink refused in this one."""
    return max(0, one.refused - _is_dead(own))


def _mending(handed: str) -> str:
    if handed:
        return f"mend the sink, then run `cdkit flush-events {handed} --dead-letters retry`"
    return "mend the sink or the event, and run this step again: a refused event is sent once more"


def _said(one: Delivered) -> str:
    return one.said or "time was up"


def _events(count: int) -> str:
    return f"{count} event{'' if count == 1 else 's'}"


def set_aside(aside: str, path: str) -> Iterator[Reason]:
    """Yield the reason that a damaged outbox is; nothing where it was sound."""
    if aside:
        yield cannot_tell(
            f"the outbox {path} was damaged, and was set aside as {aside}: what waited in it may "
            "not have arrived",
            remedy="run the steps again whose events may be missing; keep the file for a look",
        )
