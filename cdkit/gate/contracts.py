"""Contracts: whether the release that stopped using an object is all that runs, where it must be.

A migration that takes something away says since which release nobody uses it. The newest
deployment of each service in each environment must be of a commit that contains that release.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Contract, Deployment, Findings
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell, no, yes
from cdkit.gate.policy import Requirement, SignerLists, signers_told, unsigned_by
from cdkit.gate.subject import SKEW, Request, counts_here, moment_of

Pair = tuple[str, str]
"""The commit of a release, and the commit of a deployment that may contain it."""

_RECORD = "`cdkit emit-event --environment {} --service SERVICE --image IMAGE`"


class Ran(Struct, frozen=True, kw_only=True):
    """What runs where, and what git says of it, fetched before the decision.

    `contains` says of a pair of commits whether the second contains the first; `untold` why nobody
    can tell. `unreadable` are records that may have said anything of what runs.
    """

    deployments: tuple[Fact, ...] = ()
    unreadable: tuple[Reason, ...] = ()
    contains: Mapping[Pair, bool] = {}
    untold: Mapping[Pair, str] = {}


class _Place(Struct, frozen=True):
    """A service in an environment."""

    environment: str
    service: str

    def __str__(self) -> str:
        return f"{self.service or 'a service without a name'} in {self.environment}"


def contracts_of(facts: Iterable[Fact]) -> tuple[Contract, ...]:
    """Return the contracts that facts rest on, each once."""
    found = (fact.document for fact in facts if isinstance(fact.document, Findings))
    return tuple(dict.fromkeys(each for document in found for each in document.contracts))


def pairs(facts: Iterable[Fact], deployments: Iterable[Fact]) -> frozenset[Pair]:
    """Return the commits that somebody must hold against each other before the decision."""
    commits = {
        fact.document.commit for fact in deployments if isinstance(fact.document, Deployment)
    } - {""}
    releases = {each.commit for each in contracts_of(facts)} - {""}
    return frozenset((release, commit) for release in releases for commit in commits)


def held(
    wanted: Requirement,
    facts: Iterable[Fact],
    ran: Ran,
    request: Request,
    now: datetime,
    signed_by: SignerLists = (),
) -> list[Reason]:
    """Hold the contracts that facts rest on against what runs.

    A place where something older runs is a no; a place of which nobody knows what runs, and a
    commit of which git cannot tell, are "cannot tell". So is a deployment that of one of the lists
    in `signed_by` nobody signed.
    """
    contracts = contracts_of(facts)
    if not contracts:
        return []
    reasons = list(ran.unreadable)
    running = _running(ran, request, now, signed_by)
    places = _places(wanted, running)
    for contract in contracts:
        if not contract.commit:
            what = f"the contract of {contract.migration} names a release without its commit"
            reasons.append(cannot_tell(what, where=contract.where, remedy=_AGAIN))
        if not places:
            what = "and no record says what runs anywhere"
            reasons.append(_unknown(contract, what, "ENVIRONMENT"))
        for place in places:
            reasons += _at(contract, place, running.get(place, ()), ran, now, signed_by)
    return reasons


_AGAIN = "run `cdkit lint-migrations` again, in a checkout with the whole history"


def _running(
    ran: Ran, request: Request, now: datetime, signed_by: SignerLists
) -> dict[_Place, tuple[Fact, ...]]:
    """Return what runs in each place: the newest deployment, or all that may be the newest.

    An image that was taken out runs no more; the one before it may, unless it was taken out too.
    """
    told: dict[_Place, list[Fact]] = {}
    for fact in ran.deployments:
        document = fact.document
        if _status(fact) == "removed" and not _is_believed(fact, now, signed_by):
            continue
        if isinstance(document, Deployment) and counts_here(fact, request, now):
            place = _Place(document.environment, document.service)
            told.setdefault(place, []).append(fact)
    found = {place: _newest(facts) for place, facts in told.items()}
    return {place: facts for place, facts in found.items() if facts}


def _is_believed(fact: Fact, now: datetime, signed_by: SignerLists) -> bool:
    """Whether a fact is of a time that has been, and signed where it must be."""
    moment = moment_of(fact)
    is_signed = not unsigned_by(signed_by, fact.signers)
    return is_signed and moment is not None and moment <= now + SKEW


def _newest(facts: list[Fact]) -> tuple[Fact, ...]:
    there = [x for x in facts if _status(x) == "deployed" and not _taken_out(x, facts)]
    undated = [fact for fact in there if moment_of(fact) is None]
    dated = [moment for fact in there if (moment := moment_of(fact)) is not None]
    last = max(dated, default=None)
    return (*undated, *(fact for fact in there if last is not None and moment_of(fact) == last))


def _taken_out(deployed: Fact, facts: list[Fact]) -> bool:
    """Whether the same image was taken out of the place after it was put in."""
    since = moment_of(deployed)
    for fact in facts:
        moment = moment_of(fact)
        if _status(fact) != "removed" or moment is None or since is None or moment <= since:
            continue
        if _image(fact) == _image(deployed):
            return True
    return False


def _status(fact: Fact) -> str:
    return fact.document.status if isinstance(fact.document, Deployment) else ""


def _image(fact: Fact) -> str:
    return fact.document.image if isinstance(fact.document, Deployment) else ""


def _places(wanted: Requirement, running: Mapping[_Place, tuple[Fact, ...]]) -> list[_Place]:
    """Return the places that must be past the release, by the policy or by what is known.

    A place that the policy names and nobody speaks of is among them, and so is an environment.
    """
    asked = wanted.contracts
    names = asked.environments if asked else ()
    services = asked.services if asked else ()
    known = {place for place in running if not services or place.service in services}
    environments = names or tuple(dict.fromkeys(place.environment for place in running))
    found: dict[_Place, None] = {}
    for environment in sorted(environments):
        here = sorted(p.service for p in known if p.environment == environment)
        for service in sorted(services) or here or [""]:
            found[_Place(environment, service)] = None
    return list(found)


def _at(
    contract: Contract,
    place: _Place,
    facts: tuple[Fact, ...],
    ran: Ran,
    now: datetime,
    signed_by: SignerLists,
) -> Iterator[Reason]:
    if not facts:
        yield _unknown(contract, f"and no record says what runs as {place}", place.environment)
    for fact in facts:
        document, moment = fact.document, moment_of(fact)
        if not isinstance(document, Deployment):
            continue
        if moment is None or moment > now + SKEW:
            what = f"and the deployment of {place} was recorded at no time that can be"
            yield _unknown(contract, what, place.environment, fact)
        elif not _is_believed(fact, now, signed_by):
            missing = signers_told(unsigned_by(signed_by, fact.signers))
            what = f"and the deployment of {place} is not signed by {missing}"
            yield _unknown(contract, what, place.environment, fact)
        elif not document.commit:
            what = f"and the deployment of {place} does not say from which commit it was built"
            yield _unknown(contract, what, place.environment, fact)
        else:
            yield _held(contract, place, document.commit, ran)


def _held(contract: Contract, place: _Place, commit: str, ran: Ran) -> Reason:
    pair = (contract.commit, commit)
    runs = f"{place} runs {commit[:12]}"
    match ran.contains.get(pair):
        case True:
            return yes(f"{runs}, which contains {contract.release}: {_gone(contract)}")
        case False:
            return no(
                f"{_waits(contract)}, and {runs}, which does not contain it",
                where=contract.where,
                remedy=f"deploy {contract.release} or a later release to {place.environment} "
                "first; then ask again",
            )
        case None:
            why = ran.untold.get(pair, "nobody has asked git")
            return cannot_tell(
                f"{_waits(contract)}, and {runs}, of which nobody can tell: {why}",
                where=contract.where,
                remedy="run `cdkit check-gate` in a checkout with the whole history (`git fetch "
                "--unshallow --tags`); where other repositories deploy there too, name yours in "
                "the policy: `contracts: {services: […]}`",
            )


def _unknown(contract: Contract, what: str, environment: str, fact: Fact | None = None) -> Reason:
    return cannot_tell(
        f"{_waits(contract)}, {what}",
        where=Location(path=fact.where) if fact else contract.where,
        remedy=f"record what runs there: {_RECORD.format(environment)}",
    )


def _waits(contract: Contract) -> str:
    return f"migrations: {_gone(contract)} once {contract.release} is all that runs"


def _gone(contract: Contract) -> str:
    more = f" and {len(contract.objects) - 3} more" if len(contract.objects) > 3 else ""
    return f"{', '.join(contract.objects[:3])}{more} may go"
