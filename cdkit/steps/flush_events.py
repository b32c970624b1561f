"""Delivers what earlier jobs could not deliver: from their outboxes, under the same ids.

An outbox is this machine's own, or one that `emit-event` handed on (its option `hand-on`) and that
came here as an artifact. Only the sinks that are named here get anything, whatever an outbox says:
it may come from anybody, and cannot lead a secret elsewhere. What still has not arrived at the end
makes the answer `cannot-tell` (exit 4), unless it is handed on again. So does a dead letter,
however old: a required sink lacks its event until it is sent again (`dead-letters: retry`), or
given up (`drop`). The guide: [Events](../events.md).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from cdkit.core.errors import CannotTell, CdkitError, NoInput, RequestError
from cdkit.core.spoken import counted
from cdkit.core.step import Options, Outcome, Outputs, Step, Table, option
from cdkit.core.verdict import Reason, cannot_tell, judge, yes
from cdkit.core.world import World
from cdkit.events.account import set_aside, told_of_handing
from cdkit.events.carrying import check_place, fetch, find, is_far, leave_room, settle
from cdkit.events.deliver import Delivered, Resting, deliver
from cdkit.events.handing import hand_over, refuse_unsound
from cdkit.events.opening import open_outbox
from cdkit.events.outbox import Outbox
from cdkit.events.stored import Undelivered
from cdkit.events.targets import SinkTable, Target, resolve

_SHOWN = 50


class FlushEventsOptions(Options, frozen=True, kw_only=True):
    """The inputs of flush-events."""

    outbox: Annotated[
        tuple[str, ...],
        option(
            "The outboxes to deliver from: this machine's own, files that were handed on, or all "
            "in `s3://bucket/prefix` or `oci://registry/repository`.",
            argument=True,
            metavar="FILE",
        ),
    ] = (".cdkit/outbox.db",)
    sinks: Annotated[
        tuple[str | SinkTable, ...],
        option(
            "Where events go, as emit-event has it; its section of cdkit.yaml counts here too.",
            flag="--sink",
            metavar="SINK",
        ),
    ] = ("file:.cdkit/events.ndjson",)
    dead_letters: Annotated[
        Literal["keep", "retry", "drop"],
        option("What to do with events that a sink refused: keep and show, send again, or forget."),
    ] = "keep"
    hand_on: Annotated[
        str,
        option(
            "Where to put what still could not be delivered, for a later job: a file, "
            "`s3://bucket/prefix`, or `oci://registry/repository`.",
            metavar="FILE",
        ),
    ] = ""
    budget: Annotated[
        float,
        option(
            "Seconds that delivery may take, retries included; a try that has begun may end later, "
            "by its sink's time-out.",
            metavar="SECONDS",
        ),
    ] = 300.0
    allow_empty: Annotated[
        bool, option("Take no outbox at all for nothing to do: for a scheduled job.")
    ] = False


class FlushEventsOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of flush-events."""

    delivered: Annotated[str, Meta(description="How many deliveries were made now.")] = "0"
    pending: Annotated[
        str, Meta(description="How many still wait, dead letters included, where not handed on.")
    ] = "0"
    handed_on: Annotated[
        str, Meta(description="The outbox that was handed on; empty where nothing had to be.")
    ] = ""


class _Flushed(Struct, frozen=True, kw_only=True):
    """What came of one outbox."""

    reasons: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()
    left: tuple[Undelivered, ...] = ()
    arrived: int = 0
    handed: str = ""
    damaged: bool = False


@dataclass(slots=True, kw_only=True)
class _Time:
    """Until when all may take, how many outboxes are to come, and which sinks take nothing."""

    end: float
    outboxes: int
    resting: dict[str, Resting] = field(default_factory=dict)

    def share(self, world: World) -> tuple[float, float]:
        """Return the seconds that are left, and for how many of them one outbox may try again."""
        left = max(0.0, self.end - world.clock.monotonic())
        return left, left / (self.outboxes + 1)


