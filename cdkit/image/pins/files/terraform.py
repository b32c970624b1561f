"""Terraform: images of resources by type, in HCL and JSON, and the defaults that name them."""

import contextlib
import functools
import re
from collections.abc import Iterator

import yaml

from cdkit.core.errors import CannotTell
from cdkit.image.pins import json_tree
from cdkit.image.pins.document import Document, Source
from cdkit.image.pins.hcl import Body, Expression, Value, parse_hcl
from cdkit.image.pins.terraform import (
    Module,
    Place,
    choices,
    definitions,
    image_places,
    is_lone,
    is_sure,
    manifests,
    place_of,
    reached,
    read_module,
)
from cdkit.image.pins.tree import entries, get, image, items, scalar, span
from cdkit.image.pins.use import Edit, FileFormat, Use, has_tag, image_at, is_whole, refused

_KEY = re.compile(r'"image"\s*:\s*"((?:[^"\\]|\\.)*)"')
_KEY_ESCAPED = re.compile(r'\\"image\\"\s*:\s*\\"([^"\\]*)\\"')
_KEY_YAML = re.compile(
    r"""^[ \t]*(?:- +)?image:[ \t]+["']?((?:\$\{[^}\n]*\}|[^\s"'#])+)""", re.MULTILINE
)
_READS = frozenset({"file", "templatefile"})
_COMMENT = re.compile(r"\s*(?:#|//)\s*([\w.-]+)\s*(?:(?:#|//).*)?")
_VARIABLE = re.compile(r"\$\{\s*((?:var|local)\.[\w-]+)\s*\}")
_MADE_HERE = ("docker_image.", "data.docker_registry_image.", "docker_registry_image.")
_ENOUGH = 20
_COMPOSITE = ("is put together from variables", "name the digest, or give one variable all of it")
_USED = ("is used for something else as well", "give the image a variable of its own")
_ONE = (
    "is where a service takes a tag or a digest, not both",
    "write name@sha256:…, which `docker buildx imagetools inspect` says",
)
_NO_ROOM = (
    "takes a tag or a digest, not both, and has no room for the tag in a comment behind it",
    "write it on a line of its own",
)
_ESCAPED = ("holds escapes", "write it plainly")
_ANY = Place()


def claims(document: Document) -> bool:
    """Whether there is anything: no other tool has files of that name."""
    return bool(document.text.strip())


def find(document: Document) -> Iterator[Use]:
    """Yield the images that resources name, and the defaults of variables that are images.

    A value is followed to the variable or local of this folder that it is. What is put together
    from several is refused.
    """
    if document.path.endswith(".json"):
        yield from _json_files(document)
        return
    folder = _beside(document)
    if "image" not in document.text and not any("image" in text for text in folder.values()):
        return
    body = _parsed(document.path, document.text)
    if not document.path.endswith(".tfvars"):
        folder[document.path] = document.text
    finding = _Finding(document, _module(tuple(sorted(folder.items()))))
    for expression, place in image_places(body):
        yield from finding.place(expression, place)
    for text in manifests(body):
        for found in _KEY_YAML.finditer(text.text):
            yield _in_text(found[1], text.start + found.start(1))
    given = [(f"var.{one.name}", one.value) for one in body.attributes]  # of a .tfvars
    for name, value in (*definitions(body), *given):
        yield from finding.definition(name, value)


@functools.lru_cache(maxsize=512)
def _parsed(path: str, text: str) -> Body:
    """Parse a file once, however many beside it ask for what it says."""
    return parse_hcl(Source(path=path, text=text))


def _beside(document: Document) -> dict[str, str]:
    """Return the texts of the other files of the folder, by their paths."""
    own = document.path.rpartition("/")[2]
    return {
        path: text.removeprefix("\ufeff")
        for path, text in document.around.beside("*.t[fo]*").items()
        if path.endswith((".tf", ".tofu")) and path.rpartition("/")[2] != own
    }


