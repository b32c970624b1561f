"""What the gate decides by, fetched from the store and from git before it is asked."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct, structs

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Deployment
from cdkit.core.doors.clock import stamp
from cdkit.core.errors import CannotTell, Unreadable
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.core.world import World
from cdkit.evidence.store import Store
from cdkit.gate.back import asks_for_a_schema, schema_facts
from cdkit.gate.case import Past, Release
from cdkit.gate.contracts import Ran, contracts_of, pairs
from cdkit.gate.policy import (
    Policy,
    SignerLists,
    asked_of,
    asked_of_identities,
    environment_of,
    looks_back,
    required,
    signers_told,
    unsigned_by,
)
from cdkit.gate.subject import SKEW, Request, counts_here, known_of, moment_of, trusted

_OBSERVED = 10
_RELEASES = 20
"""Releases that a measured number is held against."""


class Gathered(Struct, frozen=True, kw_only=True):
    """The facts about the image, what runs where, and the releases before."""

    collected: Collected
    ran: Ran = Ran()
    past: Past = Past()


class Asked(Struct, frozen=True, kw_only=True):
    """The question, the policy, the time as of which it is asked, and whether that is now."""

    request: Request
    policy: Policy
    now: datetime
    earlier: bool = False

    @property
    def identities(self) -> SignerLists:
        """Of each of these lists somebody must have signed an identity."""
        if not self.request.stage:
            return asked_of(self.policy)
        return asked_of_identities(self.policy, self.request.stage, self.request.question)


def gather(asked: Asked, store: Store, world: World) -> Gathered:
    """Read all that the gate needs.

    Where the question is asked as of an earlier time, what was recorded since is left out.
    Raises CannotTell where the store cannot be read.
    """
    collected = _about(asked, asked.request.key, store)
    past = _past(asked, store)
    ran = _ran(asked, collected, past, store, world)
    return Gathered(collected=collected, ran=ran, past=past)


def _about(asked: Asked, key: str, store: Store) -> Collected:
    """Read the facts about an image, then those about the source and platforms they name."""
    request = structs.replace(asked.request, key=key)
    found = _then(asked, store.about(frozenset({key})))
    known = known_of(request, trusted(found, asked.identities), asked.now)
    return found.joined(_then(asked, store.about(known.related))) if known.related else found


def _then(asked: Asked, collected: Collected) -> Collected:
    """Return what was known at the time as of which the question is asked."""
    if not asked.earlier:
        return collected
    kept = [
        fact
        for fact in collected.facts
        if (moment := moment_of(fact)) is None or moment <= asked.now
    ]
    return Collected(facts=tuple(kept), unreadable=collected.unreadable)


def _past(asked: Asked, store: Store) -> Past:
    if asked.request.question == "return":
        return _since(asked, store)
    wanted = required(asked.policy, asked.request.stage, stay=asked.request.question == "stay")
    many = _RELEASES if any(one.no_worse for _, one in wanted) else 1
    if not any(looks_back(one) for _, one in wanted):
        return Past()
    told = _deployments(asked, asked.policy.baseline, store)
    images = list(_newest_first(asked.request, told.dated))[:many]
    last = max((at for at, _ in told.dated), default=None)
    return _releases(asked, (*told.after(last), *told.future), images, store)


def _since(asked: Asked, store: Store) -> Past:
    """Read what came into the stage's environment after the image was last put there."""
    if not asks_for_a_schema(asked.policy):
        return Past(known=True)
    environment = environment_of(asked.policy, asked.request.stage)
    told = _deployments(asked, environment, store)
    mine = [at for at, one in told.dated if one.image.endswith(f"@{asked.request.key}")]
    last = max(mine, default=None)
    later = [each for each in told.dated if last is None or each[0] > last]
    images = list(_newest_first(asked.request, later))
    past = _releases(asked, told.after(last), images, store)
    return Past(since=past.releases, known=bool(told.dated), unreadable=past.unreadable)


_Dated = tuple[datetime, Deployment]


class _Told(Struct, frozen=True, kw_only=True):
    """The deployments to an environment, oldest first, and what may be others.

    `unsigned` are those that none signed who must, each with its time: they prove nothing, and
    may be true. `future` says which were recorded at a time that has not been.
    """

    dated: list[_Dated]
    unreadable: tuple[Reason, ...]
    unsigned: list[tuple[datetime, Reason]]
    future: tuple[Reason, ...]

    def after(self, last: datetime | None) -> tuple[Reason, ...]:
        """Return why nobody knows what was deployed after this time; at all, where it is None."""
        late = (reason for at, reason in self.unsigned if last is None or at > last)
        return (*self.unreadable, *late)


