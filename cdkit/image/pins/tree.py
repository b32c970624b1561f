"""Foreign YAML and JSON as nodes with their places: nothing constructed, nothing expanded."""

from collections.abc import Collection, Iterator

import yaml

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.world import MIB
from cdkit.image.pins.document import Lines, Source
from cdkit.image.pins.use import Use, holds_variable, image_at, refused

WHOLE = "write the whole reference in one place, or see that what fills it in names a digest"
_STANDARD = "tag:yaml.org,2002:"
_TAGS: dict[type[yaml.Node], str] = {
    yaml.ScalarNode: f"{_STANDARD}str",
    yaml.SequenceNode: f"{_STANDARD}seq",
    yaml.MappingNode: f"{_STANDARD}map",
}
_QUOTES = ("'", '"')
_NULLS = frozenset({"~", "null", "Null", "NULL"})
_DEEPEST = 100
_COPIES = 4
_MOST_COPIED = 4 * MIB
_SUSPECT = 400
"""Brackets in a whole file, or blanks and dashes before a word, that make us count the depth."""


class _Loader(yaml.CBaseLoader):
    """Takes every plain scalar for text, which spares a regular expression for each."""

    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: object) -> str:
        """Return the tag of a node that has none of its own."""
        del value, implicit
        return _TAGS[kind]

    def descend_resolver(self, node: yaml.Node | None, index: object) -> None:
        """Do nothing: no tag depends on where a node stands."""

    def ascend_resolver(self) -> None:
        """Do nothing."""


def compose(source: Source) -> tuple[yaml.Node, ...]:
    """Return the documents of a YAML or JSON file, empty ones left out.

    The marks of each node count characters of the source's text. Raises Unreadable at the place
    where it is neither, or is nested deeper than 100.
    """
    text = source.text
    try:
        if _may_be_deep(text):
            _refuse_depth(source)
        loader = _Loader(text)
        try:
            roots = tuple(_documents(loader))
        finally:
            loader.dispose()
    except yaml.YAMLError as fault:
        if text.lstrip()[:1] in {"{", "["}:
            from cdkit.image.pins.json_tree import parse

            return (parse(source),)
        raise _unreadable(source, fault) from fault
    except (ValueError, RecursionError) as fault:
        raise Unreadable(
            f"is not YAML: {fault}", where=source.path, remedy="mend the YAML"
        ) from fault
    if "*" in text and "&" in text:
        _refuse_copies(source, roots)
    return roots


def _documents(loader: yaml.CBaseLoader) -> Iterator[yaml.Node]:
    while loader.check_node():
        node = loader.get_node()
        if node is not None:
            yield node


def _may_be_deep(text: str) -> bool:
    if text.count("[") + text.count("{") > _SUSPECT:
        return True
    if f"{'':{_DEEPEST}}" in text:
        return True
    return "- - - - - " in text or "? ? ? ? ? " in text or "-\t-\t" in text


def _refuse_depth(source: Source) -> None:
    """Refuse what is nested too deep: the C composer recurses, and would take us with it."""
    depth = 0
    for event in yaml.parse(source.text, Loader=yaml.CBaseLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST and event.start_mark:
            raise Unreadable(
                f"is nested over {_DEEPEST} deep",
                where=Location(path=source.path, line=event.start_mark.line + 1),
                remedy="except the file, with a reason",
            )


def _refuse_copies(source: Source, roots: tuple[yaml.Node, ...]) -> None:
    """Refuse a file whose aliases stand for far more than it holds: reading it would not end.

    The size of a node is that of its text and of all below it, aliases followed; a circle of
    aliases counts once, as whoever reads it goes round once.
    """
    most = _COPIES * len(source.text) + _MOST_COPIED
    sizes: dict[int, int] = {}
    waiting: list[tuple[yaml.Node, bool]] = [(root, False) for root in roots]
    while waiting:
        node, is_back = waiting.pop()
        if is_back:
            sizes[id(node)] = min(1 + sum(sizes[id(part)] for part in _parts(node)), most + 1)
        elif id(node) not in sizes and isinstance(node, yaml.CollectionNode):
            sizes[id(node)] = 0
            waiting.append((node, True))
            waiting += [(part, False) for part in _parts(node)]
        elif id(node) not in sizes:
            sizes[id(node)] = 1 + len(node.value)
    if sum(sizes[id(root)] for root in roots) > most:
        raise Unreadable(
            f"holds aliases that stand for over {most // MIB} MiB of text",
            where=source.path,
            remedy="write what they stand for once, or except the file, with a reason",
        )


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value)