@functools.lru_cache(maxsize=4)
def _module(files: tuple[tuple[str, str], ...]) -> Module:
    """Return what a folder's files, by path and text, say together: the same for each of them."""
    bodies = []
    for path, text in files:
        with contextlib.suppress(CannotTell):  # it is told of where it is looked at itself
            bodies.append(_parsed(path, text))
    return read_module(bodies)


def _is_nothing(value: Expression) -> bool:
    """Whether a default is null or empty, so that something else gives the image."""
    lone = value[0] if len(value) == 1 and value[0].kind in {"text", "ref"} else None
    return lone is not None and lone.text in {"", "null"}


class _Finding:
    def __init__(self, document: Document, module: Module) -> None:
        self._document = document
        self._module = module

    def place(self, expression: Expression, place: Place) -> Iterator[Use]:
        """Yield what a place names, where it is certain that it names images."""
        if place.json:
            yield from self._json(expression)
        elif is_sure(place):
            yield from self._value(expression, place)
        else:
            for part in choices(expression) or (expression,):
                yield from self._value(part, place) if self._is_image(part) else ()

    def definition(self, name: str, value: Expression) -> Iterator[Use]:
        """Yield a default or local that some place is, or that is an image by what it says."""
        lone = value[0] if len(value) == 1 else None
        literal = lone is not None and lone.kind == "text" and lone.plain
        named = name.lower().endswith("image") or name in self._module.perhaps
        by_name = literal and named and self._is_image(value)
        if name in self._module.lists:
            yield from self._json(value)
        elif name not in self._module.images and not by_name:
            yield from self._within(value)
            yield from self._members(frozenset({name}), value)
        elif lone is not None and literal and lone.text and name in self._module.misused:
            yield refused(lone.text, lone.start, lone.end, *_USED)
        elif lone is None or lone.text != "null":
            only = self._module.images.get(name, self._module.perhaps.get(name, False))
            yield from self._value(value, Place(digest_only=only))

    def _members(self, names: frozenset[str], expression: Expression) -> Iterator[Use]:
        """Yield the images that a place takes out of a collection, by the names that it has."""
        held = [one for one in expression if len(expression) == 1]
        for entry in (entry for one in held for entry in one.entries):
            fields = (f".{entry.name}", "[]")
            own = frozenset(name + field for name in names for field in fields)
            yield from self._member(own, entry.value)
        for item in (item for one in held if one.kind == "list" for item in one.inner):
            yield from self._member(frozenset(f"{name}[]" for name in names), item)

    def _member(self, names: frozenset[str], expression: Expression) -> Iterator[Use]:
        module = self._module
        taken = names & module.images.keys()
        lone = expression[0] if len(expression) == 1 and expression[0].plain else None
        if taken and lone and names & module.misused:
            yield refused(lone.text, lone.start, lone.end, *_USED)
        elif taken:
            only = any(module.images[name] for name in taken)
            yield from self._value(expression, Place(digest_only=only))
        else:
            yield from self._members(names, expression)

    def _within(self, expression: Expression) -> Iterator[Use]:
        """Yield the images of a value that containers are made of: by key and by what they say."""
        for one in expression:
            for entry in one.entries:
                if entry.name.lower().endswith("image") and self._is_image(entry.value):
                    yield from self._value(entry.value, _ANY)
                else:
                    yield from self._within(entry.value)
            for inner in one.inner if one.kind in {"list", "call"} else ():
                yield from self._within(inner)

    def _is_image(self, expression: Expression) -> bool:
        return (
            len(expression) == 1 and expression[0].kind == "text" and is_whole(expression[0].text)
        )

    def _value(self, expression: Expression, place: Place, *, depth: int = 0) -> Iterator[Use]:
        """Yield the image that an expression is, or each of those that it may be."""
        parts = choices(expression)
        one = expression[0] if len(expression) == 1 else None
        if parts and depth < _ENOUGH:
            for part in parts:
                yield from self._value(part, place, depth=depth + 1)
        elif one is None or one.kind not in {"text", "ref"}:
            yield from self._open(expression)
        elif one.kind == "ref":
            yield from self._ref(one)
        elif is_lone(one):
            yield from self._ref(one.inner[0][0])
        elif one.text and not (place.curated and one.text.startswith(place.curated)):
            yield self._text(one, place)

    def _ref(self, ref: Value) -> Iterator[Use]:
        """Yield a reference that nothing in this folder says: what does is found at its place."""
        known = reached(ref.text, self._module.definitions)
        said = not all(_is_nothing(one) for _, one in known)
        if ref.text != "null" and not ref.text.startswith(_MADE_HERE) and not said:
            yield from self._open((ref,))

    def _open(self, expression: Expression) -> Iterator[Use]:
        if expression:
            start, end = expression[0].start, expression[-1].end
            if (made := self._made(expression)) and is_whole(_VARIABLE.sub("x", made)):
                yield refused(made, start, end, *_COMPOSITE)
                return
            text = f"${{{self._document.text[start:end][:200]}}}"
            yield Use(text=text, start=start, end=end)

    def _made(self, expression: Expression) -> str:
        """Return what `format` or `join` makes of texts and variables; nothing where unknown."""
        one = expression[0] if len(expression) == 1 and expression[0].kind == "call" else None
        if one is None or one.text not in {"format", "join"} or not one.inner:
            return ""
        pattern, *parts = [self._part(inner) for inner in one.inner]
        if one.text == "format":
            pieces = re.split(r"%[svd]", pattern)
            filled = [piece for pair in zip(pieces, [*parts, ""], strict=False) for piece in pair]
            return "".join(filled) if len(pieces) == len(parts) + 1 and all(parts) else ""
        listed = one.inner[1][0] if len(one.inner) == 2 and len(one.inner[1]) == 1 else None
        parts = [self._part(inner) for inner in listed.inner] if listed else []
        return pattern.join(parts) if all(parts) else ""

    def _part(self, expression: Expression) -> str:
        one = expression[0] if len(expression) == 1 else None
        if one and one.kind == "text":
            return self._filled(one.text)
        return self._filled(f"${{{one.text}}}") if one and one.kind == "ref" else ""

    def _text(self, one: Value, place: Place) -> Use:
        if one.plain:
            if place.digest_only:
                return self._by_digest(one.text, one.start, one.end)
            return image_at(one.text, one.start, one.end, one.text)
        why = _COMPOSITE if one.inner else _ESCAPED
        return refused(self._filled(one.text), one.start, one.end, *why)

    def _filled(self, text: str) -> str:
        """Return a text with the defaults of its variables in their places."""

        def value(found: re.Match[str]) -> str:
            known = self._module.definitions.get(found[1], ())
            plain = len(known) == 1 and known[0].kind == "text" and known[0].plain
            return known[0].text if plain and known[0].text else found[0]

        return _VARIABLE.sub(value, text)

    def _by_digest(self, text: str, start: int, end: int) -> Use:
        """Return an image where a tag or a digest can stand, the tag then kept in a comment."""
        name, at, digest = text.partition("@")
        line_end = self._document.source.end_of_line(end)
        rest = self._document.text[end + 1 : line_end]
        if at:
            comment = _COMMENT.fullmatch(rest)
            name += f":{comment[1]}" if comment and not has_tag(name) else ""
            edits = (Edit(start=end - len(digest), end=end),)
            return Use(text=f"{name}@{digest}", start=start, end=end, edits=edits)
        tag = name.rpartition(":")[2] if has_tag(name) else ""
        pin = Edit(start=end - len(tag) - 1 if tag else end, end=end, before="@")
        if rest.strip() and not rest.strip().startswith(("#", "//")):
            return refused(text, start, end, *_NO_ROOM)
        note = Edit(start=end + 1, end=end + 1, before=f" # {tag or 'latest'}", bare=True)
        return Use(text=text, start=start, end=end, edits=(pin, note))

    def _json(self, expression: Expression) -> Iterator[Use]:
        """Yield the images of JSON: made of objects, or written as a text."""
        for one in expression:
            if one.kind in {"heredoc", "text"}:
                pattern = _KEY if one.kind == "heredoc" else _KEY_ESCAPED
                for found in pattern.finditer(one.text):
                    start = one.start + found.start(1)
                    yield _in_text(found[1], start)
            elif one.kind == "call" and one.text in _READS:
                yield from self._open((one,))
            elif one.kind == "ref" and len(expression) == 1:
                yield from self._ref(one)
            for entry in one.entries:
                if entry.name.lower() == "image":
                    yield from self._value(entry.value, _ANY)
                elif entry.value[0:1] and entry.value[0].kind != "ref":
                    yield from self._json(entry.value)
            for inner in one.inner if one.kind in {"list", "call", "other"} else ():
                yield from self._json(inner)