def _deployments(asked: Asked, environment: str, store: Store) -> _Told:
    """Read the deployments of this repository's images to an environment."""
    told = _then(asked, store.environment(environment))
    repository = asked.request.image.rpartition("@")[0]
    wanted = asked_of(asked.policy)
    dated: list[_Dated] = []
    future: list[Reason] = []
    unsigned: list[tuple[datetime, Reason]] = []
    for fact in told.facts:
        document, moment = fact.document, moment_of(fact)
        if not isinstance(document, Deployment) or document.status != "deployed":
            continue
        if moment is None or not counts_here(fact, asked.request, asked.now):
            continue
        if document.image.rpartition("@")[0] != repository:
            continue
        if moment > asked.now + SKEW:
            future.append(_in_the_future(fact, environment))
        if missing := unsigned_by(wanted, fact.signers):
            unsigned.append((moment, _of_nobody(fact, environment, missing)))
        else:
            dated.append((moment, document))
    dated.sort(key=lambda each: each[0])
    return _Told(dated=dated, unreadable=told.unreadable, unsigned=unsigned, future=tuple(future))


def _in_the_future(fact: Fact, environment: str) -> Reason:
    return cannot_tell(
        f"a deployment to {environment} was recorded at {fact.recorded_at}, in the future",
        where=Location(path=fact.where),
        remedy="set the clock of the machine that recorded it, or of this one, and record what"
        " runs there again",
    )


def _of_nobody(fact: Fact, environment: str, missing: SignerLists) -> Reason:
    return cannot_tell(
        f"a deployment to {environment} is not signed by {signers_told(missing)}",
        where=Location(path=fact.where),
        remedy="record it again in a job that signs: `cdkit emit-event` with `sign`",
    )


def _newest_first(request: Request, deployments: Iterable[_Dated]) -> Iterator[_Dated]:
    seen = {request.key}
    for moment, deployment in sorted(deployments, key=lambda each: each[0], reverse=True):
        key = deployment.image.rpartition("@")[2]
        if key not in seen:
            seen.add(key)
            yield moment, deployment


def last_releases(
    environment: str, images: tuple[str, ...], store: Store, world: World
) -> tuple[Release, ...]:
    """Return these images (`repository@digest`), or else the last ten of an environment.

    Newest first, each with every fact about it and its source. Raises CannotTell where a record of
    them cannot be read.
    """
    now = world.clock.now()
    request = Request(image="", key="", stage="", replay=world.replay)
    asked = Asked(request=request, policy=Policy(version=1), now=now)
    dated: list[_Dated] = []
    if not images:
        told = store.environment(environment)
        _raise(told.unreadable)
        for fact in told.facts:
            document, moment = fact.document, moment_of(fact)
            if not isinstance(document, Deployment) or document.status != "deployed":
                continue
            if moment is not None and counts_here(fact, request, now):
                dated.append((moment, document))
        images = tuple(one.image for _, one in _newest_first(request, dated))[:_OBSERVED]
    when = {one.image: stamp(moment) for moment, one in dated}
    releases = []
    for image in images:
        key = image.rpartition("@")[2]
        found = _about(asked, key, store)
        _raise(found.unreadable)
        releases.append(
            Release(image=image, key=key, deployed_at=when.get(image, ""), facts=found.facts)
        )
    return tuple(releases)


def _raise(reasons: tuple[Reason, ...]) -> None:
    for reason in reasons:
        raise Unreadable(reason.what, where=reason.where, remedy=reason.remedy)


def _releases(
    asked: Asked, unreadable: tuple[Reason, ...], images: Iterable[_Dated], store: Store
) -> Past:
    releases, broken = [], list(unreadable)
    for moment, deployment in images:
        key = deployment.image.rpartition("@")[2]
        found = _about(asked, key, store)
        broken += found.unreadable
        releases.append(
            Release(
                image=deployment.image,
                key=key,
                deployed_at=moment.isoformat(timespec="seconds"),
                facts=found.facts,
            )
        )
    return Past(releases=tuple(releases), unreadable=tuple(broken), known=bool(releases))


def _ran(asked: Asked, collected: Collected, past: Past, store: Store, world: World) -> Ran:
    """Read what runs where, and ask git what it contains, where a contract waits for that."""
    waiting: set[tuple[str, str]] = set()
    told = Collected()
    if contracts_of(collected.facts):
        told = _then(asked, store.deployments())
        waiting |= pairs(collected.facts, told.facts)
    commit = known_of(asked.request, collected, asked.now).commit
    if commit:
        taken = contracts_of(_facts(past))
        waiting |= {(each.commit, commit) for each in taken if each.commit}
    contains: dict[tuple[str, str], bool] = {}
    untold: dict[tuple[str, str], str] = {}
    for release, deployed in sorted(waiting):
        try:
            contains[release, deployed] = world.git.is_ancestor(release, deployed)
        except CannotTell as fault:
            untold[release, deployed] = fault.what
    return Ran(deployments=told.facts, unreadable=told.unreadable, contains=contains, untold=untold)


def _facts(past: Past) -> tuple[Fact, ...]:
    return schema_facts(past.since)
