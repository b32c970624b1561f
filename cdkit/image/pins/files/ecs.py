"""Amazon ECS: task definitions, as they are registered and as they are described."""

from collections.abc import Iterator

import yaml

from cdkit.image.pins import templated
from cdkit.image.pins.document import Document
from cdkit.image.pins.tree import get, image, items, scalar
from cdkit.image.pins.use import FileFormat, Use

_LISTED = ("essential", "portMappings", "memoryReservation", "logConfiguration")
"""What tells a list of container definitions from other lists of things with images."""


def claims(document: Document) -> bool:
    """Whether it is a task definition, bare or in `taskDefinition`, or a list of containers.

    The list is what Terraform's `container_definitions = file(…)` and CloudFormation's includes
    read. A Kubernetes object that holds a task definition is Kubernetes'.
    """
    if document.templated:
        return "containerDefinitions" in document.text and "apiVersion" not in document.text
    if get(document.root, "apiVersion") is not None:
        return False
    containers = list(_containers(document.root))
    if isinstance(document.root, yaml.SequenceNode):
        named = all(scalar(get(one, "name")) and scalar(get(one, "image")) for one in containers)
        return named and any(get(one, key) is not None for one in containers for key in _LISTED)
    return bool(containers)


def find(document: Document) -> Iterator[Use]:
    """Yield the images of all containers: sidecars and log routers are containers like others.

    An image is handed to the container runtime as it is written, and a tag before the digest is
    taken: amazon-ecs-agent issue 4226 shows a task that runs `name:tag@sha256:…`.
    """
    if document.templated:
        yield from templated.images(document.source)
    for container in _containers(document.root):
        yield from image(document.source, get(container, "image"))


def _containers(root: yaml.Node | None) -> Iterator[yaml.Node]:
    yield from items(root)
    for holder in (root, get(root, "taskDefinition")):
        yield from items(get(holder, "containerDefinitions"))


FORMAT = FileFormat(
    name="ecs",
    title="Amazon ECS task definitions",
    known_by="JSON or YAML with `containerDefinitions`; `Dockerrun.aws.json`",
    syntax="tree",
    paths=(r"\.json", r"\.ya?ml"),
    needles=(b"image",),
    any_of=(b"containerDefinitions", *(key.encode() for key in _LISTED)),
    claims=claims,
    find=find,
    source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html",
)
