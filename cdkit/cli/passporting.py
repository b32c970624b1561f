"""Gathering what a passport shows: the image's facts, where it runs, the releases before."""

from datetime import datetime

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.kinds import Deployment, Identity
from cdkit.core.doors.clock import stamp
from cdkit.core.world import World
from cdkit.evidence.store import Store, open_store
from cdkit.report.passport.known import Earlier, Known
from cdkit.steps.deployed import moment_of, newest

_MOST = 200
"""Releases before that are drawn."""


def passport_of(image: str, key: str, records: str, world: World) -> Known:
    """Return all that the records know of an image; unreadable ones are told, and shown.

    Raises CannotTell where the store cannot be read at all.
    """
    store = open_store(records, world)
    about = _whole(key, store)
    told = store.deployments()
    runs = newest(told.facts, world.replay, ()).deployments
    return Known(
        image=image,
        key=key,
        at=stamp(world.clock.now()),
        facts=about.facts,
        runs_in=tuple(one for one in runs if one.image.endswith(f"@{key}")),
        earlier=_earlier(image, key, told, store),
        unreadable=tuple(dict.fromkeys((*about.unreadable, *told.unreadable))),
    )


def _whole(key: str, store: Store) -> Collected:
    """Read the facts about an image, and about the source and platforms that it names."""
    found = store.about(frozenset({key}))
    related: set[str] = set()
    for fact in found.facts:
        document = fact.document
        if isinstance(document, Identity) and document.digest == key:
            related |= {part.digest for part in document.platforms}
            if document.tree and not document.origin.dirty:
                related.add(f"gitTree:{document.tree}")
    related.discard(key)
    return found.joined(store.about(frozenset(related))) if related else found


def _earlier(image: str, key: str, told: Collected, store: Store) -> tuple[Earlier, ...]:
    """Return the releases of this repository that were deployed anywhere before, oldest first."""
    repository = image.rpartition("@")[0]
    first: dict[str, datetime] = {}
    for fact in told.facts:
        document, moment = fact.document, moment_of(fact.document.origin.recorded_at)
        if not isinstance(document, Deployment) or document.status != "deployed" or moment is None:
            continue
        name, _, digest = document.image.rpartition("@")
        if name == repository and digest != key and document.origin.replay is None:
            first[digest] = min(first.get(digest, moment), moment)
    mine = [
        moment
        for fact in told.facts
        if isinstance(fact.document, Deployment) and fact.document.image.endswith(f"@{key}")
        if (moment := moment_of(fact.document.origin.recorded_at)) is not None
    ]
    before = [each for each in first.items() if not mine or each[1] <= min(mine)]
    last = sorted(before, key=lambda each: each[1])[-_MOST:]
    return tuple(
        Earlier(key=digest, deployed_at=stamp(moment), facts=_whole(digest, store).facts)
        for digest, moment in last
    )
