"""GitLab CI: `image` and `services` of jobs and defaults, and the variables that hold them."""

import re
from collections.abc import Iterator

import yaml

from cdkit.image import templated
from cdkit.image.document import Document
from cdkit.image.tree import compose, either, entries, get, items, scalar, walk
from cdkit.image.use import FileFormat, Use
from cdkit.image.values import Place, Scope, resolve, texts

_OWN = re.compile(r"\.gitlab-ci\.ya?ml$")
_VALUES = re.compile(r"values[^/]*$")
"""A chart's values for its tests, which stand in `ci/`, too."""

_NO_JOBS = frozenset({"variables", "workflow", "include", "stages", "cache", "spec"})
_JOB = frozenset({"script", "image", "services", "extends", "trigger", "before_script", "run"})
_VARIABLE = re.compile(r"\$\[\[\s*(inputs\.[\w-]+)[^\]]*\]\]|\$\{?(\w+)\}?|%(\w+)%", re.ASCII)


def claims(document: Document) -> bool:
    """Whether it is a pipeline by its name, or a component or included file by its content."""
    if _OWN.search(document.path):
        return True
    if document.templated or _VALUES.search(document.path):
        return False
    if get(document.root, "apiVersion") is not None:
        return False
    if "templates/" in document.path and not re.search(r"^spec:", document.text, re.MULTILINE):
        return False
    if get(document.root, "spec", "inputs") is not None:
        return True
    return any(_is_job(name, value) for name, value in entries(document.root))


def _is_job(name: str, value: yaml.Node) -> bool:
    if name == "default":
        return get(value, "image") is not None or get(value, "services") is not None
    script = get(value, "script")
    has_script = isinstance(script, yaml.SequenceNode) or bool(scalar(script))
    return name not in _NO_JOBS and (has_script or (name[:1] == "." and _known(value)))


def _known(job: yaml.Node) -> bool:
    return any(key in _JOB for key, _ in entries(job))


def find(document: Document) -> Iterator[Use]:
    """Yield the images and services of the root, of `default`, and of all jobs, hidden ones too.

    An input's default stands in another document of the file (its header) than its uses, so all
    of the file's documents are read together. What `!reference` and `include` lead to is found
    where it stands; components and included projects are no images.
    """
    if document.templated:
        yield from templated.images(document.source)
        return
    roots = compose(document.source) if "$[[" in document.text else (document.root,)
    scope = Scope(texts(_VARIABLE), *roots)
    for root in roots:
        _give_inputs(scope, get(root, "spec", "inputs"))
        _give_variables(scope, root)
    nodes = (node for root in roots for node in _nodes(root))
    yield from resolve(document, [Place(node=node, scope=scope) for node in nodes])


def _nodes(root: yaml.Node | None) -> Iterator[yaml.Node]:
    yield from _images(root)
    for name, job in entries(root):
        if name not in _NO_JOBS:
            yield from _images(job)


def _images(job: yaml.Node | None) -> Iterator[yaml.Node]:
    """Yield what a job names its image and its services by: a text, or a mapping with a name."""
    if (node := either(get(job, "image"), "name")) is not None:
        yield node
    waiting = [get(job, "services")]
    seen: set[int] = set()
    while waiting:
        here = waiting.pop()
        if isinstance(here, yaml.SequenceNode) and here.tag.startswith("!"):
            continue  # !reference
        if isinstance(here, yaml.SequenceNode) and id(here) not in seen:
            seen.add(id(here))
            waiting += here.value
        elif (node := either(here, "name")) is not None:
            yield node


def _give_variables(scope: Scope, root: yaml.Node | None) -> None:
    """Add the values of `variables` and `parallel: matrix` anywhere in a file.

    A variable that offers `options` must be one of them, so they are values too.
    """
    for node in walk(root):
        for name, value in entries(get(node, "variables")):
            scope.give(name, either(value, "value"))
            for option in items(get(value, "options")):
                scope.give(name, option)
        for row in items(get(node, "matrix")):
            for name, value in entries(row):
                for one in items(value) if isinstance(value, yaml.SequenceNode) else (value,):
                    scope.give(name, one)


def _give_inputs(scope: Scope, inputs: yaml.Node | None) -> None:
    for name, value in entries(inputs):
        why = "must match a pattern" if get(value, "regex") is not None else ""
        for one in (get(value, "default"), *items(get(value, "options"))):
            scope.give(f"inputs.{name}", one, why=why)


FORMAT = FileFormat(
    name="gitlab",
    title="GitLab CI",
    syntax="tree",
    paths=(
        r"\.gitlab-ci\.ya?ml",
        r"(?:^|/)\.?(?:gitlab|gitlab-ci|ci)/.+\.ya?ml",
        r"(?:^|/)templates/(?:[^/]+/template|[^/]+)\.ya?ml",
    ),
    certain=(r"\.gitlab-ci\.ya?ml",),
    needles=(),
    any_of=(b"image", b"services"),
    claims=claims,
    find=find,
    source="https://docs.gitlab.com/ci/yaml/#image",
)