def _in_text(text: str, start: int) -> Use:
    """Return an image in a text of JSON, where variables and escapes may stand as well."""
    end = start + len(text)
    if "\\" in text or "${" in text or "%{" in text:
        return refused(text, start, end, *(_ESCAPED if "\\" in text else _COMPOSITE))
    return image_at(text, start, end, text)


def _json_files(document: Document) -> Iterator[Use]:
    """Yield the images of a file in Terraform's JSON, where blocks are members by their labels."""
    root = json_tree.parse(document.source)
    for resource, named in entries(get(root, "resource")):
        place = place_of(resource)
        for one in _each(named) if place else ():
            for _, body in entries(one):
                for part in _each(body) if place else ():
                    if place and not (place.unless and get(part, place.unless)):
                        yield from _in_json(document, part, "", place)
    for one in _each(get(root, "variable")):
        for name, variable in entries(one):
            yield from _by_name(document, name, get(variable, "default"))
    for kind in ("locals", "module"):
        yield from _by_name(document, "", get(root, kind))


def _by_name(document: Document, name: str, node: yaml.Node | None) -> Iterator[Use]:
    """Yield what is called an image and looks like one, in a value or anywhere in it."""
    waiting = [(name, node)]
    while waiting:
        name, here = waiting.pop()
        waiting += [*entries(here), *((name, one) for one in items(here))]
        if name.lower().endswith("image") and is_whole(scalar(here)):
            yield from image(document.source, here)


