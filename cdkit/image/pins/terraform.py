"""Where Terraform's resources name images, and what a module's variables and locals are."""

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from cdkit.image.pins.hcl import Block, Body, Expression, Value


class Place(Struct, frozen=True, kw_only=True):
    """Where a resource names images: the attributes, in its body or any block or object in it.

    `json` are attributes that hold JSON with keys called `image`. `digest_only` says that the
    service takes a tag or a digest, not both: Lambda calls such a reference invalid, CodeBuild and
    SageMaker document one or the other, App Runner does not say that it takes both.
    `curated` begins the names of images that the service has of its own. `unless` is a block with
    which the name is what gets built.
    """

    attributes: frozenset[str] = frozenset({"image"})
    json: frozenset[str] = frozenset()
    within: frozenset[str] = frozenset()
    digest_only: bool = False
    curated: str = ""
    unless: str = ""


_CONTAINERS = Place(within=frozenset({"container", "containers", "init_container"}))
_PLACES: Mapping[str, Place] = {
    # https://github.com/hashicorp/terraform-provider-aws/tree/main/website/docs/r
    "aws_ecs_task_definition": Place(json=frozenset({"container_definitions"})),
    "aws_batch_job_definition": Place(
        json=frozenset({"container_properties", "ecs_properties", "node_properties"})
    ),
    "aws_lambda_function": Place(attributes=frozenset({"image_uri"}), digest_only=True),
    "aws_apprunner_service": Place(attributes=frozenset({"image_identifier"}), digest_only=True),
    "aws_sagemaker_model": Place(digest_only=True),
    "aws_codebuild_project": Place(
        within=frozenset({"environment"}), curated="aws/codebuild/", digest_only=True
    ),
    "aws_lightsail_container_service_deployment_version": _CONTAINERS,
    # https://github.com/hashicorp/terraform-provider-google/tree/main/website/docs/r
    "google_cloud_run_service": _CONTAINERS,
    "google_cloud_run_v2_service": _CONTAINERS,
    "google_cloud_run_v2_job": _CONTAINERS,
    "google_cloud_run_v2_worker_pool": _CONTAINERS,
    "google_cloudbuild_trigger": Place(attributes=frozenset({"name"}), within=frozenset({"step"})),
    # https://github.com/hashicorp/terraform-provider-azurerm/tree/main/website/docs/r
    "azurerm_container_app": _CONTAINERS,
    "azurerm_container_app_job": _CONTAINERS,
    "azurerm_container_group": _CONTAINERS,
    # https://github.com/kreuzwerker/terraform-provider-docker/tree/master/docs/resources
    "docker_image": Place(attributes=frozenset({"name"}), unless="build"),
    "docker_container": Place(),
    "docker_service": Place(within=frozenset({"container_spec"})),
}
_KUBERNETES = re.compile(r"kubernetes_\w+")
"""https://github.com/hashicorp/terraform-provider-kubernetes/tree/main/docs/resources"""
_PODS = Place(within=frozenset({"container", "init_container", "containers", "initContainers"}))


def place_of(resource: str) -> Place | None:
    """Return where a type of resource names images, None where it names none that we know of."""
    return _PLACES.get(resource) or (_PODS if _KUBERNETES.fullmatch(resource) else None)


CHOICES = frozenset({"coalesce", "try", "lookup", "tostring", "one", "element", "nonsensitive"})
"""Functions that give one of their arguments as it is."""
_WRAPS = frozenset({"jsonencode", "yamlencode", "concat", "merge", "flatten", "tolist", "toset"})
_PICKS = frozenset({"lookup", "element", "one"})
_FIELD = re.compile(r"(.+?)(\.[\w-]+|\[\])")
_DEEPEST = 20
_COMPARES = frozenset({"==", "!="})


class Module(Struct, frozen=True, kw_only=True):
    """The variables and locals of a folder's files, as `var.x` and `local.x`.

    `images` are those that stand for an image somewhere, with whether that place takes a digest
    alone, also as `local.images.web` and `local.images[]` for what is taken out of a collection;
    `perhaps` those that stand for one if they look like it; `lists` those that containers are made
    of; `misused` those whose value is also made into something else.
    """

    definitions: Mapping[str, Expression]
    images: Mapping[str, bool]
    perhaps: Mapping[str, bool]
    lists: frozenset[str]
    misused: frozenset[str]


def definitions(body: Body) -> Iterator[tuple[str, Expression]]:
    """Yield the variables that have a default, and the locals, of a file."""
    for block in body.blocks:
        if block.kind == "variable" and block.labels:
            default = block.body.attribute("default")
            if default:
                yield f"var.{block.labels[0]}", default.value
        elif block.kind == "locals":
            for one in block.body.attributes:
                yield f"local.{one.name}", one.value


