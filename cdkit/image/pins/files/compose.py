"""Compose: the images of services and image volumes, and those that a build takes from others."""

import re
from collections.abc import Iterator

import yaml
from msgspec.structs import replace

from cdkit.image.pins import dockerfile, templated
from cdkit.image.pins.document import Document
from cdkit.image.pins.tree import entries, get, image, items, scalar, span, written
from cdkit.image.pins.use import FileFormat, Use, image_at, moved, refused

_DOCKER = "docker-image://"
_VARIABLE = re.compile(r"\$(?:\$|\w+|\{(\w+)(?:(:?[-?+])((?:[^{}$]|\$\$)*))?\})")
_WHOLE = re.compile(r"\$\{\w+:?-(.*)\}", re.DOTALL)
_PULLS = re.compile(r"always|missing|if_not_present|daily|weekly|every_\w+")
_LONGEST = 4096
"""Characters of a reference: what is longer is none, however its variables are filled in."""

_COMPOSITE = (
    "is put together from variables",
    "write it whole, or as the default of one variable: ${IMAGE:-name:tag}",
)
_ESCAPED = ("holds escapes", "write it plainly")
_BUILT = (
    "is pulled, and is the name of what is built as well",
    "drop `build`, or set `pull_policy: build`",
)
_INLINE = ("stands in a quoted or folded Dockerfile", "write it as a block: `dockerfile_inline: |`")


def claims(document: Document) -> bool:
    """Whether it has services by name, as every Compose file since version 2 has."""
    if document.templated:
        return "services:" in document.text and "apiVersion:" not in document.text
    return isinstance(get(document.root, "services"), yaml.MappingNode)


def find(document: Document) -> Iterator[Use]:
    """Yield what Compose pulls.

    That is not the image of a service that is built: it names the result (unless a `pull_policy`
    says to pull it), and another service may run it. Neither is `cache_from`, which nothing is
    made of unless it is the same, nor a model, which is no image.
    """
    if document.templated:
        yield from templated.images(document.source)
        return
    services = get(document.root, "services")
    every = dict(entries(services))
    builds = _builds(every)
    built = {
        written(get(every[name], "image")) for name, build in builds.items() if build is not None
    }
    for name, service in every.items():
        yield from _image(document, service, built, is_built=builds[name] is not None)
        for volume in items(get(service, "volumes")):
            if scalar(get(volume, "type")) == "image":
                yield from _reference(document, get(volume, "source"))
        yield from _parts_of_build(document, get(service, "build"))


def _builds(every: dict[str, yaml.Node]) -> dict[str, yaml.Node | None]:
    """Return the build of each service, by what it extends in this file too."""
    builds: dict[str, yaml.Node | None] = {}
    for name in every:
        chain: dict[str, None] = {}
        here, build = name, None
        while here in every and here not in chain and build is None:
            if here in builds:
                build = builds[here]
                break
            chain[here] = None
            build = get(every[here], "build")
            here = _extended(every[here])
        builds |= dict.fromkeys(chain, build)
    return builds


def _extended(service: yaml.Node) -> str:
    extends = get(service, "extends")
    if get(extends, "file") is not None:
        return ""
    return scalar(extends) or scalar(get(extends, "service"))


def _image(
    document: Document, service: yaml.Node, built: set[str], *, is_built: bool
) -> Iterator[Use]:
    node = get(service, "image")
    policy = scalar(get(service, "pull_policy"))
    pulls = _PULLS.fullmatch(policy) is not None
    if is_built and pulls:
        for use in _reference(document, node):
            yield refused(use.text, use.start, use.end, *_BUILT)
    elif not is_built and policy != "never" and (pulls or written(node) not in built):
        yield from _reference(document, node)


def _parts_of_build(document: Document, build: yaml.Node | None) -> Iterator[Use]:
    contexts = get(build, "additional_contexts")
    names = [name for name, _ in entries(contexts)]
    for _, value in entries(contexts):
        if written(value).startswith(_DOCKER):
            yield from _reference(document, value, _DOCKER)
    for value in items(contexts):
        name, equals, context = written(value).partition("=")
        names.append(name)
        if context.startswith(_DOCKER):
            yield from _reference(document, value, name + equals + _DOCKER)
    yield from _inline(document, get(build, "dockerfile_inline"), names)


def _reference(document: Document, node: yaml.Node | None, prefix: str = "") -> Iterator[Use]:
    """Yield the image of a scalar, at the default of the variable that is all of it if one is.

    The syntax of variables is that of the Compose specification ("Interpolation").
    """
    for use in image(document.source, node, prefix):
        if "$" not in use.text or len(use.text) > _LONGEST:
            yield use
            continue
        raw, at = document.text[use.start : use.end], 0
        text = use.text
        while (found := _WHOLE.fullmatch(text)) and _is_one(text):
            text, at = found[1], at + found.start(1)
        if "$" in text or not text:
            filled = _VARIABLE.sub(_default, use.text)
            bare = "$" in filled and _VARIABLE.fullmatch(filled)
            yield replace(use, edits=()) if bare else _composite(use, filled)
        elif raw != use.text:
            yield refused(text, use.start, use.end, *_ESCAPED)
        else:
            start = use.start + at
            yield image_at(text, start, start + len(text), text)


def _composite(use: Use, text: str) -> Use:
    return refused(text, use.start, use.end, *_COMPOSITE)


def _is_one(text: str) -> bool:
    """Whether the brace that a text begins with closes at its end."""
    depth = 0
    for index, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if depth == 0 and index > 0:
            return index == len(text) - 1
    return False


def _default(found: re.Match[str]) -> str:
    if found[0] == "$$":
        return "$$"
    return found[3] if found[2] in {"-", ":-"} and found[3] else found[0]


def _inline(document: Document, node: yaml.Node | None, contexts: list[str]) -> Iterator[Use]:
    """Yield the images of a Dockerfile in a block: its indentation means nothing to a builder."""
    if not isinstance(node, yaml.ScalarNode) or not written(node):
        return
    start, end = span(document.source, node)
    if node.style != "|":
        for use in dockerfile.images(node.value, contexts):
            yield refused(use.text, start, end, *_INLINE)
        return
    start = document.source.end_of_line(node.start_mark.index)
    text = document.text[start : node.end_mark.index]
    for use in dockerfile.images(text, contexts):
        yield moved(use, start)


FORMAT = FileFormat(
    name="compose",
    title="Compose files",
    known_by="`compose*.yaml`, `docker-compose*.yml`",
    syntax="tree",
    paths=(r"(?:^|[/._-])(?:docker-)?compose[^/]*\.ya?ml",),
    certain=(r"(?:^|/)(?:docker-)?compose[^/]*\.ya?ml",),
    needles=(),
    claims=claims,
    find=find,
    source="https://docs.docker.com/reference/compose-file/services/",
)
