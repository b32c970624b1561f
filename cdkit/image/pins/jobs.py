"""Jobs of GitLab CI: `image` and `services` of jobs and defaults, and what variables hold them."""

import re
from collections.abc import Iterator

import yaml

from cdkit.core.errors import Unreadable
from cdkit.image.pins import templated
from cdkit.image.pins.document import Document
from cdkit.image.pins.tree import compose, either, entries, get, items, scalar
from cdkit.image.pins.use import Use
from cdkit.image.pins.values import Place, Scope, resolve, texts

_NO_JOBS = frozenset({"variables", "workflow", "include", "stages", "cache", "spec"})
_JOB = frozenset({"script", "image", "services", "extends", "trigger", "before_script", "run"})
_LEVELS = 11
_MOST_RELATIONS = 500_000
_MOST_VALUES = 2_000_000
_VARIABLE = re.compile(
    r"\$\[\[\s*(inputs\.[\w-]+)[^\]$]*\]\]|\$(?:env:)?\{?(\w+)\}?|%(\w+)%", re.ASCII | re.IGNORECASE
)


def has_jobs(root: yaml.Node | None) -> bool:
    """Whether a document has a job, defaults for jobs, or inputs; no Kubernetes object has."""
    if get(root, "apiVersion") is not None:
        return False
    if get(root, "spec", "inputs") is not None:
        return True
    return any(_is_job(name, value) for name, value in entries(root))


def _is_job(name: str, value: yaml.Node) -> bool:
    if name == "default":
        return get(value, "image") is not None or get(value, "services") is not None
    script = get(value, "script")
    has_script = isinstance(script, yaml.SequenceNode) or bool(scalar(script))
    return name not in _NO_JOBS and (has_script or (name[:1] == "." and _has_keys(value)))


def _has_keys(job: yaml.Node) -> bool:
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
    around = Scope(texts(_VARIABLE), *roots)
    for root in roots:
        _give_inputs(around, get(root, "spec", "inputs"))
    yield from resolve(document, [place for root in roots for place in _places(root, around)])


def _places(root: yaml.Node | None, around: Scope) -> Iterator[Place]:
    """Yield what a file's jobs and defaults name, with the variables that are known there.

    The variables of a job are known in it, in what it extends, and in what extends it.
    """
    jobs = {name: job for name, job in entries(root) if name not in {*_NO_JOBS, "default"}}
    given = {name: list(_variables(job)) for name, job in jobs.items()}
    everywhere = list(_variables(root))
    users = [name for name, job in jobs.items() if get(job, "image") is None]
    for default in (root, get(root, "default")):
        yield from _known(default, [everywhere, *(given[name] for name in users)], around)
    related = _related(jobs)
    values = 0
    for name, job in jobs.items():
        family = [given[one] for one in (name, *related[name]) if one in given]
        values += len(everywhere) + sum(map(len, family))
        _refuse(values, _MOST_VALUES, "variables")
        yield from _known(job, [*family, everywhere], around)


_Given = list[tuple[str, yaml.Node]]
"""Variables by name, each with the node of a value."""


def _known(job: yaml.Node | None, givers: list[_Given], around: Scope) -> Iterator[Place]:
    nodes = list(_named(job))
    if any(around.mentions(node)[0] for node in nodes):
        scope = Scope(around.mentions, *around.roots, around=around)
        for name, node in (one for giver in givers for one in giver):
            scope.give(name, node)
        around = scope
    for node in nodes:
        yield Place(node=node, scope=around)


def _related(jobs: dict[str, yaml.Node]) -> dict[str, set[str]]:
    """Return the jobs that a job extends, and those that extend it, each by way of others too.

    GitLab follows `extends` over eleven levels.
    """
    extends = {name: list(_names(get(job, "extends"))) for name, job in jobs.items()}
    related: dict[str, set[str]] = {name: set() for name in jobs}
    relations = 0
    for name in jobs:
        level = {name}
        for _ in range(_LEVELS):
            level = {one for other in level for one in extends.get(other, ())} - related[name]
            related[name] |= level
        relations += len(related[name])
        _refuse(relations, _MOST_RELATIONS, "`extends`")
    for name, above in [(name, set(above)) for name, above in related.items()]:
        for one in above & jobs.keys():
            related[one].add(name)
    return related


def _refuse(found: int, most: int, what: str) -> None:
    """Refuse a file whose jobs are tangled so much that following them would not end."""
    if found > most:
        raise Unreadable(
            f"has jobs that {what} tie to over {most} others",
            remedy="except the file, with a reason",
        )


def _names(node: yaml.Node | None) -> Iterator[str]:
    for one in items(node) if isinstance(node, yaml.SequenceNode) else (node,):
        if name := scalar(one):
            yield name


def _named(job: yaml.Node | None) -> Iterator[yaml.Node]:
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


def _variables(holder: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    """Yield the values of a job's or a file's `variables`, of its rules', and of its matrix.

    A variable that offers `options` must be one of them, so they are values too.
    """
    rules = (*items(get(holder, "rules")), *items(get(holder, "workflow", "rules")))
    for one in (holder, *rules):
        for name, value in entries(get(one, "variables")):
            for node in (either(value, "value"), *items(get(value, "options"))):
                if node is not None:
                    yield name, node
    for row in items(get(holder, "parallel", "matrix")):
        for name, value in entries(row):
            for node in (value, *items(value)):
                yield name, node


def _give_inputs(scope: Scope, inputs: yaml.Node | None) -> None:
    for name, value in entries(inputs):
        why = "must match a pattern" if get(value, "regex") is not None else ""
        for one in (get(value, "default"), *items(get(value, "options"))):
            scope.give(f"inputs.{name}", one, why=why)