def read_module(bodies: Iterable[Body]) -> Module:
    """Return what the files of one folder say together."""
    listed = list(bodies)
    known = {name: value for body in listed for name, value in definitions(body)}
    misused: set[str] = set()
    images: dict[str, bool] = {}
    lists: set[str] = set()
    perhaps: dict[str, bool] = {}
    for body in listed:
        for value in _values(body):
            misused |= set(_misused(value, pure=True))
        for expression, place in image_places(body):
            names = _whole_names(expression, known)
            lists |= names if place.json else set()
            for name in () if place.json else names:
                stands = images if is_sure(place) else perhaps
                stands[name] = stands.get(name, False) or place.digest_only
    return Module(
        definitions=known,
        images=images,
        perhaps=perhaps,
        lists=frozenset(lists),
        misused=frozenset(misused),
    )


def image_places(body: Body) -> Iterator[tuple[Expression, Place]]:
    """Yield the values that name images: of resources by their type, and of modules by name."""
    for block in body.blocks:
        if block.kind == "resource" and block.labels:
            place = place_of(block.labels[0])
            if place and not any(one.kind == place.unless for one in block.body.blocks):
                yield from _in_body(block.body, "", place)
        elif block.kind == "module":
            for one in block.body.attributes:
                yield from _of_module(one.name, one.value)


def manifests(body: Body) -> Iterator[Value]:
    """Yield the heredocs that are YAML of Kubernetes objects: of resources that take whole ones.

    The providers' pages: hashicorp/kubernetes, `kubernetes_manifest` (with `yamldecode`);
    gavinbunney/kubectl and alekc/kubectl, `kubectl_manifest` (`yaml_body`).
    """
    for block in body.blocks:
        if block.kind == "resource" and block.labels[:1] in {("kubernetes_manifest",), _KUBECTL}:
            waiting = [one for attribute in block.body.attributes for one in attribute.value]
            while waiting:
                here = waiting.pop()
                yield from (here,) if here.kind == "heredoc" else ()
                waiting += [one for inner in here.inner for one in inner]


_KUBECTL = ("kubectl_manifest",)
_MODULE = frozenset({"module"})
_OF_MODULE = Place(within=_MODULE)
"""A module's input that is called an image; whether it is a container's only its text can say."""
_LAMBDA = Place(within=_MODULE, digest_only=True)
"""One that is called as Lambda calls it."""


def _of_module(name: str, value: Expression) -> Iterator[tuple[Expression, Place]]:
    """Yield what is called an image in a module's input, however deep in it."""
    if name.lower().endswith(("image", "image_uri")):
        yield value, _OF_MODULE if name.lower().endswith("image") else _LAMBDA
        return
    for one in value:
        for entry in one.entries:
            yield from _of_module(entry.name, entry.value)
        for inner in one.inner if one.kind in {"list", "call", "other"} else ():
            yield from _of_module("", inner)


def is_sure(place: Place) -> bool:
    """Whether what stands in a place is a container's image whatever it looks like."""
    return place.within != _MODULE


def _in_body(body: Body, kind: str, place: Place) -> Iterator[tuple[Expression, Place]]:
    for one in body.attributes:
        yield from _in_attribute(one.name, one.value, kind, place)
    for block in body.blocks:
        yield from _in_body(block.body, _kind(block, kind), place)


def _kind(block: Block, kind: str) -> str:
    """Return what a block is, by its label where it makes others (`dynamic`)."""
    if block.kind == "dynamic" and block.labels:
        return block.labels[0]
    return kind if block.kind == "content" else block.kind


def _in_attribute(
    name: str, value: Expression, kind: str, place: Place
) -> Iterator[tuple[Expression, Place]]:
    if name in place.json or (name == "for_each" and kind in place.within):
        yield value, Place(json=frozenset({name}), digest_only=place.digest_only)
    elif name in place.attributes and (not place.within or kind in place.within):
        yield value, place
    else:
        for one in value:
            yield from _in_value(one, name, place)


def _in_value(value: Value, kind: str, place: Place) -> Iterator[tuple[Expression, Place]]:
    for entry in value.entries:
        yield from _in_attribute(entry.name, entry.value, kind, place)
    for inner in value.inner:
        for one in inner:
            yield from _in_value(one, kind, place)


def _values(body: Body) -> Iterator[Expression]:
    waiting = [body]
    while waiting:
        here = waiting.pop()
        yield from (one.value for one in here.attributes)
        waiting += [block.body for block in here.blocks]


