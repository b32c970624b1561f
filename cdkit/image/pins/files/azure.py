"""Azure Pipelines: containers of jobs, service containers, and the resources that name them."""

import re
from collections.abc import Iterator

import yaml

from cdkit.image.pins import templated
from cdkit.image.pins.document import Document
from cdkit.image.pins.tree import either, entries, get, items, members, scalar, walk, written
from cdkit.image.pins.use import FileFormat, Use, refused
from cdkit.image.pins.values import Place, Scope, plain, resolve, texts

_OWN = re.compile(r"(?:^|/)\.?azure-pipelines?\.ya?ml$")
_STEPS = frozenset(
    {"task", "script", "bash", "pwsh", "powershell", "checkout", "template", "publish", "download"}
)
_ITEMS = {
    "stages": frozenset({"stage", "template"}),
    "jobs": frozenset({"job", "deployment", "template"}),
    "steps": _STEPS,
}
_NOT_BELOW = frozenset({"inputs", "target", "resources", "parameters", "variables", "env", "steps"})
_NAMED = r"(?:(parameters)|variables)(?:\.(\w+)|\[\s*'(\w+)'\s*\])"
_MACRO = r"\$\((\w+)\)"
_WHOLE = re.compile(
    rf"\$\{{\{{\s*{_NAMED}\s*\}}\}}|\$\[\s*{_NAMED}\s*\]|{_MACRO}", re.ASCII | re.IGNORECASE
)
_ANYWHERE = re.compile(rf"{_NAMED}|{_MACRO}", re.ASCII | re.IGNORECASE)


def claims(document: Document) -> bool:
    """Whether it is a pipeline by its name, or a pipeline or template by its content."""
    if _OWN.search(document.path):
        return True
    root = document.root
    if document.templated or any(get(root, key) is not None for key in ("apiVersion", "pipelines")):
        return False
    if any(True for _ in _resources(root)):
        return True
    return any(
        _is_item(one, names) for key, names in _ITEMS.items() for one in items(get(root, key))
    )


def _is_item(node: yaml.Node, names: frozenset[str]) -> bool:
    return any(name in names or name.startswith("${{") for name, _ in entries(node))


def find(document: Document) -> Iterator[Use]:
    """Yield the images of `resources.containers`, of jobs, and of services.

    A job and a service name a resource, or else an image; a bare word in a template may be a
    resource of the pipeline that uses it. `vmImage` is no container.
    """
    if document.templated:
        yield from templated.images(document.source)
        return
    root = document.root
    scope = Scope(texts(_WHOLE, _ANYWHERE), root)
    _give(scope, "parameters.", get(root, "parameters"))
    resources = list(_resources(root))
    known = {scalar(get(one, "container")) for one in resources}
    top = _inside(root, scope)
    places = [
        Place(node=node, scope=top)
        for one in resources
        if (node := get(one, "image")) and scalar(get(one, "localImage")) != "true"
    ]
    places += _places(root, scope)
    yield from resolve(document, places, lambda document, place: _write(document, place, known))


def _places(root: yaml.Node | None, scope: Scope) -> Iterator[Place]:
    """Yield the containers of all that may be jobs, with the variables known there."""
    waiting = [(root, scope)]
    seen: set[int] = set()
    while waiting:
        here, scope = waiting.pop()
        if here is None or id(here) in seen:
            continue
        seen.add(id(here))
        scope = _inside(here, scope)
        for node in _containers(here):
            yield Place(node=node, scope=scope)
        waiting += [(one, scope) for name, one in entries(here) if name not in _NOT_BELOW]
        waiting += [(one, scope) for one in items(here)]


def _inside(holder: yaml.Node | None, around: Scope) -> Scope:
    """Return what is known in a pipeline, stage or job: its variables, and its matrix's."""
    variables, matrix = get(holder, "variables"), get(holder, "strategy", "matrix")
    if variables is None and matrix is None:
        return around
    scope = Scope(around.mentions, *around.roots, around=around)
    _give(scope, "", variables)
    for _, row in entries(matrix):
        for name, value in entries(row):
            scope.give(name, value)
    return scope


def _resources(root: yaml.Node | None) -> Iterator[yaml.Node]:
    for node in walk(get(root, "resources")):
        if get(node, "container") is not None and get(node, "image") is not None:
            yield node


def _containers(job: yaml.Node) -> Iterator[yaml.Node]:
    container = either(get(job, "container"), "image")
    if container is not None and get(job, "image") is None:  # else it is a resource's name
        yield container
    services = get(job, "services")
    if isinstance(services, yaml.MappingNode):
        for one in members(services):
            if (node := either(one, "image")) is not None:
                yield node


def _give(scope: Scope, before: str, node: yaml.Node | None) -> None:
    """Add variables or parameters, a list or a mapping, with `before` before their names."""
    for one in items(node):
        name = before + scalar(get(one, "name"))
        for value in (get(one, "value"), get(one, "default"), *items(get(one, "values"))):
            scope.give(name, value)
    if isinstance(node, yaml.MappingNode):
        for name, value in entries(node):
            scope.give(before + name, value)


def _write(document: Document, place: Place, known: set[str]) -> Iterator[Use]:
    if written(place.node) in known:
        return
    for use in plain(document, place):
        if re.fullmatch(r"[\w-]+", use.text) and not _OWN.search(document.path):
            text = f"${{{{ resources.containers.{use.text} }}}}"
            yield refused(text, use.start, use.end, "may be a container resource", _WHICH)
        else:
            yield use


_WHICH = "write the image with a tag if it is one, else pin the resource"

FORMAT = FileFormat(
    name="azure",
    title="Azure Pipelines",
    known_by="`azure-pipelines.yml`, any `*pipeline*.yml`, folders such as `.azure-pipelines/`",
    syntax="tree",
    paths=(
        r"(?:^|/)[^/]*pipelines?[^/]*\.ya?ml",
        r"(?:^|/)\.?(?:azure-?pipelines?|azure-?devops|pipelines?|vsts|ado)/.+\.ya?ml",
    ),
    certain=(r"(?:^|/)azure-?pipelines?[^/]*\.ya?ml",),
    needles=(),
    any_of=(b"container", b"services"),
    claims=claims,
    find=find,
    source="https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/jobs-job-container",
)
