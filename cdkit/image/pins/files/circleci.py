"""CircleCI: the images of `docker` executors, and the parameters that name them."""

import re
from collections.abc import Iterator

import yaml

from cdkit.image.pins import templated
from cdkit.image.pins.document import Document
from cdkit.image.pins.tree import entries, get, items, scalar
from cdkit.image.pins.use import FileFormat, Use
from cdkit.image.pins.values import Place, Scope, resolve, texts

_CONFIG = re.compile(r"(?:^|/)\.circleci/config\.ya?ml$")
_PART = re.compile(r"(?:^|/)src/(?:executors|jobs)/[^/]+\.ya?ml$")
_KEYS = ("jobs", "executors", "orbs", "commands")
_PIPELINE = "pipeline.parameters."
_VARIABLE = re.compile(
    r"<<\s*(?:parameters\.([\w-]+)|(pipeline\.parameters\.[\w-]+))\s*>>", re.ASCII
)


def claims(document: Document) -> bool:
    """Whether it is the configuration, another one beside it, an orb, or a part of an orb."""
    if _CONFIG.search(document.path):
        return True
    root = document.root
    if _PART.search(document.path):
        return any(get(one, "image") is not None for one in items(get(root, "docker")))
    return scalar(get(root, "version"))[:1] == "2" and any(
        isinstance(get(root, key), yaml.MappingNode) for key in _KEYS
    )


def find(document: Document) -> Iterator[Use]:
    """Yield the images of all jobs and executors, inline orbs' too.

    An image that is a parameter stands in its default, and where a job, a matrix or an executor
    is given it. `machine` has images of virtual machines, and orbs are no images.
    """
    if document.templated:
        yield from templated.images(document.source)
        return
    pipeline = Scope(texts(_VARIABLE), document.root)
    for name, parameter in entries(get(document.root, "parameters")):
        _give(pipeline, _PIPELINE + name, parameter)
    places: list[Place] = []
    if _PART.search(document.path):
        places += _images(document.root, _scope(document.root, pipeline))
    for root in _orbs(document.root):
        places += _places(root, pipeline)
    yield from resolve(document, places)


def _orbs(root: yaml.Node | None) -> Iterator[yaml.Node]:
    waiting = [root]
    seen: set[int] = set()
    while waiting:
        here = waiting.pop()
        if here is not None and id(here) not in seen:
            seen.add(id(here))
            yield here
            waiting += [orb for _, orb in entries(get(here, "orbs"))]


def _places(root: yaml.Node, pipeline: Scope) -> Iterator[Place]:
    elements = {
        (kind, name): (node, _scope(node, pipeline))
        for kind in ("executors", "jobs")
        for name, node in entries(get(root, kind))
    }
    scopes = {key: scope for key, (_, scope) in elements.items()}
    for _, workflow in entries(get(root, "workflows")):
        for job in items(get(workflow, "jobs")):
            for name, given in entries(job):
                for arguments in (given, get(given, "matrix", "parameters")):
                    _give_arguments(scopes.get(("jobs", name)), arguments, pipeline)
    for node, scope in elements.values():
        executor = get(node, "executor")
        called = scalar(get(executor, "name"))
        _give_arguments(scopes.get(("executors", called)), executor, scope)
        yield from _images(node, scope)


def _scope(element: yaml.Node | None, pipeline: Scope) -> Scope:
    """Return what is known in a job or an executor: the pipeline's parameters, and its own."""
    scope = Scope(pipeline.mentions, element, around=pipeline)
    for name, parameter in entries(get(element, "parameters")):
        _give(scope, name, parameter)
    return scope


def _give(scope: Scope, name: str, parameter: yaml.Node) -> None:
    scope.declare(name)
    for one in (get(parameter, "default"), *items(get(parameter, "enum"))):
        scope.give(name, one)


def _give_arguments(callee: Scope | None, given: yaml.Node | None, caller: Scope) -> None:
    """Add what a job or an executor is given for its parameters: one value, or a matrix's list."""
    for name, value in entries(given):
        if callee and name in callee.values:
            for one in (value, *items(value)):
                callee.give(name, one, caller)


def _images(element: yaml.Node | None, scope: Scope) -> Iterator[Place]:
    for container in items(get(element, "docker")):
        if (node := get(container, "image")) is not None:
            yield Place(node=node, scope=scope)


FORMAT = FileFormat(
    name="circleci",
    title="CircleCI",
    known_by="`.circleci/*.yml`; an orb's sources",
    syntax="tree",
    paths=(r"(?:^|/)\.circleci/.+\.ya?ml", r"(?:^|/)src/(?:executors|jobs|@?orb)[^.]*\.ya?ml"),
    certain=(r"(?:^|/)\.circleci/.+\.ya?ml",),
    needles=(b"image",),
    claims=claims,
    find=find,
    source="https://circleci.com/docs/reference/configuration-reference/#docker",
)
