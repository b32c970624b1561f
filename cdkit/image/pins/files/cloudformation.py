"""CloudFormation and SAM templates: what resource types name images by, and their parameters."""

import re
from collections.abc import Iterator, Mapping

import yaml

from cdkit.image.pins import templated
from cdkit.image.pins.document import Document
from cdkit.image.pins.tree import WHOLE, entries, get, items, members, scalar
from cdkit.image.pins.use import FileFormat, Use, refused
from cdkit.image.pins.values import Place, Scope, plain, resolve

_CONTAINERS = ("ContainerDefinitions.[].Image",)
_TASKS = "EcsProperties.TaskProperties.[].Containers.[].Image"
_POD = "EksProperties.PodProperties.Containers.[].Image"
_INIT = "EksProperties.PodProperties.InitContainers.[].Image"
_RANGE = "NodeProperties.NodeRangeProperties.[]."
_BATCH = (_TASKS, _POD, _INIT)
_SPECIFICATION = "InferenceSpecification.Containers.[].Image"

BESIDE: Mapping[str, tuple[str, ...]] = {
    "AWS::ECS::TaskDefinition": _CONTAINERS,
    "AWS::ECS::DaemonTaskDefinition": _CONTAINERS,
    "AWS::ECS::ExpressGatewayService": ("PrimaryContainer.Image",),
    "AWS::BedrockAgentCore::Runtime": ("AgentRuntimeArtifact.ContainerConfiguration.ContainerUri",),
}
"""Paths of images, by resource type, that take a tag and a digest.

ECS hands an image on as it is written (amazon-ecs-agent issue 4226); the schema of
`ContainerUri` has both as optional groups. The types and paths are those of the resource
provider schemas that CloudFormation publishes.
"""

INSTEAD: Mapping[str, tuple[str, ...]] = {
    "AWS::Lambda::Function": ("Code.ImageUri",),
    "AWS::Serverless::Function": ("ImageUri",),
    "AWS::Batch::JobDefinition": (
        "ContainerProperties.Image",
        *_BATCH,
        f"{_RANGE}Container.Image",
        *(f"{_RANGE}{path}" for path in _BATCH),
    ),
    "AWS::SageMaker::Model": ("PrimaryContainer.Image", "Containers.[].Image"),
    "AWS::SageMaker::ModelPackage": (
        _SPECIFICATION,
        "AdditionalInferenceSpecifications.[].Containers.[].Image",
    ),
    "AWS::SageMaker::InferenceComponent": ("Specification.Container.Image",),
    "AWS::SageMaker::DataQualityJobDefinition": ("DataQualityAppSpecification.ImageUri",),
    "AWS::SageMaker::ModelBiasJobDefinition": ("ModelBiasAppSpecification.ImageUri",),
    "AWS::SageMaker::ModelQualityJobDefinition": ("ModelQualityAppSpecification.ImageUri",),
    "AWS::SageMaker::ModelExplainabilityJobDefinition": (
        "ModelExplainabilityAppSpecification.ImageUri",
    ),
    "AWS::SageMaker::MonitoringSchedule": (
        "MonitoringScheduleConfig.MonitoringJobDefinition.MonitoringAppSpecification.ImageUri",
    ),
    "AWS::AppRunner::Service": ("SourceConfiguration.ImageRepository.ImageIdentifier",),
    "AWS::CodeBuild::Project": ("Environment.Image",),
    "AWS::EMRServerless::Application": (
        "ImageConfiguration.ImageUri",
        "WorkerTypeSpecifications.[].ImageConfiguration.ImageUri",
    ),
    "AWS::GameLift::ContainerGroupDefinition": (
        "GameServerContainerDefinition.ImageUri",
        "SupportContainerDefinitions.[].ImageUri",
    ),
}
"""Paths of images, by resource type, that are written with a tag or with a digest.

Lambda refuses both together ("is not valid. Provide a valid source image": serverless issue
8636), the schema of EMR Serverless has them as alternatives, and the API references of the
others name `repository:tag` and `repository@digest` only.
"""

_NO_IMAGE = ("aws/codebuild/", "./", "../")
"""How CodeBuild's own images begin, and the archives that SAM loads."""

_NAME = re.compile(r"\$\{([A-Za-z0-9]+)\}", re.ASCII)
_JOIN, _IF, _SUB, _REF, _MAP = "Fn::Join", "Fn::If", "Fn::Sub", "Ref", "Fn::FindInMap"


def claims(document: Document) -> bool:
    """Whether it is a template: by its version, or by a resource of one of Amazon's types."""
    if document.templated:
        return "Resources" in document.text and "AWS::" in document.text
    root = document.root
    if get(root, "AWSTemplateFormatVersion") is not None:
        return True
    types = (scalar(get(one, "Type")) for _, one in _resources(get(root, "Resources")))
    return any(one.startswith("AWS::") for one in types)


def find(document: Document) -> Iterator[Use]:
    """Yield the images of all resources, those of a parameter or mapping at its value."""
    if document.templated:
        yield from _lines(document)
        return
    scope = Scope(_mentions, document.root)
    for name, parameter in entries(get(document.root, "Parameters")):
        _give(scope, name, parameter)
    _give_mappings(scope, get(document.root, "Mappings"))
    places: list[Place] = []
    for _, resource in _resources(get(document.root, "Resources")):
        kind = scalar(get(resource, "Type"))
        if get(resource, "Metadata", "Dockerfile") is None:  # else `sam build` makes the image
            places += _places(scope, resource, BESIDE.get(kind, ()), bare=False)
            places += _places(scope, resource, INSTEAD.get(kind, ()), bare=True)
    yield from resolve(document, places, _write)