def _unreadable(source: Source, fault: yaml.YAMLError) -> Unreadable:
    mark = getattr(fault, "problem_mark", None) or getattr(fault, "context_mark", None)
    said = getattr(fault, "problem", "") or str(fault).partition("\n")[0] or "cannot be parsed"
    at = mark.index if mark else _offset(source.text, getattr(fault, "position", 0))
    return Unreadable(
        f"is not YAML: {said}",
        where=Lines(source).place(min(at, len(source.text))),
        remedy="mend the YAML here, or except the file, with a reason",
    )


def _offset(text: str, position: int) -> int:
    """Return where a character stands that the reader refuses, which counts bytes of UTF-8."""
    return len(text.encode()[:position].decode(errors="ignore"))


def entries(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    """Yield the keys and values of a mapping, those that it merges in (`<<`) included.

    A key of the mapping's own hides a merged one (YAML 1.1, merge key type). Nothing is yielded
    for what is no mapping. Raises Unreadable, without a path, where a key stands twice: some
    readers take the first, some the last, some neither.
    """
    told: set[str] = set()
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if not isinstance(here, yaml.MappingNode) or id(here) in seen:
            continue
        seen.add(id(here))
        own: set[str] = set()
        for key, value in here.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name == "<<":
                waiting.extend(reversed(_merged(value)))
            elif name in own:
                raise _twice(key, str(name))
            elif name is not None:
                own.add(name)
                if name not in told:
                    told.add(name)
                    yield name, value


def _twice(key: yaml.Node, name: str) -> Unreadable:
    return Unreadable(
        f"holds the key {name[:80]!r} twice",
        where=Location(path="", line=key.start_mark.line + 1, column=key.start_mark.column + 1),
        remedy="take one of them out",
    )


def _merged(value: yaml.Node) -> list[yaml.Node]:
    return list(value.value) if isinstance(value, yaml.SequenceNode) else [value]


def get(node: yaml.Node | None, *path: str) -> yaml.Node | None:
    """Return what stands at a path of keys, or None; Unreadable where one of them stands twice."""
    for name in path:
        if not isinstance(node, yaml.MappingNode):
            return None
        found, merges = None, False
        for key, value in node.value:
            if key.__class__ is not yaml.ScalarNode:
                continue
            if key.value == name:
                if found is not None:
                    raise _twice(key, name)
                found = value
            elif key.value == "<<":
                merges = True
        node = dict(entries(node)).get(name) if merges and found is None else found
    return node


def key_of(node: yaml.Node | None, name: str) -> yaml.ScalarNode | None:
    """Return the node of a key itself, for what has to be written beside it."""
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((key for key, _ in node.value if getattr(key, "value", None) == name), None)


def items(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """Yield the items of a sequence; nothing for what is none."""
    if isinstance(node, yaml.SequenceNode):
        yield from node.value


def scalar(node: yaml.Node | None) -> str:
    """Return a scalar's text, an empty string for what is none, is null, or has a tag (`!Ref`)."""
    if not isinstance(node, yaml.ScalarNode) or not node.tag.startswith(_STANDARD):
        return ""
    return "" if node.value in _NULLS and not node.style else str(node.value)


def written(node: yaml.Node | None) -> str:
    """Return a scalar's text whatever its tag: most readers pass over a tag that they do not know.

    An empty string for what is none, and for null.
    """
    if not isinstance(node, yaml.ScalarNode) or (
        node.value in _NULLS and node.style not in _QUOTES
    ):
        return ""
    return str(node.value)


def either(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """Return what a mapping has under a key, or else the node: for what may be written shortly."""
    return get(node, key) if isinstance(node, yaml.MappingNode) else node


def members(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """Yield the items of a sequence, or the values of a mapping."""
    yield from items(node)
    for _, value in entries(node):
        yield value


def walk(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """Yield a node and all below it, each once however many aliases lead to it."""
    seen: set[int] = set()
    waiting = [node] if node is not None else []
    while waiting:
        here = waiting.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        yield here
        if isinstance(here, yaml.MappingNode):
            waiting.extend(value for _, value in reversed(here.value))
        elif isinstance(here, yaml.SequenceNode):
            waiting.extend(reversed(here.value))


def fields(root: yaml.Node | None, names: frozenset[str]) -> Iterator["Field"]:
    """Yield each mapping below a node that has one of these keys, with the key and its value.

    Every mapping is looked at once, however many aliases lead to it, in no order to rely on.
    """
    seen: set[int] = set()
    waiting = [root] if isinstance(root, yaml.CollectionNode) else []
    while waiting:
        here = waiting.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        if here.__class__ is yaml.MappingNode:
            for key, value in here.value:
                if value.__class__ is not yaml.ScalarNode:
                    waiting.append(value)
                if key.__class__ is yaml.ScalarNode and key.value in names:
                    yield here, key.value, value
        else:
            waiting += [one for one in here.value if one.__class__ is not yaml.ScalarNode]


Field = tuple[yaml.MappingNode, str, yaml.Node]
"""A mapping, one of its keys, and what stands there."""


def mappings(node: yaml.Node | None, without: Collection[str]) -> Iterator[yaml.MappingNode]:
    """Yield a node and all below it that are mappings, but for what stands at some keys."""
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if here is None or id(here) in seen:
            continue
        seen.add(id(here))
        if isinstance(here, yaml.MappingNode):
            yield here
            waiting += [value for name, value in entries(here) if name not in without]
        else:
            waiting += items(here)


def span(source: Source, node: yaml.ScalarNode) -> tuple[int, int]:
    """Return where a scalar's own text begins and ends: without quotes, anchor and tag.

    Where a string holds escapes, this is the text between its quotes.
    """
    start, end = node.start_mark.index, node.end_mark.index
    raw, value = source.text[start:end], node.value.strip()
    at = raw.find(value)
    if value and at >= 0 and raw.find(value, at + 1) < 0:
        return start + at, start + at + len(value)
    opening = raw.find(node.style) if node.style in {"'", '"'} else -1
    return (start + opening + 1, end - 1) if opening >= 0 else (start, end)


def image(source: Source, node: yaml.Node | None, prefix: str = "") -> Iterator[Use]:
    """Yield the use of an image in a scalar that holds a whole reference, if it is one.

    `prefix` is what stands before the reference in the scalar (`docker://`). An empty scalar and a
    mapping yield nothing.
    """
    text = written(node).strip()
    if not isinstance(node, yaml.ScalarNode) or not text.startswith(prefix) or not text:
        return
    start, end = span(source, node)
    start += len(prefix)
    raw, text = source.text[start:end], text[len(prefix) :]
    if node.style == ">" and "\n" in raw:
        yield refused(text, start, end, "is folded over lines", "write it on one line")
    elif holds_variable(text):
        yield refused(text, start, end, "is put together from variables", WHOLE)
    elif text and not scalar(node):
        yield refused(
            text, start, end, f"has a tag of its own, {node.tag[:80]}", "take the tag out"
        )
    elif text:
        yield image_at(text, start, end, raw)
