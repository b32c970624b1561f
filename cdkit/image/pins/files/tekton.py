"""Tekton: steps and sidecars of tasks, wherever they are written, and bundles."""

import re
from collections.abc import Iterator

import yaml

from cdkit.image.pins.document import Document
from cdkit.image.pins.tree import get, items, scalar, written
from cdkit.image.pins.use import FileFormat, Use
from cdkit.image.pins.values import Place, Scope, resolve, texts

_GROUPS = frozenset({"tekton.dev", "triggers.tekton.dev"})
_VARIABLE = re.compile(
    r"\$\((?:params|inputs\.params)(?:\.([\w-]+)|\[[\"']([\w.-]+)[\"']\])\)", re.ASCII
)


def claims(document: Document) -> bool:
    """Whether it is an object of Tekton's; a chart's template of one is read as Kubernetes'."""
    return written(get(document.root, "apiVersion")).partition("/")[0] in _GROUPS


def find(document: Document) -> Iterator[Use]:
    """Yield the images of steps, sidecars and step templates, and the bundles that are resolved.

    Tasks are found in pipelines and runs, and runs in triggers' templates. A bundle is an OCI
    reference, and is read by go-containerregistry, which takes a tag and a digest. An image that
    is a parameter stands in its default, and where a task that is written out is given it.
    """
    scope = Scope(texts(_VARIABLE), document.root)
    yield from resolve(document, _object(document.root, scope, set()))


_Seen = set[tuple[int, int]]
"""Which specifications were read, each with what runs it: aliases may lead back to one."""


def _object(node: yaml.Node | None, around: Scope, seen: _Seen) -> Iterator[Place]:
    """Yield the places of a Task, StepAction, Pipeline, a run of one, or a template of runs."""
    spec = get(node, "spec")
    if (id(spec), id(node)) in seen:
        return
    seen.add((id(spec), id(node)))
    scope = _scope(spec, None, around)
    yield from _spec(spec, scope, seen)
    for template in items(get(spec, "resourcetemplates")):
        yield from _object(template, scope, seen)


def _spec(spec: yaml.Node | None, scope: Scope, seen: _Seen) -> Iterator[Place]:
    for step in (spec, get(spec, "stepTemplate"), *items(get(spec, "steps"))):
        yield from _place(get(step, "image"), scope)
        yield from _bundle(get(step, "ref"), scope)
    for sidecar in items(get(spec, "sidecars")):
        yield from _place(get(sidecar, "image"), scope)
    for volume in items(get(spec, "volumes")):
        yield from _place(get(volume, "image", "reference"), scope)
    for tasks in ("tasks", "finally"):
        for task in items(get(spec, tasks)):
            yield from _run(task, scope, seen)
    yield from _run(spec, scope, seen)


def _run(node: yaml.Node | None, scope: Scope, seen: _Seen) -> Iterator[Place]:
    """Yield the places of a task of a pipeline, or of a run: what is written out, or a bundle."""
    for key in ("taskSpec", "pipelineSpec"):
        spec = get(node, key)
        if spec is not None and (id(spec), id(node)) not in seen:
            seen.add((id(spec), id(node)))
            yield from _spec(spec, _scope(spec, node, scope), seen)
    for key in ("taskRef", "pipelineRef"):
        yield from _bundle(get(node, key), scope)


def _scope(spec: yaml.Node | None, given: yaml.Node | None, around: Scope) -> Scope:
    """Return what is known in a specification: its own parameters, and what they are given."""
    scope = Scope(around.mentions, spec, around=around)
    for parameter in items(get(spec, "params")):
        name = scalar(get(parameter, "name"))
        scope.declare(name)
        for one in (get(parameter, "default"), *items(get(parameter, "enum"))):
            scope.give(name, one)
    matrix = get(given, "matrix")
    rows = (items(get(row, "params")) for row in items(get(matrix, "include")))
    listed = [*items(get(given, "params")), *items(get(matrix, "params"))]
    for parameter in (*listed, *(one for row in rows for one in row)):
        value = get(parameter, "value")
        for one in (value, *items(value)):
            scope.give(scalar(get(parameter, "name")), one, around)
    return scope


def _bundle(reference: yaml.Node | None, scope: Scope) -> Iterator[Place]:
    yield from _place(get(reference, "bundle"), scope)
    if scalar(get(reference, "resolver")) == "bundles":
        for parameter in items(get(reference, "params")):
            if scalar(get(parameter, "name")) == "bundle":
                yield from _place(get(parameter, "value"), scope)


def _place(node: yaml.Node | None, scope: Scope) -> Iterator[Place]:
    if node is not None:
        yield Place(node=node, scope=scope)


FORMAT = FileFormat(
    name="tekton",
    title="Tekton",
    known_by="YAML or JSON with an `apiVersion` of `tekton.dev`",
    syntax="tree",
    paths=(r"\.ya?ml", r"\.json"),
    needles=(b"tekton.dev",),
    any_of=(b"image", b"bundle"),
    claims=claims,
    find=find,
    source="https://tekton.dev/docs/pipelines/tasks/",
)
