"""What the delivery metrics are made of, gathered: records, events, sources, and git's history."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct, structs

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Deployment
from cdkit.core.errors import CannotTell, NoInput, NotThere
from cdkit.core.spoken import counted
from cdkit.core.step import Table
from cdkit.core.verdict import Reason
from cdkit.core.world import Commit, World
from cdkit.dora.cause import NOBODY, attributed
from cdkit.dora.commits import changes_of
from cdkit.dora.events import Turn, incidents_of, read_turns
from cdkit.dora.same import RECORDED, distinct
from cdkit.dora.source import (
    Found,
    History,
    Merge,
    Named,
    Question,
    Seen,
    check_times,
    times_of,
)
from cdkit.dora.told import Asked, Changed, Deployed, Incident
from cdkit.evidence.store import open_store
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


@dataclass(kw_only=True, slots=True)
class _Heap:
    """What is gathered, as it comes in."""

    seen: list[Seen] = field(default_factory=list)
    incidents: dict[str, tuple[Incident, ...]] = field(default_factory=dict)
    has_incidents: bool = False
    merges: dict[str, Merge] = field(default_factory=dict)
    histories: dict[str, History] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_spent: bool = False

    def take(self, place: str, found: Found) -> None:
        """Take in what a place told."""
        self.seen += [structs.replace(one, source=place) for one in found.deployments]
        known = {one.id for those in self.incidents.values() for one in those} - {""}
        self.incidents[place] = tuple(one for one in found.incidents if one.id not in known)
        self.has_incidents |= found.has_incidents
        self.merges |= {one.commit: one for one in found.merges}
        self.reasons += found.reasons
        self.notes += found.notes
        if found.history is not None:
            self.histories[place] = found.history


def gather(wanted: Wanted, sources: Sequence[Named], world: World) -> Delivered:
    """Gather what the records, files of events and sources tell, each deployment once."""
    heap = _Heap()
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
    changes = () if wanted.has_changes else tuple(_changes(seen, question, heap, world))
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
        if (found := _of_fact(fact, world)) is not None:
            yield found


def _of_fact(fact: Fact, world: World) -> Seen | None:
    document = fact.document
    if not isinstance(document, Deployment) or document.status not in {"deployed", FAILED}:
        return None
    if document.origin.replay is not None and document.origin.replay != world.replay:
        return None
    try:
        at = datetime.fromisoformat(document.origin.recorded_at)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
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
    cancelled = 0
    for path in paths(wanted.events, world):
        with world.files.open(path) as lines:
            heard = read_turns(lines, path)
        seen += [Seen(deployed=one) for one in heard.deployments]
        turns += heard.turns
        cancelled += heard.cancelled
    left_out = (f"events: {counted(cancelled, 'deployment')} left out: cancelled",)
    return Found(
        deployments=tuple(seen),
        incidents=incidents_of(turns),
        has_incidents=bool(turns),
        notes=left_out if cancelled else (),
    )


def _changes(
    seen: Iterable[Seen], question: Question, heap: _Heap, world: World
) -> Iterator[Changed]:
    """Yield the changes between the deployments of each service, as git has them, each once.

    The first deployment of a service brought nobody knows how much: it has no changes. After a
    roll-back some come again, which an earlier deployment brought first.
    """
    before: dict[str, str] = {}
    known: set[tuple[str, str]] = set()
    since, until = question.since, question.asked.until
    git, untold, elsewhere = _git(world), 0, 0
    sources = tuple(heap.histories)
    only = sources[0] if len(sources) == 1 else ""
    for one in seen:
        new = one.deployed
        if (
            new.environment != question.asked.environment
            or not new.commit
            or new.outcome == "failure"
        ):
            continue
        last, before[new.service] = before.get(new.service), new.commit
        if not last or last == new.commit or not since <= new.at < until:
            continue
        commits = _of_checkout(git, last, new.commit)
        if commits is None:
            place = one.source if one.source in sources else only
            commits = _of_source(place, last, new.commit, heap)
            elsewhere += commits is not None
        untold += commits is None
        _unsquash(commits or (), heap)
        changes = changes_of(
            commits or (),
            until=new.commit,
            service=new.service,
            deployment=new.id,
            merges=heap.merges,
        )
        for change in changes:
            if (change.service, change.commit) not in known:
                known.add((change.service, change.commit))
                yield change
    heap.notes += _said(untold, elsewhere)


def _git(world: World) -> History | None:
    try:
        world.git.head()
    except CannotTell:
        return None
    return world.git.history


def _unsquash(commits: Iterable[Commit], heap: _Heap) -> None:
    """Ask for what these commits are a squash of, as far as they are; after a failure no more."""
    for commit in commits:
        merge = heap.merges.get(commit.name)
        if merge is None or merge.ask is None or heap.is_spent:
            continue
        try:
            written = _checked(merge.ask(), commit.name)
        except NotThere:
            written = ()
        except CannotTell as fault:
            heap.reasons.append(fault.reason())
            heap.is_spent = True
            return
        heap.merges[commit.name] = structs.replace(merge, written=tuple(written), ask=None)


def _of_checkout(git: History | None, since: str, until: str) -> Sequence[Commit] | None:
    """Return what a checkout knows; None where it is shallow, or of another repository."""
    if git is None:
        return None
    try:
        return _checked(git(since, until), until)
    except CannotTell:
        return None


def _of_source(place: str, since: str, until: str, heap: _Heap) -> Sequence[Commit] | None:
    """Return what a source knows; None where it has not these commits, or is asked no more.

    One that fails, or lets nobody in, would do so for each deployment: that is one reason.
    """
    history = heap.histories.get(place)
    if history is None:
        return None
    try:
        return _checked(history(since, until), until)
    except NotThere:
        return None
    except CannotTell as fault:
        heap.reasons.append(fault.reason())
        del heap.histories[place]
        return None


def _checked(commits: Sequence[Commit], until: str) -> Sequence[Commit]:
    check_times(times_of(commits), until)
    return commits


def _said(untold: int, elsewhere: int) -> Iterator[str]:
    if elsewhere:
        told = counted(elsewhere, "deployment")
        yield f"the checkout lacks the commits of {told}: a source told them"
    if untold:
        told = counted(untold, "deployment")
        yield (
            f"git does not know what {told} brought: ask in a checkout with the whole history "
            "(fetch-depth: 0), or give --change-file"
        )


def _attributed(
    heap: _Heap, seen: Sequence[Seen], changes: Sequence[Changed]
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
