"""The identity of an image: the document that says what exactly is shipped."""

from datetime import datetime

from cdkit.core.context import BuildContext
from cdkit.core.documents.document import Origin
from cdkit.core.documents.kinds import Identity, Platform
from cdkit.core.doors.clock import stamp
from cdkit.core.oci.image import Image
from cdkit.core.oci.reference import Reference
from cdkit.core.subject import Subject

_PREFIX = "org.opencontainers.image."
REVISION = f"{_PREFIX}revision"


def identify(
    repository: Reference,
    image: Image,
    *,
    tags: tuple[str, ...],
    origin: Origin,
    source: Subject | None,
) -> Identity:
    """Return the identity of an image whose bytes were seen, in a layout or a registry.

    The source is only claimed where no platform says otherwise in its revision label.
    """
    labels = image.platforms[0].config.labels
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
        labels={name: text for name, text in labels.items() if name.startswith(_PREFIX)},
        commit=claimed.get("gitCommit", ""),
        tree=claimed.get("gitTree", ""),
    )


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


def build_labels(
    context: BuildContext, *, commit: str, version: str, created: datetime, url: str
) -> dict[str, str]:
    """Return the labels to build an image with (OCI image-spec, annotations.md).

    They are created (RFC 3339), revision, source, url (of the run), version; empty ones are left
    out.
    """
    labels = {
        "created": stamp(created),
        "revision": commit,
        "source": context.repository_url or url,
        "url": context.url,
        "version": version,
    }
    return {f"{_PREFIX}{name}": text for name, text in labels.items() if text}
