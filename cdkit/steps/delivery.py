"""What the delivery metrics are made of, gathered: records, events, sources, and git's history."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Deployment
from cdkit.core.errors import NoInput
from cdkit.core.spoken import counted
from cdkit.core.step import Table
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.core.world import World
from cdkit.dora.cause import NOBODY, attributed
from cdkit.dora.events import Turn, incidents_of, read_turns
from cdkit.dora.same import RECORDED, distinct
from cdkit.dora.source import (
    Found,
    Named,
    Question,
    Seen,
)
from cdkit.dora.told import Asked, Changed, Deployed, Incident
from cdkit.events.formats import moment
from cdkit.evidence.store import open_store
from cdkit.steps.brought import Heap, changes_between
from cdkit.steps.event_facts import FAILED

_NO_RECORDS = "none"
_EVENTS = "events"


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be gathered, and from where. With `has_changes` git is asked nothing.

    `since` is from when on changes and incidents are wanted, where that is before the window: what
    the numbers are compared with.
    """

    asked: Asked
    since: datetime | None = None
    records: str
    events: tuple[str, ...] = ()
    has_changes: bool = False
    folders: Mapping[str, Sequence[str]] = {}
    budget: float = 300.0


class Known(Struct, frozen=True, kw_only=True):
    """How much one place told, and how much of that is whole."""

    place: str
    deployments: int = 0
    with_changes: int = 0
    incidents: int = 0
    with_cause: int = 0


class Delivered(Struct, frozen=True, kw_only=True):
    """What was found to measure, what it rests on, and what could not be read or asked.

    `only_recorded` says that none but the records told of deployments, and of a service at least
    they know none that failed: whether its jobs record those nobody can tell.
    """

    seen: tuple[Seen, ...] = ()
    changes: tuple[Changed, ...] = ()
    incidents: tuple[Incident, ...] = ()
    has_incidents: bool = False
    only_recorded: bool = False
    known: tuple[Known, ...] = ()
    reasons: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()


def gather(wanted: Wanted, sources: Sequence[Named], world: World) -> Delivered:
    """Gather what the records, files of events and sources tell, each deployment once."""
    heap = Heap()
    heap.seen += _recorded(wanted, world, heap.reasons)
    heap.take(_EVENTS, _of_events(wanted, world))
    asked, since = wanted.asked, wanted.since or wanted.asked.since
    question = Question(
        asked=asked,
        since=since,
        before=since - (asked.until - asked.since),
        ends=world.clock.monotonic() + wanted.budget,
    )
    for source in sources:
        heap.take(source.name, source.gather(question, world))
    seen = distinct(heap.seen)
    changes = (
        ()
        if wanted.has_changes
        else tuple(changes_between(seen, question, heap, world, wanted.folders))
    )
    incidents = dict(_attributed(heap, seen, changes))
    return Delivered(
        seen=seen,
        changes=changes,
        incidents=tuple(one for those in incidents.values() for one in those),
        has_incidents=heap.has_incidents,
        only_recorded=_only_recorded(heap.seen, asked.environment),
        known=tuple(_known(seen, changes, incidents, asked, sources)),
        reasons=tuple(heap.reasons),
        notes=tuple(heap.notes),
    )


def _only_recorded(seen: Sequence[Seen], environment: str) -> bool:
    if any(one.source != RECORDED for one in seen):
        return False
    here = [one.deployed for one in seen if one.deployed.environment == environment]
    failed = {one.service for one in here if one.outcome == "failure"}
    return not failed or not {one.service for one in here} <= failed


def paths(patterns: Iterable[str], world: World) -> Iterator[str]:
    """Yield the files that patterns name; raises NoInput where one names none."""
    for pattern in patterns:
        found = world.files.glob(pattern)
        if not found:
            raise NoInput("there is no such file", where=pattern, remedy="mend the path")
        yield from found


def _recorded(wanted: Wanted, world: World, reasons: list[Reason]) -> Iterator[Seen]:
    """Yield the deployments that the records know of; what they cannot tell is a reason."""
    if wanted.records == _NO_RECORDS:
        return
    told = open_store(wanted.records, world).environment(wanted.asked.environment)
    reasons += told.unreadable
    for fact in told.facts:
        document = fact.document
        if not isinstance(document, Deployment) or not _counts(document, world):
            continue
        at = moment(fact.recorded_at)
        if at is None:
            reasons.append(
                cannot_tell(
                    f"a record of a deployment of {document.service[:60]!r} says no time: "
                    f"{fact.recorded_at[:60]!r}",
                    remedy="look who wrote it: emit-event writes a time with its zone",
                )
            )
        else:
            yield _of_fact(fact, document, at)


