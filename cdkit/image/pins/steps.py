"""Pipelines of Drone's family: steps, services and clone steps, as lists or as mappings."""

import re
from collections.abc import Iterator

import yaml

from cdkit.image.pins import templated
from cdkit.image.pins.document import Document
from cdkit.image.pins.tree import entries, get, items, members
from cdkit.image.pins.use import Use
from cdkit.image.pins.values import Place, Scope, resolve, texts

_KEYS = ("steps", "pipeline", "services", "clone")
_VARIABLE = re.compile(r"\$\$?\{(\w+)\}|\$\$?(\w+)", re.ASCII)


def has_steps(root: yaml.Node | None) -> bool:
    """Whether one of the parts of a pipeline has something with an image."""
    return any(True for _ in _images(root))


def images(document: Document) -> Iterator[Use]:
    """Yield the images of a pipeline; plugins are images too.

    An image that a matrix fills in stands in the matrix: a list of a variable's values, or
    `include` with one value a row.
    """
    if document.templated:
        yield from templated.images(document.source)
        return
    scope = Scope(texts(_VARIABLE), document.root)
    matrix = get(document.root, "matrix")
    for name, values in entries(matrix):
        for value in items(values):
            scope.give(name, value)
    for row in items(get(matrix, "include")):
        for name, value in entries(row):
            scope.give(name, value)
    found = (Place(node=node, scope=scope) for node in _images(document.root))
    yield from resolve(document, found)


def _images(root: yaml.Node | None) -> Iterator[yaml.Node]:
    for key in _KEYS:
        for step in members(get(root, key)):
            if (node := get(step, "image")) is not None:
                yield node
