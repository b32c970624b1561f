"""Dockerfiles and Containerfiles."""

from collections.abc import Iterator

from cdkit.image.pins.dockerfile import has_stage, images
from cdkit.image.pins.document import Document
from cdkit.image.pins.use import FileFormat, Use


def claims(document: Document) -> bool:
    """Whether anything is FROM something: what else is called so (an ignore file) has no such."""
    ignores = document.path.endswith((".dockerignore", ".containerignore"))
    return not ignores and has_stage(document.text)


def find(document: Document) -> Iterator[Use]:
    """Yield the images of all stages."""
    yield from images(document.text)


FORMAT = FileFormat(
    name="dockerfile",
    title="Dockerfiles",
    known_by="`Dockerfile*`, `Containerfile*`, `*.dockerfile`",
    syntax="text",
    paths=(
        r"(?:^|/)(?:[Dd]ockerfile|[Cc]ontainerfile)(?:[._-][^/]*)?",
        r"\.(?:[Dd]ockerfile|[Cc]ontainerfile)",
    ),
    needles=(),
    claims=claims,
    find=find,
    source="https://docs.docker.com/reference/dockerfile/",
)
