"""Azure Pipelines: containers of jobs, service containers, and the resources that name them."""

import re
from collections.abc import Iterator

import yaml

from cdkit.image import templated
from cdkit.image.document import Document
from cdkit.image.tree import either, entries, get, items, mappings, members, scalar, walk
from cdkit.image.use import FileFormat, Use, refused
from cdkit.image.values import Place, Scope, plain, resolve, texts

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
_VARIABLE = re.compile(
    r"\$\{\{\s*(parameters\.\w+|variables\.\w+)\s*\}\}"
    r"|\$\{\{\s*((?:parameters|variables)\[\s*'\w+'\s*\])\s*\}\}"
    r"|\$\[\s*variables\[\s*'(\w+)'\s*\]\s*\]|\$\[\s*variables\.(\w+)\s*\]|\$\((\w+)\)",
    re.ASCII,
)


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
    scope = Scope(texts(_VARIABLE), root)
    _give_variables(scope, root)
    resources = list(_resources(root))
    known = {scalar(get(one, "container")) for one in resources}
    nodes = [get(one, "image") for one in resources if scalar(get(one, "localImage")) != "true"]
    nodes += [node for one in mappings(root, _NOT_BELOW) for node in _containers(one)]
    places = [Place(node=node, scope=scope) for node in nodes if node is not None]
    yield from resolve(document, places, lambda document, place: _write(document, place, known))


def _resources(root: yaml.Node | None) -> Iterator[yaml.Node]:
    for node in walk(get(root, "resources")):
        if get(node, "container") is not None and get(node, "image") is not None:
            yield node


def _containers(job: yaml.Node) -> Iterator[yaml.Node | None]:
    container = get(job, "container")
    if get(job, "image") is None:  # else it is a resource, and `container` is its name
        yield either(container, "image")
    services = get(job, "services")
    if isinstance(services, yaml.MappingNode):
        for one in members(services):
            yield either(one, "image")


def _give_variables(scope: Scope, root: yaml.Node | None) -> None:
    """Add variables and parameters, as lists or as mappings, and the values of a matrix."""
    for kind in ("variables", "parameters"):
        for node in walk(root):
            _give(scope, kind, get(node, kind))
    for node in walk(root):
        for _, row in entries(get(node, "matrix")):
            for name, value in entries(row):
                scope.give(name, value)


def _give(scope: Scope, kind: str, node: yaml.Node | None) -> None:
    for one in items(node):
        name = scalar(get(one, "name"))
        for value in (get(one, "value"), get(one, "default"), *items(get(one, "values"))):
            _give_as(scope, kind, name, value)
    if isinstance(node, yaml.MappingNode):
        for name, value in entries(node):
            _give_as(scope, kind, name, value)


def _give_as(scope: Scope, kind: str, name: str, value: yaml.Node | None) -> None:
    """Add a value by every name that an expression may call it by."""
    scope.give(f"{kind}.{name}", value)
    scope.give(f"{kind}['{name}']", value)
    if kind == "variables":
        scope.give(name, value)


def _write(document: Document, place: Place, known: set[str]) -> Iterator[Use]:
    if scalar(place.node) in known:
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