def _each(node: yaml.Node | None) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from items(node)
    elif node is not None:
        yield node


def _in_json(document: Document, node: yaml.Node, kind: str, place: Place) -> Iterator[Use]:
    waiting = [(kind, node)]
    while waiting:
        kind, here = waiting.pop()
        waiting += [(kind, below) for below in items(here)]
        for name, value in entries(here):
            fits = name in place.attributes and (not place.within or kind in place.within)
            if name in place.json and isinstance(value, yaml.ScalarNode):
                start, end = span(document.source, value)
                if scalar(value).startswith("${"):
                    yield Use(text=scalar(value)[:200], start=start, end=end)
                for found in _KEY_ESCAPED.finditer(document.text, start, end):
                    yield _in_text(found[1], found.start(1))
            elif fits and isinstance(value, yaml.ScalarNode):
                yield from _of_json(document, value, place)
            else:
                waiting.append((name, value))


def _of_json(document: Document, node: yaml.ScalarNode, place: Place) -> Iterator[Use]:
    text = scalar(node)
    if place.curated and text.startswith(place.curated):
        return
    for use in image(document.source, node):
        if text.startswith(tuple(f"${{{name}" for name in _MADE_HERE)):
            return
        if "${" in text:
            yield refused(text, use.start, use.end, *_COMPOSITE)
        elif place.digest_only and "@" not in text:
            yield refused(text, use.start, use.end, *_ONE)
        else:
            yield use


FORMAT = FileFormat(
    name="terraform",
    title="Terraform",
    known_by="`*.tf`, `*.tf.json`",
    syntax="text",
    paths=(r"\.(?:tf|tofu|tfvars)", r"\.(?:tf|tofu)\.json"),
    needles=(),
    any_of=(b"image", b"locals", b"variable"),
    claims=claims,
    find=find,
    source="https://developer.hashicorp.com/terraform/language/syntax/configuration",
)
