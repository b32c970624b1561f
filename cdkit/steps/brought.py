"""What is gathered for the delivery metrics; what each deployment brought, by git or a forge."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from msgspec import structs

from cdkit.core.errors import CannotTell, NotThere, RequestError
from cdkit.core.spoken import counted
from cdkit.core.verdict import Reason
from cdkit.core.world import Commit, Git, World
from cdkit.dora.commits import changes_of
from cdkit.dora.source import Found, History, Merge, Question, Seen, check_times, times_of
from cdkit.dora.told import Changed, Incident

_NONE: Mapping[str, Sequence[str]] = MappingProxyType({})


@dataclass(kw_only=True, slots=True)
class Heap:
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


def folders_of(paths: Mapping[str, str], *, has_table: bool) -> dict[str, tuple[str, ...]]:
    """Return the folders of each service that the user names some of: `services/orders,libs`.

    Raises RequestError where one has no name, or where a table tells the changes, which no folder
    narrows.
    """
    if paths and has_table:
        raise RequestError(
            "changes come from a table, so that git is not asked for paths",
            where="paths",
            remedy="leave out --path, or --change-file",
        )
    found = {}
    for service, text in paths.items():
        found[service] = tuple(part.strip().strip("/") for part in text.split(","))
        if not all(found[service]):
            raise RequestError(
                f"the folders of {service[:60]!r} are {text[:60]!r}, and one has no name",
                where="paths",
                remedy="write orders=services/orders,libs",
            )
    return found


def changes_between(
    seen: Iterable[Seen],
    question: Question,
    heap: Heap,
    world: World,
    folders: Mapping[str, Sequence[str]] = _NONE,
) -> Iterator[Changed]:
    """Yield the changes between the deployments of each service, as git has them, each once.

    The first deployment of a service brought nobody knows how much: it has no changes. After a
    roll-back some come again, which an earlier deployment brought first. Of a service with
    `folders` only what changes something there is one: a forge does not tell that of a commit.
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
        own = folders.get(new.service, ())
        commits, there = _of_checkout(git, last, new.commit, own)
        if commits is None and not own:
            place = one.source if one.source in sources else only
            commits = _of_source(place, last, new.commit, heap)
            elsewhere += commits is not None
        untold += commits is None
        _unsquash((x for x in commits or () if there is None or x.name in there), heap)
        changes = changes_of(
            commits or (),
            until=new.commit,
            service=new.service,
            deployment=new.id,
            merges=heap.merges,
            there=there,
        )
        for change in changes:
            if (change.service, change.commit) not in known:
                known.add((change.service, change.commit))
                yield change
    heap.notes += _said(untold, elsewhere)
    strays = sorted(folders.keys() - before.keys())
    heap.notes += [
        f"paths are given for {name[:60]!r}, which by records, events and systems nobody deployed"
        for name in strays
    ]


def _git(world: World) -> Git | None:
    try:
        world.git.head()
    except CannotTell:
        return None
    return world.git


def _unsquash(commits: Iterable[Commit], heap: Heap) -> None:
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


def _of_checkout(
    git: Git | None, since: str, until: str, folders: Sequence[str]
) -> tuple[Sequence[Commit] | None, frozenset[str] | None]:
    """Return the commits that a checkout knows, and which of them change something in `folders`.

    None for the first where it is shallow, or of another repository; for the second where there are
    no folders.
    """
    if git is None:
        return None, None
    try:
        commits = _checked(git.history(since, until), until)
        return commits, git.touching(since, until, folders) if folders else None
    except CannotTell:
        return None, None


def _of_source(place: str, since: str, until: str, heap: Heap) -> Sequence[Commit] | None:
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
