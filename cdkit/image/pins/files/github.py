"""GitHub: workflows and actions: `uses:`, `docker://`, `container:`, `services:`."""

import functools
import re
from bisect import bisect_left
from collections.abc import Iterator

import yaml

from cdkit.core.subject import is_commit
from cdkit.image.pins.document import Document
from cdkit.image.pins.tree import either, entries, get, image, items, span, walk, written
from cdkit.image.pins.use import Edit, FileFormat, Use, holds_variable
from cdkit.image.pins.values import Place, Scope, resolve, texts

_DOCKER = "docker://"
_PATH = re.compile(r"(?:^|/)\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml$")
_ACTION = re.compile(r"(?:^|/)action\.ya?ml$")
_NAME = r"(matrix|inputs)\.([\w-]+(?:\.[\w-]+)?)"
_VALUE = re.compile(rf"\$\{{\{{\s*{_NAME}\s*\}}\}}", re.ASCII)
_ANYWHERE = re.compile(rf"\b{_NAME}", re.ASCII)
_COMMENT = re.compile(
    r"\s#\s*(?:renovate:\s*)?(?:[\w./:-]+@|(?:pin|tag|version)[=: ]\s*)?@?([\w.+/-]+)"
)
_BREAK = re.compile(r"[\x85\u2028\u2029]")
"""What ends a line, and a comment, in YAML 1.1 alone: nobody can tell what it ends here."""

_VERSION = re.compile(r"v?[0-9][\w.+-]*|[\w./-]*v[0-9][\w.+-]*|main|master", re.ASCII)


def claims(document: Document) -> bool:
    """Whether it is a workflow, or an action with steps or an image of its own."""
    root = document.root
    if _PATH.search(document.path):
        return get(root, "jobs") is not None
    return bool(_ACTION.search(document.path) and get(root, "runs") is not None)


def find(document: Document) -> Iterator[Use]:
    """Yield the actions and images of all jobs and steps, called workflows included.

    A container's image may be a value of the job's matrix or of an input, and stands there then
    ("Contexts reference", availability: of what a file gives values to, no other is known there).
    """
    inputs = _inputs(document.root)
    places: list[Place] = []
    for _, job in entries(get(document.root, "jobs")):
        yield from _action(document, get(job, "uses"))
        containers = (get(job, "container"), *(one for _, one in entries(get(job, "services"))))
        nodes = [node for one in containers if (node := either(one, "image")) is not None]
        scope = _matrix(job, inputs) if nodes else inputs
        places += [Place(node=node, scope=scope) for node in nodes]
        yield from _steps(document, get(job, "steps"))
    yield from resolve(document, places, _container)
    runs = get(document.root, "runs")
    yield from _steps(document, get(runs, "steps"))
    if written(get(runs, "image")).startswith(_DOCKER):  # else it is a Dockerfile beside it
        yield from image(document.source, get(runs, "image"), _DOCKER)


def _inputs(root: yaml.Node | None) -> Scope:
    """Return the inputs of a workflow, each with its default and the options that it offers."""
    scope = Scope(texts(_VALUE, _ANYWHERE), root)
    for event in ("workflow_call", "workflow_dispatch"):
        for name, one in entries(get(root, "on", event, "inputs")):
            for value in (get(one, "default"), *items(get(one, "options"))):
                scope.give(f"inputs.{name}", value)
    return scope


def _matrix(job: yaml.Node, inputs: Scope) -> Scope:
    """Return the values of a job's matrix; what is included or left out is compared with them."""
    scope = Scope(inputs.mentions, job, around=inputs)
    for name, values in entries(get(job, "strategy", "matrix")):
        for value in items(values):
            if name in {"include", "exclude"}:
                for key, one in entries(value):
                    _give(scope, f"matrix.{key}", one)
            else:
                _give(scope, f"matrix.{name}", value)
    return scope


def _give(scope: Scope, name: str, value: yaml.Node) -> None:
    """Add a value, or those of its members: `matrix.on.image`."""
    scope.give(name, value)
    for key, one in entries(value):
        scope.give(f"{name}.{key}", one)


def _container(document: Document, place: Place) -> Iterator[Use]:
    prefix = _DOCKER if written(place.node).startswith(_DOCKER) else ""
    yield from image(document.source, place.node, prefix)