def _counts(document: Deployment, world: World) -> bool:
    """Whether a record is of a deployment that came about or failed, in this world."""
    is_here = document.origin.replay in {None, world.replay}
    return is_here and document.status in {"deployed", FAILED}


def _of_fact(fact: Fact, document: Deployment, at: datetime) -> Seen:
    deployed = Deployed(
        service=document.service,
        environment=document.environment,
        at=at,
        digest=document.image.rpartition("@")[2],
        commit=document.commit,
        outcome="failure" if document.status == FAILED else "success",
        planned=document.planned,
        rollback=document.rollback,
        team=document.team,
        id=document.event or fact.digest,
        who=document.origin.actor,
        url=document.origin.url,
    )
    return Seen(deployed=deployed, source=RECORDED, run=document.origin.run)


def _of_events(wanted: Wanted, world: World) -> Found:
    seen: list[Seen] = []
    turns: list[Turn] = []
    cancelled = strange = 0
    for path in paths(wanted.events, world):
        with world.files.open(path) as lines:
            heard = read_turns(lines, path)
        seen += [Seen(deployed=one) for one in heard.deployments]
        turns += heard.turns
        cancelled += heard.cancelled
        strange += heard.strange
    left_out = [f"events: {counted(cancelled, 'deployment')} left out: cancelled"] * bool(cancelled)
    if strange:
        left_out.append(f"events: {counted(strange, 'item')} left out: no CDEvent")
    return Found(
        deployments=tuple(seen),
        incidents=incidents_of(turns),
        has_incidents=bool(turns),
        notes=tuple(left_out),
    )


def _attributed(
    heap: Heap, seen: Sequence[Seen], changes: Sequence[Changed]
) -> Iterator[tuple[str, tuple[Incident, ...]]]:
    for place, told in heap.incidents.items():
        found, unknown = attributed(told, seen, changes)
        if unknown:
            number = counted(unknown, "incident")
            heap.notes.append(f"{place}: {number} with a cause that is no deployment known here")
        if whose := sum(not one.service for one in found):
            number = counted(whose, "incident")
            heap.notes.append(f"{place}: nobody knows the service of {number}: not counted")
        yield place, found


def _known(
    seen: Iterable[Seen],
    changes: Iterable[Changed],
    incidents: Mapping[str, Sequence[Incident]],
    asked: Asked,
    sources: Sequence[Named],
) -> Iterator[Known]:
    """Yield how much each place told of the window, where there are sources."""
    told = tuple(seen)
    brought = {(change.service, change.deployment) for change in changes}
    causes = {name for each in told for name in _names(each.deployed)} | {NOBODY}
    within = [one for one in told if asked.since <= one.deployed.at < asked.until]
    for place in (RECORDED, _EVENTS, *(one.name for one in sources)) if sources else ():
        own = [one.deployed for one in within if one.source == place]
        those = [one for one in incidents.get(place, ()) if asked.since <= one.opened_at]
        yield Known(
            place=place,
            deployments=len(own),
            with_changes=sum((one.service, one.id) in brought for one in own),
            incidents=len(those),
            with_cause=sum(one.cause in causes for one in those),
        )


def _names(deployed: Deployed) -> set[str]:
    return {deployed.id, deployed.digest, deployed.commit} - {""}


def rests_on(known: tuple[Known, ...]) -> Iterator[Table]:
    """Yield how much each place told, of those that told anything."""
    told = [one for one in known if one.deployments or one.incidents]
    if not told:
        return
    yield Table(
        heading="what the numbers rest on",
        columns=("source", "deployments", "with known changes", "incidents", "with a known cause"),
        rows=tuple(
            (
                one.place,
                str(one.deployments),
                _share(one.with_changes, one.deployments),
                str(one.incidents),
                _share(one.with_cause, one.incidents),
            )
            for one in told
        ),
    )


def _share(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.0f} %)" if whole else "none"
