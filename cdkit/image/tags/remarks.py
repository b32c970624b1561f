"""What people should see and know of an image that was named."""

from collections.abc import Iterator, Mapping

from cdkit.core.digest import Digest
from cdkit.core.oci.image import Image
from cdkit.core.step import Table
from cdkit.core.world import Head
from cdkit.image.identity import contradicted
from cdkit.image.tags.naming import Request


def tables_of(image: Image | None) -> tuple[Table, ...]:
    """Return the table of an image's digests, one platform a row; none without an image."""
    if image is None:
        return ()
    rows = tuple(
        (part.platform, str(part.digest), str(part.config_digest)) for part in image.platforms
    )
    columns = ("Platform", "Manifest", "Config (image ID)")
    return (Table(heading=f"Digest {image.digest}", columns=columns, rows=rows),)


def remarks(
    image: Image | None, digest: Digest | None, head: Head | None, *, platform: str
) -> tuple[str, ...]:
    """Return what was assumed and left out: of the digest, of the source, of the platform."""
    notes: list[str] = []
    if digest is None:
        notes.append("There is no digest yet: build and push, then name the image by its digest.")
    if head and head.dirty:
        notes.append("The working tree holds changes: no commit is claimed as the source.")
    if head and head.untracked:
        notes.append("Beside the commit stand files that git does not know: is one in the image?")
    if head and image and contradicted(image, {"gitCommit": head.commit}):
        notes.append(
            "The image's revision label names another commit than the one checked out: "
            "that commit is not claimed as its source."
        )
    if image and image.is_index and not platform:
        notes.append("The digest is that of the index; each platform has one of its own.")
    return tuple(notes)


def unread(environ: Mapping[str, str], request: Request) -> tuple[str, ...]:
    """Say what to write for the variables of docker/metadata-action, which nothing here reads.

    Only those are told that would have given another result (its README, "environment variables").
    """
    return tuple(
        f"{name} is a variable of docker/metadata-action, which is not read here: write {instead}."
        for name, instead in _unread(environ, request)
    )


def _unread(environ: Mapping[str, str], request: Request) -> Iterator[tuple[str, str]]:
    prefix = "DOCKER_METADATA_"
    head = environ.get(f"{prefix}PR_HEAD_SHA", "")
    if "true" in head.lower() and request.pull_request_commit != "head":
        yield f"{prefix}PR_HEAD_SHA", "pull-request-commit: head"
    length = environ.get(f"{prefix}SHORT_SHA_LENGTH", "")
    if length and length != str(request.short_sha_length):
        yield f"{prefix}SHORT_SHA_LENGTH", f"short-sha-length: {length[:80]}"
    levels = environ.get(f"{prefix}ANNOTATIONS_LEVELS", "")
    if levels and levels != ",".join(request.annotation_levels):
        yield f"{prefix}ANNOTATIONS_LEVELS", f"annotation-levels: {levels[:80]}"