def choices(expression: Expression) -> tuple[Expression, ...]:
    """Return the values of which an expression is one: of `a ? b : c` the last two.

    A function that chooses gives its arguments, or what is in the collection that it chooses from;
    so does an index, `[a, b][n]`. What stands in parentheses is itself.
    """
    if len(expression) == 1:
        (one,) = expression
        if one.kind == "call" and one.text in _PICKS:
            rest = one.inner[2:] if one.text == "lookup" else ()
            return (*_held(one.inner[:1]), *rest)
        if (one.kind == "call" and one.text in CHOICES) or (one.kind, one.text) == ("other", "("):
            return one.inner
        return ()
    if len(expression) == 2 and expression[1].kind == "list":
        return _held((expression[:1],))
    return branches(expression)


def _held(collections: Iterable[Expression]) -> tuple[Expression, ...]:
    """Return what is in lists and objects; of one that has a name, its items by name."""
    found: list[Expression] = []
    for collection in collections:
        for one in collection if len(collection) == 1 else ():
            found += one.inner if one.kind == "list" else ()
            found += [entry.value for entry in one.entries]
            found += [(replace(one, text=f"{one.text}[]"),)] if one.kind == "ref" else ()
    return tuple(found)


def branches(expression: Expression) -> tuple[Expression, ...]:
    """Return the last two of `a ? b : c`, and nothing where it is no such thing."""
    marks = [at for at, one in enumerate(expression) if one.kind == "other" and not one.inner]
    question = next((at for at in marks if expression[at].text == "?"), None)
    if question is None:
        return ()
    colon = next((at for at in marks if at > question and expression[at].text == ":"), None)
    if colon is None:
        return ()
    return expression[question + 1 : colon], expression[colon + 1 :]


def reached(
    text: str, known: Mapping[str, Expression], depth: int = 0
) -> tuple[tuple[str, Expression], ...]:
    """Return what a name stands for in this folder, each value with the name that it has there.

    That is `var.x`, `local.x.field`, any of `local.x[]`; a collection that is another's by name is
    looked for there.
    """
    if text in known:
        return ((text, known[text]),)
    found = _FIELD.fullmatch(text)
    if not found or depth > _DEEPEST:
        return ()
    values: list[tuple[str, Expression]] = []
    for name, holder in reached(found[1], known, depth + 1):
        for one in holder if len(holder) == 1 else ():
            own = f"{name}{found[2]}"
            if found[2] == "[]":
                values += [(own, value) for value in _held((holder,))] if one.kind != "ref" else []
            values += [(own, one.value) for one in one.entries if f".{one.name}" == found[2]]
            if one.kind == "ref":
                values += reached(f"{one.text}{found[2]}", known, depth + 1)
    different = {(name, one[0].text, one[0].start): (name, one) for name, one in values if one}
    return tuple(different.values())


def _misused(expression: Expression, *, pure: bool) -> Iterator[str]:
    """Yield the names that are not passed on as they are.

    Whether they are there (`var.image == "" ? …`) may be asked.
    """
    if parts := branches(expression):
        question = next(at for at, one in enumerate(expression) if one.text == "?")
        yield from _compared(expression[:question])
        for part in parts:
            yield from _misused(part, pure=pure)
        return
    pure = pure and len(expression) == 1
    for one in expression:
        if one.kind == "ref" and not pure:
            yield one.text
        lone = one.kind != "text" or (len(one.inner) == 1 and is_lone(one))
        passes = one.kind != "call" or one.text in CHOICES | _WRAPS
        for inner in one.inner:
            yield from _misused(inner, pure=pure and lone and passes and one.kind != "heredoc")
        for entry in one.entries:
            yield from _misused(entry.value, pure=True)


def _compared(condition: Expression) -> Iterator[str]:
    asked = [one for one in condition if one.kind != "other"]
    empty = any(one.text in {"", "null"} for one in asked if one.kind in {"text", "ref"})
    if not (empty and any(one.text in _COMPARES for one in condition)):
        yield from _misused(condition, pure=len(condition) == 1)


def is_lone(value: Value) -> bool:
    """Whether a text is one variable and nothing else: `"${var.image}"`."""
    return (
        len(value.inner) == 1
        and value.text.startswith("${")
        and value.text.endswith("}")
        and len(value.inner[0]) == 1
        and value.inner[0][0].kind == "ref"
        and value.text.strip("${}~ ") == value.inner[0][0].text
    )


def _whole_names(expression: Expression, known: Mapping[str, Expression]) -> set[str]:
    """Return the names that an expression is, or may be, followed through locals."""
    found: set[str] = set()
    waiting = [expression]
    while waiting:
        here = waiting.pop()
        waiting += choices(here)
        if len(here) != 1:
            continue
        (one,) = here
        if one.kind == "ref" and one.text not in found:
            found.add(one.text)
            for name, value in reached(one.text, known):
                found.add(name)
                waiting.append(value)
        elif (one.kind == "call" and one.text in _WRAPS) or (one.kind == "text" and is_lone(one)):
            waiting += one.inner
    return found