def _steps(document: Document, steps: yaml.Node | None) -> Iterator[Use]:
    for step in items(steps):
        uses = get(step, "uses")
        if written(uses).startswith(_DOCKER):
            yield from image(document.source, uses, _DOCKER)
        else:
            yield from _action(document, uses)


def _action(document: Document, node: yaml.Node | None) -> Iterator[Use]:
    """Yield an action of another repository: one of this repository is as old as the workflow."""
    text = written(node).strip()
    if not text or not isinstance(node, yaml.ScalarNode) or text.startswith(("./", "../")):
        return
    start, end = span(document.source, node)
    name, at, ref = text.partition("@")
    if not at or not ref or document.text[start:end] != text or holds_variable(text):
        why = "names no version" if not at else "cannot be rewritten where it stands"
        yield Use(
            kind="action",
            text=text,
            start=start,
            end=end,
            refusal=why,
            remedy="write owner/name@v1",
        )
        return
    place = start + len(name) + 1
    if is_commit(ref):
        tag = _comment(document, end)
        edits = (Edit(start=place, end=end),)
        yield Use(kind="action", text=text, start=start, end=end, edits=edits, tag=tag)
        return
    yield Use(
        kind="action", text=text, start=start, end=end, edits=_pin(document, node, place, end, ref)
    )


def _pin(
    document: Document, node: yaml.ScalarNode, place: int, end: int, ref: str
) -> tuple[Edit, ...]:
    """Return the edits that put a commit in the ref's place, and the ref into a comment."""
    commit = Edit(start=place, end=end)
    at = _comment_place(document, node)
    if at is None:
        return (commit,)
    return (commit, Edit(start=at, end=at, before=f" # {ref}", bare=True))


def _comment_place(document: Document, node: yaml.ScalarNode) -> int | None:
    """Return where a comment can go: the end of the line, or before a comment that stands there.

    None where the line ends inside a text, or names another action, whose version it could be.
    """
    source, end = document.source, node.end_mark.index
    line_end = source.end_of_line(end)
    rest = source.text[end:line_end]
    before = source.text[source.start_of_line(end) : node.start_mark.index]
    if "uses" in rest.partition("#")[0] or before.count("uses") > 1 or _BREAK.search(rest):
        return None
    if not rest.strip() or rest.lstrip().startswith("#"):
        return end
    if _is_inside(document.root, line_end):
        return None
    for found in re.finditer(r"[ \t]+#", rest):
        if not _is_inside(document.root, end + found.start()):
            return end + found.start()
    return end + len(rest.rstrip())


def _is_inside(root: yaml.Node | None, offset: int) -> bool:
    """Whether an offset stands between the first and last character of a scalar."""
    places = _scalars(root)
    at = bisect_left(places, (offset, 0)) - 1
    return at >= 0 and offset < places[at][1]


@functools.lru_cache(maxsize=1)
def _scalars(root: yaml.Node | None) -> list[tuple[int, int]]:
    """Return where the scalars of a tree stand: once a file, as every one of its lines may ask."""
    nodes = [one for one in walk(root) if isinstance(one, yaml.ScalarNode)]
    return sorted((one.start_mark.index, one.end_mark.index) for one in nodes)


def _comment(document: Document, end: int) -> str:
    """Return the version that the comment behind a commit names, or nothing.

    It is the first word if that looks like a version, or the only word of a comment (another may
    follow it); what update bots write is read as well: `ratchet:owner/name@v1`, `pin @v1`,
    `renovate: tag=v1`.
    """
    line = document.text[end : document.source.end_of_line(end)]
    found = _COMMENT.search(line)
    if not found or "uses" in line or _BREAK.search(line):
        return ""
    rest = line[found.end() :].strip()
    alone = not rest or rest.startswith("#")
    return found[1] if alone or _VERSION.fullmatch(found[1]) else ""


FORMAT = FileFormat(
    name="github",
    title="GitHub workflows and actions",
    known_by="`.github/workflows/*.yml` (`.gitea`, `.forgejo`), any `action.yml`",
    syntax="tree",
    paths=(r"\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml", r"(?:^|/)action\.ya?ml"),
    certain=(r"\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml",),
    needles=(),
    claims=claims,
    find=find,
    source="https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax",
)
