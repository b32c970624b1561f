"""Which earlier events an event came from, by the facts that they left where this run can read.

A deployment came from its artifact, known by its digest; an artifact from the merge of the commit
that it was made of. A link only helps: what keeps one from being found is a note, and none is ever
made up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from msgspec import Struct

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Announcement
from cdkit.core.errors import CannotTell, CdkitError
from cdkit.core.oci.reference import Reference
from cdkit.core.secret import Secret
from cdkit.core.subject import is_commit
from cdkit.core.world import MIB, Clock, Http, Response, World
from cdkit.events.formats import is_uuid
from cdkit.events.shapes import EventType
from cdkit.steps.event_facts import ARTIFACT, CHANGED

_NO_RECORDS = "none"
_LONGEST = 5.0
"""Seconds that looking may take where records are far: the event is kept after that, not before."""


class Earlier(Struct, frozen=True, kw_only=True):
    """Links to earlier events, as the option `links` has them, and what people should know.

    `chain` is the one that the artifact's event belongs to, which its deployments belong to too.
    """

    links: tuple[str, ...] = ()
    chain: str = ""
    notes: tuple[str, ...] = ()


def earlier_of(
    kind: EventType, reference: Reference | None, commit: str, records: str, world: World
) -> Earlier:
    """Return the links of an event to those before it; none where the records know of none.

    Place after place is asked until one knows, so that what lies on this machine costs no request.
    """
    relation, key = _wanted(kind, reference, commit)
    if not relation or records == _NO_RECORDS:
        return Earlier()
    notes: list[str] = []
    brief = replace(world, http=_Brief(world.http, world.clock))
    for place in records.split(","):
        found = _announced(place.strip(), key, relation, brief, notes)
        if last := max(found, key=lambda one: _order(one, reference, world), default=None):
            chain = last.chain if relation == "ARTIFACT" and is_uuid(last.chain) else ""
            return Earlier(links=(f"{relation}={last.event}",), chain=chain)
    return Earlier(notes=tuple(notes))


class _Brief:
    """HTTP that ends: all that is asked together takes `_LONGEST` seconds at the most."""

    def __init__(self, http: Http, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._end = clock.monotonic() + _LONGEST

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        body: bytes = b"",
        timeout: float = 30,
        limit: int = 8 * MIB,
    ) -> Response:
        """Send a request while there is time; raises CannotTell where there is none."""
        left = self._end - self._clock.monotonic()
        if left <= 0:
            raise CannotTell(f"{_LONGEST:g} s were over", remedy="give --link, where one is known")
        return self._http.request(
            method, url, headers=headers, body=body, timeout=min(timeout, left), limit=limit
        )


def _wanted(kind: EventType, reference: Reference | None, commit: str) -> tuple[str, str]:
    """Return the kind of the relation, and the digest that the earlier event is known by."""
    if kind.family != "cdevents":
        return "", ""
    if kind.subject == "service" and reference is not None:
        return "ARTIFACT", str(reference.digest)
    if kind.short in ARTIFACT and is_commit(commit):
        return "CHANGE", f"gitCommit:{commit}"
    return "", ""


def _announced(
    place: str, key: str, relation: str, world: World, notes: list[str]
) -> list[Announcement]:
    """Return what one place knows to have been announced of a digest."""
    from cdkit.evidence.store import open_store

    try:
        told = open_store(place, world).about(frozenset({key}))
    except CdkitError as fault:
        notes.append(f"not linked to the event of its {relation.lower()}: {fault}")
        return []
    wanted = ARTIFACT if relation == "ARTIFACT" else (CHANGED,)
    found = [one for one in _counting(told.facts, world) if one.type in wanted]
    if told.unreadable and not found:
        why = told.unreadable[0].what
        notes.append(f"not linked to the event of its {relation.lower()}, as far as one is: {why}")
    return found


def _counting(facts: Iterable[Fact], world: World) -> Iterable[Announcement]:
    """Yield announcements of this world; an id that is none of ours links to nothing."""
    for fact in facts:
        document = fact.document
        if not isinstance(document, Announcement) or not is_uuid(document.event):
            continue
        if document.origin.replay in {None, world.replay}:
            yield document


def _order(one: Announcement, reference: Reference | None, world: World) -> tuple[object, ...]:
    """Return what the event that this one came from is the greatest of.

    An event of the same repository's image, then of the same run, then that it was published
    rather than packaged, then the newest. Of the same second, the id decides.
    """
    origin, context = one.origin, world.context
    is_here = bool(context.run) and (origin.system, origin.run) == (context.system, context.run)
    rank = ARTIFACT.index(one.type) if one.type in ARTIFACT else 0
    is_same = reference is not None and one.image == reference.pinned
    return (is_same, is_here, -rank, origin.recorded_at, one.event)
