"""What a registry holds under a tag, compared with the digest that should be there."""

from msgspec import Struct

from cdkit.core.digest import Digest
from cdkit.core.errors import CannotTell
from cdkit.core.finding import Location
from cdkit.core.oci.image import Image, assemble
from cdkit.core.oci.reference import Reference, pin
from cdkit.core.oci.registry import Found, Registry
from cdkit.core.verdict import Reason, no, yes

PUSH, REUSE, REFUSE = "push", "reuse", "refuse"
_LONGEST_LABEL = 100
_CREATED = "org.opencontainers.image.created"
_REVISION = "org.opencontainers.image.revision"
_OWN_TAG = "push under a tag that no other build has: `cdkit tag-image` makes one"


class Held(Struct, frozen=True, kw_only=True):
    """What was found of one tag: the digest that it names, and the image if it is the right one.

    `action` is what a push may do about it: `push`, `reuse` or `refuse`; empty where nobody knows.
    """

    reference: Reference
    reason: Reason
    digest: Digest | None = None
    image: Image | None = None
    action: str = ""


def after_push(reference: Reference, pushed: Digest, registry: Registry) -> Held:
    """Say whether a tag still names what was pushed: the manifest is read, and hashed here.

    Whatever is no clear answer is "cannot tell", as a reason.
    """
    where = Location(path=str(reference))
    try:
        found = registry.manifest(reference)
        if found is None:
            reason = no(
                f"names nothing: the registry does not know the tag, and {pushed} was to be pushed",
                where=where,
                remedy="push it under this tag; a build without `--push` leaves it on the machine",
            )
            return Held(reference=reference, reason=reason)
        if not pushed.matches(found.data):
            reason = _otherwise(reference, pushed, found, registry, where)
            return Held(reference=reference, reason=reason, digest=found.digest)
        image = _image(reference, pushed, found, registry)
    except CannotTell as fault:
        return Held(reference=reference, reason=_unclear(fault, where))
    reason = yes(f"names {pushed}, which was pushed", where)
    return Held(reference=reference, reason=reason, digest=pushed, image=image)


def before_push(reference: Reference, coming: Digest | None, registry: Registry) -> Held:
    """Say whether a tag is free for what is to be pushed, or names it already.

    Between this answer and the push somebody else may push: `after_push` finds that out.
    """
    where = Location(path=str(reference))
    try:
        found = registry.manifest(reference)
        if found is None:
            return Held(reference=reference, reason=yes("is free", where), action=PUSH)
        if coming is None or not coming.matches(found.data):
            reason = _taken(reference, coming, found, registry, where)
            return Held(reference=reference, reason=reason, digest=found.digest, action=REFUSE)
        image = _image(reference, coming, found, registry)
    except CannotTell as fault:
        return Held(reference=reference, reason=_unclear(fault, where))
    reason = yes(f"names {coming} already: there is nothing to push", where)
    return Held(reference=reference, reason=reason, digest=coming, image=image, action=REUSE)


def _image(reference: Reference, digest: Digest, found: Found, registry: Registry) -> Image:
    return assemble(
        found.data,
        media_type=found.media_type,
        digest=digest,
        fetch=lambda descriptor: registry.blob(reference, descriptor),
        where=str(reference),
    )


def _taken(
    reference: Reference, coming: Digest | None, found: Found, registry: Registry, where: Location
) -> Reason:
    image = _parsed(reference, found, registry)
    there = f"is taken: it names {found.digest}{_told(image)}"
    if coming is None:
        return no(
            f"{there}, and a push would move it",
            where=where,
            remedy=f"{_OWN_TAG}; or say what is to be pushed, by `digest` or `layout`: the same "
            "image again is let through",
        )
    what = _part(image, coming, found)
    return no(
        f"{there}, and not {coming}" + (f", which is {what}" if what else ""),
        where=where,
        remedy=f"{_OWN_TAG}; where this very commit was built before, take {found.digest} as it is",
    )


def _otherwise(
    reference: Reference, pushed: Digest, found: Found, registry: Registry, where: Location
) -> Reason:
    """Explain why a tag names another digest, and say what to do about it.

    The answer is no already. So what cannot be found out here is left out of the words, and
    changes nothing else.
    """
    image = _parsed(reference, found, registry)
    there = f"names {found.digest}{_told(image)}, and not {pushed}"
    if what := _part(image, pushed, found):
        remedy = f"give {found.digest}, if that is the digest that your push printed"
        return no(f"{there}, which is {what}", where=where, remedy=remedy)
    what, remedy = _whereabouts(reference, pushed, found, registry)
    return no(f"{there}{what}", where=where, remedy=f"{remedy}; {_OWN_TAG}")


def _whereabouts(
    reference: Reference, pushed: Digest, found: Found, registry: Registry
) -> tuple[str, str]:
    """Say what became of a digest that a tag does not name, and what to look into."""
    try:
        known = registry.manifest(pin(reference, pushed))
    except CannotTell:
        return "", "give the digest that the push printed"
    if known is None:
        what = ", which the registry does not have at all"
        return what, "give the digest that the push printed: no image ID, and no other build's"
    if str(found.digest).encode() in known.data:
        what = ", which was pushed and is the index that holds it: somebody moved the tag since"
        return what, "tag the index again"
    what = ", which was pushed: somebody moved the tag since, or pushed at the same time"
    return what, "find out who else pushes this tag"


def _parsed(reference: Reference, found: Found, registry: Registry) -> Image | None:
    """Return the image under a tag, for words alone: None where it cannot be read."""
    try:
        return _image(reference, found.digest, found, registry)
    except CannotTell:
        return None


def _part(image: Image | None, digest: Digest, found: Found) -> str:
    """Say which part of the image under a tag a digest is of; empty where of none."""
    for part in image.platforms if image else ():
        if part.config_digest == digest:
            return f"the image ID of {part.platform} in it (its config), no digest of an image"
        if part.digest == digest and digest != found.digest:
            return f"the manifest of {part.platform} alone in that index"
    return ""


def _told(image: Image | None) -> str:
    """Say since when and from what, where the labels of the image under a tag tell."""
    labels = image.platforms[0].config.labels if image else {}
    told = [
        f"{word} {' '.join(labels[name].split())[:_LONGEST_LABEL]}"
        for word, name in (("created", _CREATED), ("of revision", _REVISION))
        if labels.get(name)
    ]
    return f" ({', '.join(told)})" if told else ""


def _unclear(fault: CannotTell, where: Location) -> Reason:
    reason = fault.reason()
    return (
        reason
        if reason.where
        else Reason(answer=reason.answer, what=reason.what, where=where, remedy=reason.remedy)
    )
