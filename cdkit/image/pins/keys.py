"""Writing a digest under a key of its own, in the hand of the file that it goes into."""

import re
from collections.abc import Iterator, Sequence

import yaml

from cdkit.image.pins.document import Source
from cdkit.image.pins.tree import span, written
from cdkit.image.pins.use import Edit, Use, refused

SHARED = ("has a tag or digest that another image has as well", "give each image its own")
_QUOTES = frozenset({"'", '"'})
_NULL = "tag:yaml.org,2002:null"
_NUMBER = re.compile(
    r"[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|0[xob][0-9a-fA-F_]+|\.[0-9]+", re.ASCII
)
_PLAIN = re.compile(r"[0-9]+\.[0-9]+", re.ASCII)
_BOOLEANS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n"})


def word(node: yaml.Node | None) -> str:
    """Return a scalar's text, an empty string for null and for what is no scalar."""
    return "" if node is not None and node.tag == _NULL else written(node)


def fill(source: Source, node: yaml.Node, before: str = "", after: str = "") -> Edit | None:
    """Return the edit that makes a scalar a digest, with what stands around it.

    Its quotes stay. None for what is no scalar on one line.
    """
    if not isinstance(node, yaml.ScalarNode):
        return None
    start, end = node.start_mark.index, node.end_mark.index
    raw = source.text[start:end]
    if node.style in _QUOTES:
        opening = start + raw.find(str(node.style)) + 1
        if source.text[opening : end - 1] != node.value:
            return None
        return Edit(start=opening, end=end - 1, before=before, after=after)
    if node.style or "\n" in raw:
        return None
    if not raw:  # `digest:` and nothing behind it, perhaps a blank
        blank = "" if source.text[start - 1 : start] in {" ", "\t"} else " "
        return Edit(start=start, end=start, before=blank + before, after=after)
    start, end = (start, end) if node.tag == _NULL else span(source, node)
    return Edit(start=start, end=end, before=before, after=after)


def insert(source: Source, mapping: yaml.Node, beside: str, key: str) -> Edit | None:
    """Return the edit that writes a digest under a new key, after the entry called `beside`.

    It is indented and quoted as that entry is. None where that entry is not the mapping's own, or
    its value is no scalar on one line.
    """
    name, value = _own(mapping, beside)
    if name is None or not isinstance(value, yaml.ScalarNode):
        return None
    if value.style in {"|", ">"} or not value.value:
        return None
    start, end = name.start_mark.index, value.end_mark.index
    written = source.text[start:end]
    if "\n" in written or value.end_mark.index < start:
        return None
    mark = name.style if name.style in _QUOTES else ""
    quote = value.style if value.style in _QUOTES else ""
    entry = f"{mark}{key}{mark}: {quote}"
    if isinstance(mapping, yaml.MappingNode) and mapping.flow_style:
        return Edit(start=end, end=end, before=f", {entry}", after=quote)
    at = source.end_of_line(end)
    indent = " " * (start - source.start_of_line(start))
    return Edit(start=at, end=at, before=f"{source.line_end(at)}{indent}{entry}", after=quote)


def _own(mapping: yaml.Node, key: str) -> tuple[yaml.ScalarNode | None, yaml.Node | None]:
    """Return a mapping's own entry, key and value: what it merges in stands elsewhere."""
    if isinstance(mapping, yaml.MappingNode):
        for name, value in mapping.value:
            if isinstance(name, yaml.ScalarNode) and name.value == key:
                return name, value
    return None, None


def apart(found: Sequence[Use]) -> Iterator[Use]:
    """Yield uses, those refused that would write another digest into the same place (an anchor)."""
    places: dict[tuple[int, int], set[str]] = {}
    for use in found:
        for edit in use.edits:
            places.setdefault((edit.start, edit.end), set()).add(use.text)
    for use in found:
        shared = any(len(places[edit.start, edit.end]) > 1 for edit in use.edits)
        yield refused(use.text, use.start, use.end, *SHARED) if shared else use


def is_misread(node: yaml.Node | None) -> bool:
    """Whether a chart prints another text for a tag than the one that is written.

    Without quotes Helm reads numbers and booleans as such (sigs.k8s.io/yaml): of 1.10 it makes 1.1,
    of 1.0 1, of 0123 83, of 12e3 12000, and of on true.
    """
    if not isinstance(node, yaml.ScalarNode) or node.style:
        return False
    text = node.value
    if not _NUMBER.fullmatch(text):
        return text.lower() in _BOOLEANS
    is_whole = text.isdecimal() and (text[0] != "0" or text == "0") and len(text) < 16
    return not is_whole and (
        not _PLAIN.fullmatch(text) or repr(float(text)).removesuffix(".0") != text
    )
