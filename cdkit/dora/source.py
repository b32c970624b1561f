"""A source: a system that is asked which deployments there were, and which incidents."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, structs

from cdkit.core import plugins
from cdkit.core.errors import CannotTell, RequestError, Unreadable
from cdkit.core.finding import Location
from cdkit.core.secret import Secret
from cdkit.core.verdict import Reason
from cdkit.core.world import Commit, World
from cdkit.dora.told import Asked, Deployed, Incident


class SourceTable(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="kebab"):
    """A source in the configuration file."""

    type: Annotated[str, Meta(description="The kind of source: github, gitlab: see docs/dora.md.")]
    url: Annotated[
        str, Meta(description="The address of its API, where the CI system does not say it.")
    ] = ""
    token_env: Annotated[
        str, Meta(description="The variable that holds its token, where not its usual one.")
    ] = ""
    environments: Annotated[
        tuple[str, ...],
        Meta(
            description="What the environment is called there: `prod`, `{service}-production`. "
            "Where nothing is said, as here."
        ),
    ] = ()
    service: Annotated[
        str, Meta(description="The service, where the system itself does not tell it.")
    ] = ""
    settings: Annotated[
        dict[str, str], Meta(description="What else this type of source can be told.")
    ] = {}


_FIRST_YEAR, _LAST_YEAR = 1900, 9000


class Question(Struct, frozen=True, kw_only=True):
    """What a source is asked.

    `since` is from when on all is wanted, the window's beginning or earlier; `before` how far back
    deployments count that only tell what ran until then; `ends` is the moment of the monotonic
    clock at which asking is over.
    """

    asked: Asked
    since: datetime
    before: datetime
    ends: float


class Seen(Struct, frozen=True, kw_only=True):
    """A deployment as one place tells it; `source` is that place's name, which who asks sets.

    `run` is the run of the CI system that made it, if known; `names` are further names that others
    may call it by. One that is `vague` has the repository's name for a service, for want of better.
    """

    deployed: Deployed
    source: str = ""
    run: str = ""
    names: tuple[str, ...] = ()
    vague: bool = False


class Merge(Struct, frozen=True, kw_only=True):
    """When a change was merged, by the commit of the main line that brought it.

    `written` are its own commits where that one is a squash, in which their times are lost; `ask`
    returns them where each takes a question of its own, and raises CannotTell.
    """

    commit: str
    at: datetime
    written: tuple[Commit, ...] = ()
    ask: Callable[[], tuple[Commit, ...]] | None = None


History = Callable[[str, str], Sequence[Commit]]
"""Returns the commits that the second has and the first has not; raises CannotTell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a source tells. `reasons` are what it could not be asked; `notes` what was left out.

    It `has_incidents` where it would tell of one if there were any: that there is none in the
    window is then known.
    """

    deployments: tuple[Seen, ...] = ()
    incidents: tuple[Incident, ...] = ()
    has_incidents: bool = False
    merges: tuple[Merge, ...] = ()
    reasons: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()
    history: History | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One kind of source. `place` is the setting that a short form gives: `github:acme/orders`.

    `token` is the variable that usually holds its token; `settings` are those it knows; `gather`
    asks, and raises CannotTell where nothing is to be had.
    """

    title: str
    place: str
    gather: "Callable[[SourceTable, Question, World], Found]"
    token: str
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """A source as a user named it."""

    name: str
    source: Source
    table: SourceTable

    def gather(self, question: Question, world: World) -> Found:
        """Ask it; what keeps it from answering is a reason."""
        try:
            found = self.source.gather(self.table, question, world)
            check_times(_times(found), self.name)
        except CannotTell as fault:
            told = fault.reason()
            where = told.where or Location(path=self.name)
            return Found(reasons=(structs.replace(told, where=where),))
        return found


def check_times(times: Iterable[datetime], where: str) -> None:
    """Raise Unreadable for a time at which nothing of this kind can have happened.

    Another zone's name for one at either end of the calendar would be none at all.
    """
    for at in times:
        if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
            raise Unreadable(
                f"the year {at.year} is told, and nothing was deployed then",
                where=where,
                remedy="see what stands between this job and the server",
            )


def _times(found: Found) -> Iterator[datetime]:
    yield from (one.deployed.at for one in found.deployments)
    for incident in found.incidents:
        yield incident.opened_at
        if incident.resolved_at is not None:
            yield incident.resolved_at
    for merge in found.merges:
        yield merge.at
        yield from times_of(merge.written)


def times_of(commits: Iterable[Commit]) -> Iterator[datetime]:
    """Yield when commits were written and committed."""
    for commit in commits:
        yield commit.authored_at
        yield commit.committed_at


def resolve(entries: Sequence[str | SourceTable]) -> tuple[Named, ...]:
    """Return the sources that these entries name: short forms, or tables of the configuration.

    Raises RequestError where an entry is none, or where two are the same.
    """
    found: dict[str, Named] = {}
    for entry in entries:
        one = _named(entry)
        if one.name in found:
            raise RequestError(
                f"the source {one.name} is named twice", where="sources", remedy="take one out"
            )
        found[one.name] = one
    return tuple(found.values())


def token_of(table: SourceTable, usual: str, world: World, *, needs: str) -> tuple[Secret, str]:
    """Return a source's token, and the variable that holds it; raises CannotTell for none."""
    name = table.token_env or usual
    token = world.environ.get(name, "").strip()
    if not token:
        raise CannotTell(f"{name} holds no token", where=table.type, remedy=needs)
    return Secret(token), name


def _named(entry: str | SourceTable) -> Named:
    from cdkit.dora import sources

    kind, _, place = entry.partition(":") if isinstance(entry, str) else (entry.type, "", "")
    known = plugins.names(sources)
    if kind not in known:
        raise RequestError(
            f"{kind[:40]!r} is no kind of source",
            where="sources",
            remedy=f"use one of: {', '.join(known)}",
        )
    source = plugins.load(sources, kind, "SOURCE", Source)
    table = SourceTable(type=kind) if isinstance(entry, str) else entry
    if place:
        table = structs.replace(table, settings={source.place: place})
    for name in table.settings:
        if name not in source.settings:
            raise RequestError(
                f"a {kind} source has no setting {name[:60]!r}",
                where="sources",
                remedy=f"its settings are: {', '.join(source.settings)}",
            )
    where = table.settings.get(source.place, "")
    return Named(name=f"{kind} {where}".strip(), source=source, table=table)
