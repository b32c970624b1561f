"""Google Cloud Build: the images that steps run in."""

import re
from collections.abc import Iterator
from itertools import pairwise

import yaml

from cdkit.core.errors import Unreadable
from cdkit.image.pins.document import Document
from cdkit.image.pins.tree import entries, get, items, scalar, written
from cdkit.image.pins.use import FileFormat, Use
from cdkit.image.pins.values import Place, Scope, resolve, texts

_VARIABLE = re.compile(r"\$\{(_[A-Z0-9_]+)\}|\$(_[A-Z0-9_]+)", re.ASCII)
_TAGGED = re.compile(r"(?:-t[ =]|--tag[ =]|--destination[ =])['\"]?([^\s'\"]+)")


def claims(document: Document) -> bool:
    """Whether it has steps; a file that becomes YAML only later is taken by its name."""
    return document.templated or any(
        get(step, "name") is not None for step in items(get(document.root, "steps"))
    )


def find(document: Document) -> Iterator[Use]:
    """Yield the images of all steps, but those that the build itself makes.

    A step may run in what an earlier one built (`-t`), and `images` lists what is pushed: neither
    is pulled. A substitution that a step's name is as a whole is pinned in `substitutions`.
    """
    if document.templated:
        raise Unreadable(
            "is a template, and no YAML before it is filled in",
            where=document.path,
            remedy="except it, with a reason",
        )
    root = document.root
    scope = Scope(texts(_VARIABLE), root)
    for name, value in entries(get(root, "substitutions")):
        scope.give(name, value)
    made = {scalar(one) for one in items(get(root, "images"))}
    places: list[Place] = []
    for step in items(get(root, "steps")):
        node = get(step, "name")
        if node is not None and written(node) not in made:
            places.append(Place(node=node, scope=scope))
        made |= set(_made(step))
    yield from resolve(document, places)


def _made(step: yaml.Node) -> Iterator[str]:
    """Yield what a step's arguments and script call the image that it builds."""
    words = [scalar(argument) for argument in items(get(step, "args"))]
    for before, word in pairwise(["", *words]):
        if before in {"-t", "--tag", "-d", "--destination"}:
            yield word
    for text in (*words, scalar(get(step, "script"))):
        yield from _TAGGED.findall(text)


FORMAT = FileFormat(
    name="cloudbuild",
    title="Google Cloud Build",
    known_by="`cloudbuild*.yaml` or `.json`, a folder `cloudbuild/`",
    syntax="tree",
    paths=(r"cloudbuild[^/]*\.(?:ya?ml|json)", r"(?:^|/)\.?cloud-?build/.+\.(?:ya?ml|json)"),
    certain=(r"(?:^|/)cloudbuild[^/]*\.(?:ya?ml|json)",),
    needles=(b"steps", b"name"),
    claims=claims,
    find=find,
    source="https://cloud.google.com/build/docs/build-config-file-schema",
)
