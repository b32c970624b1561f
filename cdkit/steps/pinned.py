"""The image that an option names, by its digest."""

from cdkit.core.errors import RequestError
from cdkit.core.oci.reference import Reference, parse_pinned
from cdkit.core.subject import Subject, image_subject


def pinned_image(text: str) -> tuple[Reference, str, Subject]:
    """Return an image's reference, its digest (`sha256:…`), and the subject that it is.

    Raises RequestError where none is named, or one without a digest.
    """
    if not text:
        raise RequestError(
            "no image is named",
            where="image",
            remedy="give --image repository@sha256:…, as `cdkit tag-image` prints it",
        )
    reference = parse_pinned(text, where="image")
    if reference.digest is None:
        raise RequestError("carries no digest", where="image", remedy="write repository@sha256:…")
    return reference, str(reference.digest), image_subject(reference.name, reference.digest)
