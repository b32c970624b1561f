"""Bitbucket Pipelines: build images, services, and pipes that are images."""

from collections.abc import Iterator

import yaml

from cdkit.image.pins import templated
from cdkit.image.pins.document import Document
from cdkit.image.pins.tree import either, get, image, mappings, written
from cdkit.image.pins.use import FileFormat, Use

_DOCKER = "docker://"
_NO_IMAGES = frozenset({"variables", "caches", "artifacts"})


def claims(document: Document) -> bool:
    """Whether it is the file that Bitbucket reads: its name says so."""
    return document.templated or isinstance(document.root, yaml.MappingNode)


def find(document: Document) -> Iterator[Use]:
    """Yield every `image`, a text or a mapping with a name, and every `docker://` pipe.

    `pipe: account/repository:1.2.3` names a tag of a Git repository, whose `pipe.yml` names the
    image: it takes no digest, and is no image.
    """
    if document.templated:
        yield from templated.images(document.source)
        return
    for node in mappings(document.root, _NO_IMAGES):
        yield from image(document.source, either(get(node, "image"), "name"))
        pipe = get(node, "pipe")
        if written(pipe).startswith(_DOCKER):
            yield from image(document.source, pipe, _DOCKER)


FORMAT = FileFormat(
    name="bitbucket",
    title="Bitbucket Pipelines",
    known_by="`bitbucket-pipelines.yml`",
    syntax="tree",
    paths=(r"(?:^|/)bitbucket-pipelines\.ya?ml",),
    certain=(r"(?:^|/)bitbucket-pipelines\.ya?ml",),
    needles=(),
    any_of=(b"image", b"docker:"),
    claims=claims,
    find=find,
    source="https://support.atlassian.com/bitbucket-cloud/docs/docker-image-options/",
)
