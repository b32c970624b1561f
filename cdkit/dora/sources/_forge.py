"""What GitHub and GitLab have in common: whose deployment it is, and what is counted of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from msgspec import Struct

from cdkit.core.errors import CannotTell, NoAccess, NotThere
from cdkit.core.finding import Location
from cdkit.core.spoken import counted
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.dora.cause import cause_in
from cdkit.dora.naming import Pattern, patterns, told_by
from cdkit.dora.source import Found, History, Merge, Question, Seen, SourceTable
from cdkit.dora.told import Incident

T = TypeVar("T")
NO_INCIDENTS = "none"
_UNSEEN = "which environments there are could not be read"
_LONGEST_URL = 500
_SKEWED = 120.0
"""Seconds by which two clocks may differ before that is told."""


class Rules(Struct, frozen=True, kw_only=True):
    """How this repository is read: which names count, and what tells the service.

    `repository` is what a service is called for want of better.
    """

    environments: tuple[Pattern, ...]
    tasks: tuple[Pattern, ...]
    services: tuple[Pattern, ...]
    service: str
    repository: str

    @property
    def exact(self) -> tuple[str, ...]:
        """The environments' names; none where one is a pattern, or is to fit any case."""
        names = tuple(one.text for one in self.environments)
        return names if all(one.is_plain for one in self.environments) else ()

    def service_of(self, environment: str, task: str, told: str = "") -> tuple[str, bool] | None:
        """Return a deployment's service, and whether it is a guess; None where it counts not."""
        by_environment = told_by(self.environments, environment)
        if by_environment is None:
            return None
        by_task = told_by(self.tasks, task) if self.tasks else ""
        if by_task is None:
            return None
        named = by_environment or by_task or told or self.service
        return (named, False) if named else (self.repository, True)

    def service_in(self, labels: Iterable[str]) -> str:
        """Return the service that a label names, or the one that all of it is."""
        named = (found for label in labels if (found := told_by(self.services, label)))
        return next(named, self.service)


def rules_of(table: SourceTable, question: Question, repository: str, task: str) -> Rules:
    """Return how to read a repository; `task` is the setting that names a kind of deployment."""
    given = table.settings
    tasks = [given[task]] if given.get(task) else []
    label = given.get("service-label", "service:{service}")
    return Rules(
        environments=patterns(
            table.environments or (question.asked.environment,), where="environments"
        ),
        tasks=patterns(tasks, where=task),
        services=patterns([label], where="service-label"),
        service=table.service,
        repository=repository.rpartition("/")[2],
    )


class Left:
    """What was left out, and why; of deployments, how many of them nobody said the end of."""

    def __init__(self) -> None:
        self._why: Counter[tuple[str, str]] = Counter()
        self._unended = 0

    def out(self, what: str, why: str, *, number: int = 1, unended: bool = False) -> None:
        """Leave some out: `what` is one of them, and `why` follows it, one or several."""
        self._why[what, why] += number
        self._unended += number * unended

    def notes(self, where: str) -> Iterator[str]:
        """Yield it in words."""
        for (what, why), number in sorted(self._why.items()):
            yield f"{where}: {counted(number, what)} {why}"

    def reasons(self, deployments: Sequence[object], where: str) -> Iterator[Reason]:
        """Yield that there were deployments, where nobody said of any how it ended."""
        if self._unended and not deployments:
            yield cannot_tell(
                f"{counted(self._unended, 'deployment')}, and nobody said of any how it ended",
                where=Location(path=where),
                remedy="let what deploys say so: a status of the deployment, success or failure",
            )


def link(url: str | None) -> str:
    """Return an address that people may be led to; nothing where it is none."""
    return url if url and url.startswith("https://") and len(url) <= _LONGEST_URL else ""


def incident(
    rules: Rules,
    question: Question,
    *,
    name: str,
    opened: tuple[datetime, datetime | None],
    body: str,
    labels: Iterable[str],
) -> Incident:
    """Return an incident out of an issue; `opened` is when it began, and when it was over."""
    told = tuple(labels)
    return Incident(
        service=rules.service_in(told),
        environment=question.asked.environment,
        opened_at=opened[0],
        resolved_at=opened[1],
        cause=cause_in(body, told),
        id=name,
    )


def _skewed(skew: float, where: str) -> Iterator[str]:
    """Yield that two clocks differ, where they do by much."""
    if abs(skew) > _SKEWED:
        which = "ahead of" if skew > 0 else "behind"
        yield f"{where}: its clock is {timedelta(seconds=round(abs(skew)))} {which} this one's"


class Asking(Struct, Generic[T], frozen=True, kw_only=True):
    """What was found, and why there is not more."""

    found: tuple[T, ...] = ()
    reasons: tuple[Reason, ...] = ()
    is_refused: bool = False

    @property
    def failed(self) -> tuple[Reason, ...]:
        """The reasons, but for what may not be asked at all, which is told and done without."""
        return () if self.is_refused else self.reasons

    def noted(self, what: str) -> Iterator[str]:
        """Yield the reasons as notes, with what follows from them."""
        for reason in self.reasons:
            yield f"{what} ({reason.what}); {reason.remedy}"


def _ask(question: Callable[[], tuple[T, ...]]) -> Asking[T]:
    """Ask something that may fail by itself."""
    try:
        return Asking(found=question())
    except CannotTell as fault:
        return Asking(reasons=(fault.reason(),), is_refused=isinstance(fault, NoAccess | NotThere))


class Forge(Struct, frozen=True, kw_only=True):
    """What a forge is asked, each question as its own API has it.

    `undated` says what follows where merges are not told; `skew` is how far its clock is off, in
    seconds, once it was asked.
    """

    where: str
    undated: str
    skew: Callable[[], float]
    deployments: Callable[[Left], Iterable[Seen]]
    incidents: Callable[[Left], Iterable[Incident]]
    has_incidents: Callable[[Asking[Incident], Left], bool]
    merges: Callable[[], Iterable[Merge]]
    elsewhere: Callable[[Sequence[Seen]], Iterable[str]]
    history: History


def gathered(forge: Forge) -> Found:
    """Ask for the deployments; then for incidents and merges, which may fail apart from them."""
    left, where = Left(), forge.where
    deployments = tuple(forge.deployments(left))
    incidents = _ask(lambda: tuple(forge.incidents(left)))
    known = _ask(lambda: (forge.has_incidents(incidents, left),))
    merges = _ask(lambda: tuple(forge.merges()))
    others = _ask(lambda: tuple(forge.elsewhere(deployments)))
    return Found(
        deployments=deployments,
        incidents=incidents.found,
        has_incidents=any(known.found),
        merges=merges.found,
        reasons=(
            *left.reasons(deployments, where),
            *incidents.reasons,
            *known.reasons,
            *merges.failed,
        ),
        notes=(
            *left.notes(where),
            *_skewed(forge.skew(), where),
            *merges.noted(forge.undated),
            *others.found,
            *others.noted(_UNSEEN),
        ),
        history=forge.history,
    )
