"""The identity of an image: the document that says what exactly is shipped."""

from cdkit.core.documents.document import Origin
from cdkit.core.documents.kinds import Identity, Platform
from cdkit.core.oci.image import Image
from cdkit.core.oci.reference import Reference
from cdkit.core.subject import Subject
from cdkit.image.tags.labels import BASE_DIGEST, BASE_NAME, PREFIX, REVISION
from cdkit.image.tags.parent import Parent


def identify(
    repository: Reference,
    image: Image,
    *,
    tags: tuple[str, ...],
    origin: Origin,
    source: Subject | None,
    parent: Parent | None = None,
) -> Identity:
    """Return the identity of an image whose bytes were seen, in a layout or a registry.

    The source is only claimed where no platform says otherwise in its revision label. Of its base
    counts what the image says itself, then what is given as `parent`.
    """
    labels, annotations = _said(image)
    base = _base({**labels, **annotations}, parent)
    claimed = source.digest if source and not contradicted(image, source.digest) else {}
    return Identity(
        origin=origin,
        image=f"{repository.name}@{image.digest}",
        repository=repository.name,
        digest=str(image.digest),
        media_type=image.media_type,
        platforms=platforms_of(image),
        tags=tags,
        reference=f"{repository.name}:{tags[0]}" if tags else "",
        labels=labels,
        annotations=annotations,
        base_name=base.name,
        base_digest=base.digest,
        commit=claimed.get("gitCommit", ""),
        tree=claimed.get("gitTree", ""),
    )


def _said(image: Image) -> tuple[dict[str, str], dict[str, str]]:
    """Return labels and annotations of the first platform, as far as the OCI names them."""
    part = image.platforms[0]
    said = part.config.labels, part.manifest.annotations or {}
    labels, annotations = (
        {name: text for name, text in pairs.items() if name.startswith(PREFIX)} for pairs in said
    )
    return labels, annotations


def _base(said: dict[str, str], parent: Parent | None) -> Parent:
    """Return the base of one source, never the name of one with the digest of another."""
    if said.get(BASE_NAME) or said.get(BASE_DIGEST):
        return Parent(name=said.get(BASE_NAME, ""), digest=said.get(BASE_DIGEST, ""))
    return parent or Parent()


def platforms_of(image: Image) -> tuple[Platform, ...]:
    """Return the platforms of an image as documents name them."""
    return tuple(
        Platform(
            platform=part.platform,
            digest=str(part.digest),
            config_digest=str(part.config_digest),
        )
        for part in image.platforms
    )


def contradicted(image: Image, source: dict[str, str]) -> bool:
    """Whether any platform of an image says that it was built from another commit than this."""
    return any(contradicts(part.config.labels, source) for part in image.platforms)


def contradicts(labels: dict[str, str], source: dict[str, str]) -> bool:
    """Whether labels say that an image was built from another commit than this."""
    revision = labels.get(REVISION, "")
    commit = source.get("gitCommit", "")
    return bool(revision and commit and not commit.startswith(revision))
