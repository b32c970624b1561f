"""JSON as the same nodes as YAML, for the files that a YAML parser does not take."""

import json
import re

import yaml

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.image.pins.document import Lines, Source

_BLANK = re.compile(r"[ \t\r\n]*")
_WORD = re.compile(r"-?[0-9.eE+-]+|true|false|null")
_SCAN = json.JSONDecoder().raw_decode
_DEEPEST = 100
_STRING = "tag:yaml.org,2002:str"


def parse(source: Source) -> yaml.Node:
    """Return the one value of a JSON file (RFC 8259) as a node with places.

    Raises Unreadable at the place where it is none. YAML 1.1 is no superset of it: it knows no
    pairs of surrogates, and no tab before a word.
    """
    reading = _Reading(source)
    node, end = reading.value(0, 0)
    end = reading.skip(end)
    if end < len(source.text):
        raise reading.fault(end, "goes on after its value")
    return node


class _Reading:
    def __init__(self, source: Source) -> None:
        self._text = source.text
        self._lines = Lines(source)

    def skip(self, at: int) -> int:
        found = _BLANK.match(self._text, at)
        return found.end() if found else at

    def value(self, at: int, depth: int) -> tuple[yaml.Node, int]:
        at = self.skip(at)
        if depth > _DEEPEST:
            raise self.fault(at, f"is nested over {_DEEPEST} deep")
        match self._text[at : at + 1]:
            case "{":
                return self._mapping(at, depth)
            case "[":
                return self._sequence(at, depth)
            case '"':
                return self._string(at)
            case _:
                return self._word(at)

    def _mapping(self, start: int, depth: int) -> tuple[yaml.Node, int]:
        pairs: list[tuple[yaml.Node, yaml.Node]] = []
        at = self.skip(start + 1)
        while self._text[at : at + 1] != "}":
            key, at = self._string(at)
            value, at = self.value(self._past(self.skip(at), ":"), depth + 1)
            pairs.append((key, value))
            at = self._next(at, "}")
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, *self._marks(start, at + 1)), at + 1

    def _sequence(self, start: int, depth: int) -> tuple[yaml.Node, int]:
        found: list[yaml.Node] = []
        at = self.skip(start + 1)
        while self._text[at : at + 1] != "]":
            value, at = self.value(at, depth + 1)
            found.append(value)
            at = self._next(at, "]")
        marks = self._marks(start, at + 1)
        return yaml.SequenceNode("tag:yaml.org,2002:seq", found, *marks), at + 1

    def _next(self, at: int, bracket: str) -> int:
        """Return where the bracket closes, or where the next member begins."""
        at = self.skip(at)
        if self._text[at : at + 1] == bracket:
            return at
        at = self.skip(self._past(at, ","))
        if self._text[at : at + 1] == bracket:
            raise self.fault(at, "has a comma before the end")
        return at

    def _past(self, at: int, mark: str) -> int:
        if self._text[at : at + 1] != mark:
            raise self.fault(at, f"has no {mark!r} where one must be")
        return at + 1

    def _string(self, start: int) -> tuple[yaml.Node, int]:
        if self._text[start : start + 1] != '"':
            raise self.fault(start, "has no name in quotes where one must be")
        try:
            value, end = _SCAN(self._text, start)
        except json.JSONDecodeError as fault:
            raise self.fault(fault.pos, fault.msg) from fault
        return yaml.ScalarNode(_STRING, value, *self._marks(start, end), style='"'), end

    def _word(self, start: int) -> tuple[yaml.Node, int]:
        found = _WORD.match(self._text, start)
        if not found:
            raise self.fault(start, "holds something that is no value")
        tag = "tag:yaml.org,2002:null" if found[0] == "null" else "tag:yaml.org,2002:int"
        return yaml.ScalarNode(tag, found[0], *self._marks(start, found.end())), found.end()

    def _marks(self, start: int, end: int) -> tuple[yaml.Mark, yaml.Mark]:
        return self._mark(start), self._mark(end)

    def _mark(self, at: int) -> yaml.Mark:
        place = self._lines.place(at)
        return yaml.Mark(place.path, at, place.line - 1, place.column - 1, None, 0)

    def fault(self, at: int, what: str) -> Unreadable:
        where: Location = self._lines.place(min(at, len(self._text)))
        return Unreadable(
            f"is not JSON: {what}", where=where, remedy="mend the JSON here, or except the file"
        )
