"""Gathers all that the records know of one image: its facts, where it ran, the releases before."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from cdkit.core.digest import Digest
from cdkit.core.documents.collected import Collected
from cdkit.core.documents.dossier import Dossier, Release, Stay
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import (
    Announcement,
    Decision,
    Deployment,
    Evidence,
    Findings,
    Identity,
    Waiver,
)
from cdkit.core.errors import NoInput
from cdkit.core.oci.reference import parse_pinned
from cdkit.core.world import World
from cdkit.evidence.store import Store, open_store
from cdkit.gate.subject import SKEW, Request, known_of, moment_of
from cdkit.steps.measured import Numbers, numbers_of_release, series_of

RELEASES = 200
"""How many releases are looked at; those before them are counted."""


_LEFT: tuple[type[object], ...] = (
    *(Identity, Announcement, Evidence, Findings, Waiver, Decision, Deployment),
)


class _Gathering(NamedTuple):
    """Where facts come from, and which count: those until `at`, in a look back at that time."""

    store: Store
    at: datetime
    back: bool

    def about(self, digest: str, *, image: str = "") -> Collected:
        """Return the facts about an image, its source and its platforms."""
        found = self.store.about(frozenset({digest}))
        seen = self.now(found)
        # What only a replay says of it is followed too: a page about a replay is to be whole.
        worlds = dict.fromkeys((None, *(fact.document.origin.replay for fact in seen.facts)))
        related = frozenset[str]()
        for replay in worlds:
            request = Request(image=image or digest, key=digest, stage="", replay=replay)
            related = related or known_of(request, seen, self.at).related
        return found.joined(self.store.about(related)) if related else found

    def now(self, collected: Collected) -> Collected:
        """Return what was known at that time."""
        if not self.back:
            return collected
        facts = tuple(fact for fact in collected.facts if not self._later(fact))
        return Collected(facts=facts, unreadable=collected.unreadable)

    def _later(self, fact: Fact) -> bool:
        moment = moment_of(fact)
        return moment is not None and moment - self.at > SKEW


def gather(image: str, records: str, world: World) -> Dossier:
    """Gather the dossier of an image (`repository@digest`), or of a bare digest.

    In a replay only what was recorded until its time counts. Raises RequestError where the image
    is named by something that can move, NoInput where no record speaks of it.
    """
    pinned, digest = _named(image)
    at = world.clock.now()
    source = _Gathering(open_store(records, world), at, world.replay is not None)
    told = source.about(digest, image=pinned)
    now = source.now(told)
    deployed = source.store.deployments()
    placed = source.now(deployed)
    facts = tuple(sorted(now.facts, key=_by_time))
    if not facts and not told.unreadable:
        until = ", until the time that --at names" if told.facts else ""
        raise NoInput(
            f"no record speaks of {image[:200]!r}{until}",
            where=records,
            remedy="name an image that `cdkit tag-image` or another step left a fact about, and "
            "the folder with --records",
        )
    identities = _identities(digest, facts)
    dossier = Dossier(
        image=pinned or _image(digest, facts) or digest,
        digest=digest,
        at=at,
        records=records,
        identity=identities[-1] if identities else None,
        others=len({_said(one) for one in identities}) - 1 if identities else 0,
        facts=facts,
        unreadable=tuple(dict.fromkeys((*told.unreadable, *deployed.unreadable))),
        stays=tuple(_stays(digest, placed.facts)),
        replayed=sum(_is_replayed(fact) and _digest(fact) == digest for fact in placed.facts),
        later=len(told.facts) - len(now.facts),
    )
    return _with_releases(dossier, placed.facts, source)


def _named(image: str) -> tuple[str, str]:
    """Return `repository@digest` (empty for a bare digest) and the digest."""
    if "@" not in image and image.partition(":")[0] in {"sha256", "sha384", "sha512"}:
        return "", str(Digest.parse(image, where="image"))
    reference = parse_pinned(image, where="image")
    return reference.pinned, str(reference.digest)


def _by_time(fact: Fact) -> tuple[float, int, str]:
    """Order facts by time; of the same second, what a pipeline leaves first comes first."""
    moment = moment_of(fact)
    kind = type(fact.document)
    rank = _LEFT.index(kind) if kind in _LEFT else len(_LEFT)
    return (moment.timestamp() if moment else 0.0, rank, fact.digest)


def _identities(digest: str, facts: Iterable[Fact]) -> list[Identity]:
    """Return what says which image it is: what a replay says only where nothing else does."""
    found = [
        fact.document
        for fact in facts
        if isinstance(fact.document, Identity) and fact.document.digest == digest
    ]
    return [one for one in found if one.origin.replay is None] or found


def _image(digest: str, facts: tuple[Fact, ...]) -> str:
    """Return the name that the newest fact gives to a digest; empty where none does."""
    for fact in facts[::-1]:
        document = fact.document
        if isinstance(document, Identity | Decision | Deployment):
            repository, _, its = document.image.rpartition("@")
            if repository and its == digest:
                return document.image
    return ""


def _said(one: Identity) -> tuple[object, ...]:
    return (one.image, one.platforms, one.commit, one.tree, one.base_digest)


def _digest(fact: Fact) -> str:
    return fact.document.image.rpartition("@")[2] if isinstance(fact.document, Deployment) else ""


def _is_replayed(fact: Fact) -> bool:
    return fact.document.origin.replay is not None


def _stays(digest: str, facts: Iterable[Fact]) -> Iterator[Stay]:
    """Yield each time that this image ran somewhere; deployment facts come oldest first."""
    places: dict[tuple[str, str], list[tuple[Fact, Deployment]]] = {}
    for fact in facts:
        if isinstance(fact.document, Deployment) and not _is_replayed(fact):
            place = (fact.document.environment, fact.document.service)
            places.setdefault(place, []).append((fact, fact.document))
    found = [stay for place in places.values() for stay in _stays_in(digest, place)]
    yield from sorted(found, key=lambda stay: (stay.deployment.origin.recorded_at, stay.fact))


def _stays_in(digest: str, events: Iterable[tuple[Fact, Deployment]]) -> Iterator[Stay]:
    """Yield the stays in one place: another deployment ends one, the same image again does not."""
    runs, begun = "", None
    for fact, event in events:
        mine = _digest(fact) == digest
        if event.status == "deployed":
            if begun is not None and not mine:
                yield _ended(begun, event, event.image)
                begun = None
            elif begun is None and mine:
                begun = Stay(deployment=event, fact=fact.digest, before=runs)
            runs = event.image
        elif event.status == "removed" and event.image == runs:
            if begun is not None:
                yield _ended(begun, event, "")
            runs, begun = "", None
    if begun is not None:
        yield begun


def _ended(stay: Stay, event: Deployment, after: str) -> Stay:
    return Stay(
        deployment=stay.deployment,
        fact=stay.fact,
        before=stay.before,
        until=event.origin.recorded_at,
        after=after,
    )


def _with_releases(dossier: Dossier, facts: Iterable[Fact], source: _Gathering) -> Dossier:
    """Add the releases of the same repository, and the numbers that their facts hold."""
    import msgspec

    repository = dossier.image.rpartition("@")[0]
    found = _releases(repository, dossier, facts)
    start, end = _window([release.image for release in found].index(dossier.image), len(found))
    shown = found[start:end]
    unreadable = list(dossier.unreadable)
    numbers: list[Numbers] = []
    for release in shown:
        digest = release.image.rpartition("@")[2]
        if digest == dossier.digest:
            numbers.append(numbers_of_release(dossier.facts))
            continue
        told = source.about(digest)
        unreadable += told.unreadable
        numbers.append(numbers_of_release(source.now(told).facts))
    return msgspec.structs.replace(
        dossier,
        releases=tuple(shown),
        earlier=start,
        newer=len(found) - end,
        series=series_of(numbers),
        unreadable=tuple(dict.fromkeys(unreadable)),
    )


def _window(place: int, count: int) -> tuple[int, int]:
    """Return where the releases that are looked at begin and end.

    They are the last ones; of an image that is older than those, the last ones up to it.
    """
    end = count if count - place <= RELEASES else place + 1
    return max(0, end - RELEASES), end


def _releases(repository: str, dossier: Dossier, facts: Iterable[Fact]) -> list[Release]:
    """Return the releases by their first deployment; this image comes last if it had none."""
    first: dict[str, str] = {}
    places: dict[str, dict[str, None]] = {}
    for fact in facts:
        event = fact.document
        if not isinstance(event, Deployment) or event.status != "deployed" or _is_replayed(fact):
            continue
        if event.image.rpartition("@")[0] == repository and repository:
            first.setdefault(event.image, event.origin.recorded_at)
            places.setdefault(event.image, {})[event.environment] = None
    found = [
        Release(image=image, at=at, environments=tuple(places[image]))
        for image, at in first.items()
    ]
    if dossier.image not in first:
        found.append(Release(image=dossier.image))
    return found
