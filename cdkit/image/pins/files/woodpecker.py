"""Woodpecker: steps, services and clone steps of its workflows."""

from cdkit.image.pins.document import Document
from cdkit.image.pins.steps import has_steps, images
from cdkit.image.pins.use import FileFormat


def claims(document: Document) -> bool:
    """Whether it has steps; its place says that it is Woodpecker's."""
    return document.templated or has_steps(document.root)


FORMAT = FileFormat(
    name="woodpecker",
    title="Woodpecker",
    known_by="`.woodpecker.yml`, a folder `.woodpecker/`",
    syntax="tree",
    paths=(r"(?:^|/)\.woodpecker\.ya?ml", r"(?:^|/)\.woodpecker/.+\.ya?ml"),
    certain=(r"(?:^|/)\.woodpecker\.ya?ml",),
    needles=(b"image",),
    claims=claims,
    find=images,
    source="https://woodpecker-ci.org/docs/usage/workflow-syntax",
)