def run(options: FlushEventsOptions, world: World) -> Outcome:
    """Deliver from each outbox in turn, and show what is left."""
    if not 0 <= options.budget <= 3600:
        raise RequestError(
            f"a budget of {options.budget:g} seconds", remedy="give 0 to 3600 seconds"
        )
    if world.replay is not None:
        raise RequestError(
            "a replay delivers nothing", remedy="run flush-events without --at, or leave it out"
        )
    targets = [target for target in resolve(options.sinks) if target.sink.durable]
    _check(options, targets)
    found, silent = _found(options, world)
    time = _Time(end=world.clock.monotonic() + options.budget, outboxes=len(found))
    flushed = [_flush(each, targets, options, world, time) for each in found]
    missing = tuple(_missing(options, found))
    left = tuple(one for each in flushed for one in each.left)
    arrived = sum(each.arrived for each in flushed)
    handed = next((each.handed for each in flushed if each.handed), "")
    reasons = [*silent, *missing, *(reason for each in flushed for reason in each.reasons)]
    return Outcome(
        verdict=judge(reasons or [yes(_nothing(left))]),
        outputs=FlushEventsOutputs(
            delivered=str(arrived), pending=str(len(left)), handed_on=handed
        ),
        tables=tuple(_tables(left)),
        notes=(*(note for each in flushed for note in each.notes), *told_of_handing(handed)),
        data=f"{arrived} delivered, {len(left)} left",
    )


def _nothing(left: Sequence[Undelivered]) -> str:
    return "nothing waits for a sink that is required" if left else "nothing waits"


def _found(options: FlushEventsOptions, world: World) -> tuple[list[str], list[Reason]]:
    """Return the addresses of all outboxes, and why a place could not say which it has.

    One place that does not answer keeps no other from its turn; raises its failure where no outbox
    is found elsewhere, and NoInput where there is none at all.
    """
    found: list[str] = []
    faults: list[CannotTell] = []
    for place in options.outbox:
        try:
            found += find(place, world)
        except CannotTell as fault:
            faults.append(fault)
    if not found and faults:
        raise faults[0]
    if not found:
        raise NoInput(
            f"there is no outbox: {', '.join(options.outbox)}",
            remedy="name the file that emit-event keeps or handed on; or pass --allow-empty",
        )
    return found, [fault.reason() for fault in faults]


def _check(options: FlushEventsOptions, targets: Sequence[Target]) -> None:
    if not targets:
        raise RequestError(
            "only standard output is named, for which nothing is kept",
            remedy="name the sinks that emit-event has",
        )
    check_place(options.hand_on)
    if options.hand_on in options.outbox and not is_far(options.hand_on):
        raise RequestError(
            f"{options.hand_on} would be handed on to itself",
            remedy="name another file with hand-on",
        )


def _missing(options: FlushEventsOptions, found: Sequence[str]) -> Iterator[Reason]:
    """Yield a reason for each outbox that was named and is not there beside others that are."""
    for path in options.outbox:
        if not is_far(path) and path not in found:
            yield cannot_tell(
                f"the outbox {path} is not there",
                remedy="look whether its artifact came along, or do not name it",
            )


def _flush(
    address: str,
    targets: Sequence[Target],
    options: FlushEventsOptions,
    world: World,
    time: _Time,
) -> _Flushed:
    """Deliver from one outbox; one that came from far is taken away there, or put back.

    What was handed on again took all along that was left in it, dead letters too.
    One that is damaged stays where it is, as it is; one that is none keeps no other from its turn.
    """
    flushed, path = _Flushed(), ""
    time.outboxes -= 1
    try:
        path = fetch(address, world)
        if not path:
            return _Flushed(notes=(f"{address} was delivered from by another job meanwhile",))
        flushed = _deliver(path, address, targets, options, world, time)
        if path != address and not flushed.damaged:
            is_empty = not flushed.left or bool(flushed.handed)
            settle(address, path, world, is_empty=is_empty)
    except CdkitError as fault:
        flushed = structs.replace(flushed, reasons=(*flushed.reasons, fault.reason()))
    if path not in {"", address} and not flushed.damaged:
        leave_room(path, world)
    return flushed


def _deliver(
    path: str,
    address: str,
    targets: Sequence[Target],
    options: FlushEventsOptions,
    world: World,
    time: _Time,
) -> _Flushed:
    """Deliver from the file that stands for an outbox here; it is told of by its address."""
    opened, aside = open_outbox(world.files.absolute(path), world.clock, given=True)
    with opened as outbox:
        if options.dead_letters == "retry":
            outbox.mark(_dead(outbox), "waiting")
        old = _dead_by_sink(outbox)
        unsound = refuse_unsound(outbox)
        dropped = _drop_dead(outbox) if options.dead_letters == "drop" else 0
        before = _dead_by_sink(outbox)
        left, share = time.share(world)
        done = deliver(outbox, targets, world, budget=left, patience=share, resting=time.resting)
        outbox.forget()
        place = options.hand_on if any(one.waiting for one in done) else ""
        handed, lost = hand_over(outbox, place, world)
        arrived = sum(one.arrived for one in done)
        return _Flushed(
            reasons=(
                *set_aside(aside, path),
                *_reasons(done, before, handed, unsound),
                *_kept(done, old),
                *_unnamed(outbox, targets),
                *lost,
            ),
            notes=tuple(_notes(done, old, dropped, address)),
            left=tuple(outbox.undelivered()),
            arrived=arrived,
            handed=handed,
            damaged=bool(aside),
        )


