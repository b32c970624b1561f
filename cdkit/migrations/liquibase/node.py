"""A changelog as a tree: from XML, YAML and JSON the same, each part with its line."""

from collections.abc import Iterator, Mapping

import yaml
from msgspec import Struct, structs

from cdkit.core.config.nodes import compose
from cdkit.core.documents.xml import DEPTH, feed, parser_for
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location

MOST = 200_000
"""Parts of one changelog at the most; an alias counts each time that it is used."""

_TAG = "tag:yaml.org,2002:"


class Node(Struct, frozen=True, kw_only=True):
    """An element of a changelog: its name, its plain values, what is in it, its text, its line.

    In YAML and JSON a plain value is an attribute, a list an element for each of its items.
    """

    name: str
    attributes: Mapping[str, str] = {}
    children: tuple["Node", ...] = ()
    text: str = ""
    line: int = 0

    def all(self, name: str) -> Iterator["Node"]:
        """Yield the children of a name."""
        return (child for child in self.children if child.name == name)

    def get(self, name: str) -> str:
        """Return a plain value, also where it is an element with nothing but text; else nothing."""
        if name in self.attributes:
            return self.attributes[name]
        return next((child.text for child in self.all(name)), "")


def tree_of(path: str, data: bytes) -> Node:
    """Return the tree of a changelog.

    Raises Unreadable or ConfigError, at the line, where it is not well-formed, declares entities,
    is not UTF-8, too large or too deep.
    """
    if path.lower().endswith(".xml"):
        return _from_xml(path, data)
    found = compose(data, where=path)
    counter = _Counter(path)
    if isinstance(found, yaml.MappingNode):
        for key, value in found.value:
            if getattr(key, "value", "") == "databaseChangeLog":
                return _element("databaseChangeLog", value, counter)
    raise Unreadable("holds no databaseChangeLog", where=path, remedy="give a changelog")


class _Open:
    """An element whose end has not come."""

    def __init__(self, name: str, attributes: dict[str, str], line: int) -> None:
        self.name = name
        self.attributes = attributes
        self.line = line
        self.children: list[Node] = []
        self.text: list[str] = []

    def close(self) -> Node:
        return Node(
            name=self.name,
            attributes=self.attributes,
            children=tuple(self.children),
            text="".join(self.text),
            line=self.line,
        )


def _from_xml(path: str, data: bytes) -> Node:
    parser = parser_for(path)
    parser.buffer_text = True
    stack = [_Open("", {}, 0)]
    counter = _Counter(path)

    def start(name: str, attributes: dict[str, str]) -> None:
        counter.count(len(stack))
        plain = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        stack.append(_Open(name.rpartition(":")[2], plain, parser.CurrentLineNumber))

    def end(_name: str) -> None:
        done = stack.pop().close()
        stack[-1].children.append(done)

    def text(piece: str) -> None:
        stack[-1].text.append(piece)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    feed(parser, _Whole(data), path)
    for root in stack[0].children:
        if root.name == "databaseChangeLog":
            return root
    raise Unreadable("holds no databaseChangeLog", where=path, remedy="give a changelog")


class _Whole:
    """A file that is read already, as a stream."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def read(self, size: int, /) -> bytes:
        self._position += size
        return self._data[self._position - size : self._position]


class _Counter:
    """Counts the parts of a changelog, and refuses too many."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._counted = 0

    def count(self, depth: int) -> None:
        self._counted += 1
        if self._counted > MOST or depth > DEPTH:
            raise Unreadable(
                f"is deeper than {DEPTH} levels, or has over {MOST} parts",
                where=Location(path=self._path),
                remedy="write several changelogs, without aliases",
            )


def _element(name: str, node: yaml.Node, counter: _Counter, depth: int = 0) -> Node:
    """Return a YAML value as an element: a mapping's plain values are its attributes."""
    counter.count(depth)
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        # The text of a block begins in the line after its mark.
        return Node(name=name, text=_plain(node), line=line + (node.style in {"|", ">"}))
    attributes: dict[str, str] = {}
    children: list[Node] = []
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            children += _item(item, counter, depth + 1)
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        word = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
        if isinstance(value, yaml.ScalarNode) and "\n" not in value.value:
            attributes[word] = _plain(value)
        else:
            children.append(_element(word, value, counter, depth + 1))
    return Node(name=name, attributes=attributes, children=tuple(children), line=line)


def _item(item: yaml.Node, counter: _Counter, depth: int) -> Iterator[Node]:
    """Yield what an item of a list is: an element for each of its keys, or a plain value."""
    if not isinstance(item, yaml.MappingNode):
        yield _element("", item, counter, depth)
        return
    for key, value in item.value:
        made = _element(str(getattr(key, "value", "")), value, counter, depth)
        if isinstance(value, yaml.ScalarNode):
            yield made
        else:
            yield structs.replace(made, line=key.start_mark.line + 1)


def _plain(node: yaml.ScalarNode) -> str:
    return "" if node.tag == f"{_TAG}null" else str(node.value)
