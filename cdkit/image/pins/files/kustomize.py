"""Kustomize: the images that a kustomization names, and those of its patches."""

import re
from collections.abc import Iterator

import yaml

from cdkit.core.errors import Unreadable
from cdkit.image.pins.document import Document, Source
from cdkit.image.pins.keys import apart, fill, insert, word
from cdkit.image.pins.tree import compose, get, image, items, scalar, span, walk, written
from cdkit.image.pins.use import Edit, FileFormat, Use, moved, refused

_GROUP = "kustomize.config.k8s.io"
_PATTERN = re.compile(r"[*+?()\[\]{}|^$\\]")
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_NO_IMAGES = frozenset({"annotations", "labels", "matchLabels", "data"})
_ELSEWHERE = ("takes its tag from elsewhere", "name it here, as newTag, so that it can be pinned")
_MATCHED = ("is whatever a pattern matches", "name one image, so that it can be pinned")
_BY_HAND = ("has no place for a digest", "write `digest:` below `newTag:`, each on a line")
_QUOTED = ("stands in a quoted or folded patch", "write the patch as a block: `patch: |`")


def claims(document: Document) -> bool:
    """Whether it is a kustomization or a component, and not Flux's object of the same name."""
    if document.templated:
        return False
    group = scalar(get(document.root, "apiVersion")).partition("/")[0]
    return isinstance(document.root, yaml.MappingNode) and group in {"", _GROUP}


def find(document: Document) -> Iterator[Use]:
    """Yield what `images` makes of the images that it matches, and the images of inline patches."""
    rules = items(get(document.root, "images"))
    yield from apart([use for one in rules for use in _image(document, one)])
    for patch in items(get(document.root, "patches")):
        yield from _patch(document, get(patch, "patch"))
    for patch in items(get(document.root, "patchesJson6902")):
        yield from _patch(document, get(patch, "patch"))
    for patch in items(get(document.root, "patchesStrategicMerge")):
        yield from _patch(document, patch)


def _image(document: Document, node: yaml.Node) -> Iterator[Use]:
    """Yield one rule's result: `newName` or `name`, then the tag, then the digest.

    With both Kustomize writes `name:newTag@digest`, and before version 5 `name@digest`: either
    names the digest (api/filters/imagetag/updater.go). `name` is a pattern, so where one is
    written as such nobody can tell from here what it makes.
    """
    own, digest = word(get(node, "newName")), get(node, "digest")
    place = get(node, "newName" if own else "name")
    name, tag = word(place), word(get(node, "newTag"))
    if not name or not isinstance(place, yaml.ScalarNode):
        return
    if word(digest) and isinstance(digest, yaml.ScalarNode):
        start, end = span(document.source, digest)
        edit = fill(document.source, digest)
        text = f"{name}:{tag}@{word(digest)}" if tag else f"{name}@{word(digest)}"
        yield Use(text=text, start=start, end=end, edits=(edit,) if edit else ())
        return
    start, end = span(document.source, place)
    if tag and not own and _PATTERN.search(name):
        yield refused(f"{name}:$tag", start, end, *_MATCHED)
    elif tag:
        yield _tagged(document, node, name)
    elif own:
        yield refused(f"{name}:$tag", start, end, *_ELSEWHERE)


def _tagged(document: Document, node: yaml.Node, name: str) -> Use:
    tag, digest = get(node, "newTag"), get(node, "digest")
    start, end = span(document.source, tag) if isinstance(tag, yaml.ScalarNode) else (0, 0)
    text = f"{name}:{word(tag)}"
    _, at, value = word(tag).partition("@")
    edit: Edit | None
    if at:
        plain = document.text[start:end].endswith(at + value)
        edit = Edit(start=end - len(value), end=end) if plain else None
    elif digest is not None:
        edit = fill(document.source, digest)
    else:
        edit = insert(document.source, node, "newTag", "digest")
    if edit is None:
        return refused(text, start, end, *_BY_HAND)
    return Use(text=text, start=start, end=end, edits=(edit,))


def _patch(document: Document, node: yaml.Node | None) -> Iterator[Use]:
    """Yield the images in the text of a patch: a block's lines are YAML where they stand, too."""
    if not isinstance(node, yaml.ScalarNode) or "image" not in written(node):
        return
    start, end = span(document.source, node)
    if node.style != "|":
        for use in _inner(Source(path=document.path, text=node.value)):
            yield refused(use.text, start, end, *_QUOTED)
        return
    start = document.source.end_of_line(node.start_mark.index)
    inner = Source(path=document.path, text=document.text[start : node.end_mark.index])
    for use in _inner(inner):
        yield moved(use, start)


def _inner(source: Source) -> Iterator[Use]:
    """Yield the images of a patch: of its containers, and of operations on a container's image."""
    try:
        roots = compose(source)
    except Unreadable:
        return  # it names a file, or Kustomize refuses it
    for root in roots:
        for node in walk(root):
            for name in _CONTAINERS:
                for container in items(get(node, name)):
                    yield from image(source, get(container, "image"))
            if scalar(get(node, "op")) in {"add", "replace"}:
                yield from _operation(source, node)


def _operation(source: Source, node: yaml.Node) -> Iterator[Use]:
    """Yield the image that an operation sets (RFC 6902), alone or in a whole container."""
    *_, field, last = ["", *scalar(get(node, "path")).split("/")]
    value = get(node, "value")
    if last == "image" and field not in _NO_IMAGES:
        yield from image(source, value)
    elif field in _CONTAINERS:
        yield from image(source, get(value, "image"))
    elif last in _CONTAINERS:
        for container in items(value):
            yield from image(source, get(container, "image"))


FORMAT = FileFormat(
    name="kustomize",
    title="Kustomizations",
    known_by="`kustomization.yaml`, `Kustomization`",
    syntax="tree",
    paths=(r"(?:^|/)kustomization\.ya?ml", r"(?:^|/)Kustomization"),
    certain=(r"(?:^|/)kustomization\.ya?ml",),
    needles=(),
    claims=claims,
    find=find,
    source="https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/images/",
)