def _dead(outbox: Outbox) -> list[str]:
    return [one.key for one in outbox.undelivered() if one.delivery.state == "dead"]


def _dead_by_sink(outbox: Outbox) -> dict[str, int]:
    return {name: count.dead for name, count in outbox.counts().items()}


def _drop_dead(outbox: Outbox) -> int:
    """Forget dead letters, and return how many were forgotten."""
    dead = _dead(outbox)
    outbox.drop(dead)
    return len(dead)


def _reasons(
    done: Sequence[Delivered], before: dict[str, int], handed: str, unsound: int
) -> Iterator[Reason]:
    if unsound:
        yield cannot_tell(
            f"not sent, since of no right event: {unsound} of its deliveries",
            remedy="look where the outbox comes from; `dead-letters: drop` forgets them",
        )
    for one in done:
        new = one.dead - before.get(one.target, 0)
        if one.arrived:
            yield yes(f"{one.arrived} delivered to {one.target}")
        if one.required and one.waiting and handed:
            yield yes(f"{one.waiting} for {one.target} handed on in {handed}: {one.said}")
        elif one.required and one.waiting:
            yield cannot_tell(
                f"{one.waiting} not delivered to {one.target}: {one.said or 'time was up'}",
                remedy="mend that, or wait, and run flush-events again; or give `hand-on`",
            )
        if one.required and new > 0:
            yield cannot_tell(
                f"{one.target} refused {new}: {one.said}",
                remedy="mend the sink, then run flush-events with `dead-letters: retry`",
            )


def _kept(done: Sequence[Delivered], old: dict[str, int]) -> Iterator[Reason]:
    """Yield a reason for each required sink that lacks what it refused earlier."""
    for one in done:
        kept = min(one.dead, old.get(one.target, 0))
        if one.required and kept:
            yield cannot_tell(
                f"{counted(kept, 'dead letter')} of {one.target} from earlier, kept: it refused "
                "what is in the table, and lacks it",
                remedy="mend the sink, then run flush-events with `dead-letters: retry`; or with "
                "`drop`, which forgets them",
            )


def _unnamed(outbox: Outbox, targets: Sequence[Target]) -> Iterator[Reason]:
    """Yield a reason for each sink that something waits for, and that is not named here."""
    named = {target.name for target in targets}
    for sink, count in outbox.counts().items():
        if sink in named:
            continue
        if count.waiting:
            yield cannot_tell(
                f"{count.waiting} wait for {sink[:200]}, which is not named here",
                remedy="name it under `sinks`, as emit-event had it",
            )
        if count.dead:
            yield cannot_tell(
                f"{counted(count.dead, 'dead letter')} of {sink[:200]}, which is not named here",
                remedy="name it under `sinks`, and give `dead-letters: retry`; or `drop`",
            )


def _notes(
    done: Sequence[Delivered], old: dict[str, int], dropped: int, path: str
) -> Iterator[str]:
    if dropped:
        yield f"{counted(dropped, 'dead letter')} of {path} forgotten, as `dead-letters: drop` asks"
    for one in done:
        kept = min(one.dead, old.get(one.target, 0))
        if kept and not one.required:
            yield (
                f"{counted(kept, 'dead letter')} of {one.target} from earlier, kept: "
                "`dead-letters: retry` sends again"
            )
        if not one.required and one.waiting:
            yield (
                f"warning: {one.waiting} not delivered to {one.target}, which is not required: "
                f"{one.said or 'time was up'}"
            )


def _tables(left: Sequence[Undelivered]) -> Iterator[Table]:
    """Yield what is not delivered, the oldest first."""
    if left:
        more = f", the first {_SHOWN} of {len(left)}" if len(left) > _SHOWN else ""
        yield Table(
            heading=f"Not delivered{more}",
            columns=("event", "type", "subject", "sink", "state", "tries", "said"),
            rows=tuple(map(_row, left[:_SHOWN])),
        )


def _row(one: Undelivered) -> tuple[str, ...]:
    event, delivery = one.event, one.delivery
    state = "refused" if delivery.state == "dead" else "waits"
    told = (event.id, event.type, event.subject, one.sink, state, str(delivery.tries))
    return (*told, delivery.said)


STEP = Step(
    name="flush-events",
    summary="Deliver what earlier jobs could not deliver.",
    question="Has everything arrived that could not be delivered before?",
    options=FlushEventsOptions,
    outputs=FlushEventsOutputs,
    run=run,
    icon="send",
    shares=("emit-event", ("sinks",)),
)
