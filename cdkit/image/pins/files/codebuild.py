"""AWS CodeBuild: the build environments that a batch in a buildspec asks for.

Nothing else in a buildspec names an image: a build's own environment is the project's.
"""

from collections.abc import Iterator

import yaml

from cdkit.image.pins.bare import bare
from cdkit.image.pins.document import Document
from cdkit.image.pins.tree import get, items, scalar
from cdkit.image.pins.use import FileFormat, Use

_CURATED = "aws/codebuild/"


def claims(document: Document) -> bool:
    """Whether it is a buildspec with a batch."""
    return get(document.root, "batch") is not None


def find(document: Document) -> Iterator[Use]:
    """Yield the images of all tasks of a batch but CodeBuild's own, which no registry has.

    The API reference of ProjectEnvironment gives `repository:tag` or `repository@digest`.
    """
    for node in _images(get(document.root, "batch")):
        if not scalar(node).startswith(_CURATED):
            yield from bare(document.source, node)


def _images(batch: yaml.Node | None) -> Iterator[yaml.Node | None]:
    for key in ("build-graph", "build-list"):
        for task in items(get(batch, key)):
            yield get(task, "env", "image")
    for key in ("static", "dynamic"):
        node = get(batch, "build-matrix", key, "env", "image")
        yield node
        yield from items(node)


FORMAT = FileFormat(
    name="codebuild",
    title="AWS CodeBuild buildspecs",
    known_by="`buildspec*.yml`, a folder `buildspecs/`",
    syntax="tree",
    paths=(r"buildspec[^/]*\.ya?ml", r"(?:^|/)\.?buildspecs?/.+\.ya?ml"),
    certain=(r"(?:^|/)buildspec[^/]*\.ya?ml",),
    needles=(b"batch", b"image"),
    claims=claims,
    find=find,
    source="https://docs.aws.amazon.com/codebuild/latest/userguide/batch-build-buildspec.html",
)
