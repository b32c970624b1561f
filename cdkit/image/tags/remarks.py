"""What people should see and know of an image that was named."""

from cdkit.core.digest import Digest
from cdkit.core.oci.image import Image
from cdkit.core.step import Table
from cdkit.core.world import Head
from cdkit.image.identity import contradicted


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