def _lines(document: Document) -> Iterator[Use]:
    """Yield what looks like an image where a template engine makes the template.

    Nothing tells whether a tag may stand beside the digest there, so none is pinned.
    """
    for use in templated.images(document.source, "Image|ImageUri|ImageIdentifier|ContainerUri"):
        if not use.text.startswith(_NO_IMAGE):
            why = "stands in a template that is not read"
            yield refused(use.text, use.start, use.end, why, "write a digest by hand")


def _resources(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    """Yield the resources, those of a `Fn::ForEach` loop too."""
    for name, value in entries(node):
        if name.startswith("Fn::ForEach") and isinstance(value, yaml.SequenceNode):
            yield from entries(value.value[-1] if value.value else None)
        else:
            yield name, value


def _places(
    scope: Scope, resource: yaml.Node, paths: tuple[str, ...], *, bare: bool
) -> Iterator[Place]:
    for path in paths:
        for node in _at(get(resource, "Properties"), path.split(".")):
            yield Place(node=node, scope=scope, bare=bare)


def _at(node: yaml.Node | None, path: list[str]) -> Iterator[yaml.Node]:
    """Yield what stands at a path, in every branch of a condition on the way."""
    for one in _branches(node):
        if not path:
            yield one
        elif path[0] == "[]":
            for item in members(one):
                yield from _at(item, path[1:])
        else:
            yield from _at(get(one, path[0]), path[1:])


def _branches(node: yaml.Node | None) -> Iterator[yaml.Node]:
    waiting = [node]
    seen: set[int] = set()
    while waiting:
        here = waiting.pop()
        if here is None or id(here) in seen:
            continue
        seen.add(id(here))
        name, value = _function(here)
        if name == _IF:
            waiting += list(items(value))[:0:-1]
        else:
            yield here


def _function(node: yaml.Node) -> tuple[str, yaml.Node]:
    """Return the function that a node calls, as `!Sub` or as `Fn::Sub`, and what it is given."""
    if node.tag.startswith("!") and len(node.tag) > 1:
        name = node.tag[1:]
        return (name if name in {_REF, "Condition"} else f"Fn::{name}"), node
    if isinstance(node, yaml.MappingNode) and len(node.value) == 1:
        key, value = node.value[0]
        name = str(key.value)
        if name == _REF or name.startswith("Fn::"):
            return name, value
    return "", node


def _mentions(node: yaml.Node) -> tuple[str, tuple[str, ...]]:
    """Return the parameter or mapping that a node is as a whole, and all that it mentions."""
    name, value = _function(node)
    if name == _REF:
        return _plain(value), (_plain(value),)
    if name == _MAP:
        key = ".".join(scalar(one) for one in list(items(value))[:3:2])
        return key, (key,)
    if name == _SUB:
        text = _text(value)
        names = tuple(_NAME.findall(text))
        alone = isinstance(value, yaml.ScalarNode) and _NAME.fullmatch(text)
        return (names[0] if alone else ""), names
    return "", ()


def _plain(node: yaml.Node) -> str:
    return str(node.value).strip() if isinstance(node, yaml.ScalarNode) else ""


def _text(node: yaml.Node) -> str:
    """Return the text that `Fn::Sub` fills in: all of it, or the first of its list."""
    return _plain(next(items(node), node))


def _give(scope: Scope, name: str, parameter: yaml.Node) -> None:
    """Add the values of a parameter: its default, and what else it allows.

    The default of an SSM parameter is that parameter's name, and no image.
    """
    if scalar(get(parameter, "Type")) != "String":
        return
    limits = [one for one in ("AllowedPattern", "MaxLength") if get(parameter, one) is not None]
    why = f"is a parameter with {limits[0]}, which a digest may not fit" if limits else ""
    for node in (get(parameter, "Default"), *items(get(parameter, "AllowedValues"))):
        scope.give(name, node, why=why)


def _give_mappings(scope: Scope, mappings: yaml.Node | None) -> None:
    """Add the values of mappings, by map and second key: the first is chosen when it is used."""
    looked_up = scope.mentioned(set()) if mappings is not None else set()
    for name, mapping in entries(mappings):
        why = "is looked up by a key that is not known here" if f"{name}." in looked_up else ""
        for _, pairs in entries(mapping):
            for key, value in entries(pairs):
                scope.give(f"{name}.{key}", value, why=why)


def _write(document: Document, place: Place) -> Iterator[Use]:
    """Yield the image of a literal, or of a function that puts one together."""
    text = _say(place.node)
    if text.startswith(_NO_IMAGE) or text in {"", "${AWS::NoValue}"}:
        return
    if scalar(place.node):
        yield from plain(document, place)
        return
    start, end = place.node.start_mark.index, place.node.end_mark.index
    why = "is put together by a function"
    yield refused(text, start, end, why, WHOLE)


def _say(node: yaml.Node, depth: int = 0) -> str:
    """Return a reference as its functions put it together, with `${…}` for what is not known."""
    name, value = _function(node)
    if name == _SUB:
        return _text(value)
    if name == _JOIN and depth == 0:
        parts = list(items(value))
        between = _plain(parts[0]) if parts else ""
        return between.join(_say(one, 1) for one in items(parts[-1] if parts else None))
    if name:
        return "${" + (_plain(value) if name == _REF else name) + "}"
    return _plain(node)


FORMAT = FileFormat(
    name="cloudformation",
    title="CloudFormation and SAM templates",
    known_by="YAML, JSON or `.template` with resources of a type `AWS::…`",
    syntax="tree",
    paths=(r"\.ya?ml", r"\.json", r"\.template"),
    needles=(b"AWS::",),
    any_of=(b"Image", b"ContainerUri"),
    claims=claims,
    find=find,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/introduction.html",
)
