"""Drone: steps and services of its pipelines."""

import re

from cdkit.image.pins.document import Document
from cdkit.image.pins.steps import has_steps, images
from cdkit.image.pins.tree import get
from cdkit.image.pins.use import FileFormat

_OWN = re.compile(r"(?:^|/)\.drone\.ya?ml$")


def claims(document: Document) -> bool:
    """Whether it is a pipeline; secrets and signatures stand beside pipelines in the same file.

    A file of Drone 0.8 has no kind, and its steps in `pipeline`.
    """
    if _OWN.search(document.path):
        return document.templated or has_steps(document.root)
    return get(document.root, "kind") is not None and has_steps(document.root)


FORMAT = FileFormat(
    name="drone",
    title="Drone",
    known_by="`.drone.yml`, a folder `.drone/`",
    syntax="tree",
    paths=(r"(?:^|/)\.drone\.ya?ml", r"(?:^|/)\.drone/.+\.ya?ml"),
    certain=(r"(?:^|/)\.drone\.ya?ml",),
    needles=(b"image",),
    claims=claims,
    find=images,
    source="https://docs.drone.io/yaml/docker/",
)
