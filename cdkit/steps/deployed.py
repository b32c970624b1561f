"""Which images run in an environment, by the newest fact about each service."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from cdkit.core.documents.document import Replay
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Deployment
from cdkit.core.verdict import Reason
from cdkit.core.world import World


class Deployed(Struct, frozen=True, kw_only=True):
    """What runs in an environment: the last deployment of each service.

    `replayed` counts deployments that were only replayed, which do not count; `unreadable` are
    records that may have said anything.
    """

    deployments: tuple[Deployment, ...] = ()
    replayed: int = 0
    unreadable: tuple[Reason, ...] = ()


def deployed_in(environment: str, records: str, world: World) -> Deployed:
    """Return what runs in an environment by the records."""
    from cdkit.evidence.store import open_store

    told = open_store(records, world).environment(environment)
    return newest(told.facts, world.replay, told.unreadable)


def deployed_anywhere(records: str, world: World) -> Deployed:
    """Return what runs in every environment by the records."""
    from cdkit.evidence.store import open_store

    told = open_store(records, world).deployments()
    return newest(told.facts, world.replay, told.unreadable)


def newest(
    facts: Iterable[Fact], replay: Replay | None, unreadable: tuple[Reason, ...]
) -> Deployed:
    """Return the last deployment of each service in each environment; facts come oldest first.

    One whose image was taken out later runs no more.
    """
    last: dict[tuple[str, str], Deployment] = {}
    replayed = 0
    for fact in facts:
        document = fact.document
        if not isinstance(document, Deployment):
            continue
        if document.origin.replay is not None and document.origin.replay != replay:
            replayed += document.status == "deployed"
            continue
        place = (document.environment, document.service)
        if document.status == "deployed":
            last[place] = document
        elif document.status == "removed" and place in last and last[place].image == document.image:
            del last[place]
    return Deployed(
        deployments=tuple(last[place] for place in sorted(last)),
        replayed=replayed,
        unreadable=unreadable,
    )


def moment_of(text: str) -> datetime | None:
    """Return a document's own time; None where it has none with a zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
