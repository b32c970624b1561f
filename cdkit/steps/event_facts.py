"""The facts that an event leaves: what runs where, what failed to, and that it was told of at all.

A deployment that failed leaves one too, with a status of its own: whoever asks what runs somewhere
asks for `deployed` and `removed` alone, and `report-dora` counts what failed.
"""

from collections.abc import Iterator

from msgspec import Struct

from cdkit.core.documents.document import Document
from cdkit.core.documents.kinds import Announcement, Deployment
from cdkit.core.oci.reference import Reference
from cdkit.core.subject import Subject, image_subject, is_commit
from cdkit.core.world import World
from cdkit.events.cdevents import Happening
from cdkit.events.cloudevents import CloudEvent
from cdkit.steps.origin import origin_of

FAILED = "failed"
"""The status of a deployment that was tried, and did not come about."""

CHANGED = "change.merged"
ARTIFACT = ("artifact.published", "artifact.packaged", "artifact.signed")
"""The events that say that there is an artifact, those that a deployment comes from first."""

_STEP = "emit-event"
_STATUS = {
    "service.deployed": "deployed",
    "service.upgraded": "deployed",
    "service.rolledback": "deployed",
    "service.removed": "removed",
}
_GOOD = frozenset({None, "success"})
_BAD = frozenset({"failure", "error"})


class Left(Struct, frozen=True, kw_only=True):
    """A fact, and what it is about."""

    document: Document
    subject: Subject


def fact_left(
    happening: Happening,
    reference: Reference | None,
    commit: str,
    event: CloudEvent,
    world: World,
) -> Left | None:
    """Return the fact that an event leaves; None where it says nothing that is asked for later."""
    kind = happening.kind.short
    if kind in _STATUS and reference is not None:
        return _of_service(happening, reference, commit, event, world)
    if happening.custom.outcome not in _GOOD:
        return None
    announcement = Announcement(
        origin=origin_of(world, _STEP),
        type=kind,
        event=event.id,
        image=(reference.pinned or "") if reference and kind in ARTIFACT else "",
        commit=commit,
        chain=happening.chain_id,
    )
    if kind in ARTIFACT and reference is not None:
        return Left(document=announcement, subject=_image(reference))
    if kind == CHANGED and is_commit(commit):
        subject = Subject(name=world.context.repository, digest={"gitCommit": commit})
        return Left(document=announcement, subject=subject)
    return None


def left_out(happening: Happening, left: Left | None) -> Iterator[str]:
    """Yield why an event that is about what runs somewhere left no fact of it."""
    if happening.kind.short not in _STATUS:
        return
    if left is None:
        why = happening.custom.outcome or "no image is named"
        yield f"no fact of what runs where was left: {why}"
    elif isinstance(left.document, Deployment) and left.document.status == FAILED:
        yield "the fact that was left says that it failed: what ran before counts as running"


def _of_service(
    happening: Happening, reference: Reference, commit: str, event: CloudEvent, world: World
) -> Left | None:
    status = _status(happening)
    if not status:
        return None
    document = Deployment(
        origin=origin_of(world, _STEP),
        image=reference.pinned,
        environment=happening.content["environment"]["id"],
        service=happening.subject,
        status=status,
        commit=commit,
        event=event.id,
        planned=happening.custom.planned,
        rollback=_is_back(happening) or None,
        team=happening.custom.team,
    )
    return Left(document=document, subject=_image(reference))


def _status(happening: Happening) -> str:
    """Return what became of a service; nothing where an attempt was taken back, or left no trace.

    A removal that failed leaves running what ran.
    """
    status, outcome = _STATUS[happening.kind.short], happening.custom.outcome
    if outcome in _GOOD:
        return status
    return FAILED if outcome in _BAD and status == "deployed" else ""


def _is_back(happening: Happening) -> bool:
    return happening.kind.short == "service.rolledback" or bool(happening.custom.rollback_of)


def _image(reference: Reference) -> Subject:
    assert reference.digest is not None  # noqa: S101 - `parse_pinned` saw to it
    return image_subject(reference.name, reference.digest)
