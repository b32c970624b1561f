"""YAML nodes into our structs, by what `msgspec.inspect` says of their fields.

`msgspec.convert` would name only the first fault and lose its place.
"""

import re
from typing import Any

import msgspec.inspect as types
import yaml

from cdkit.core.config.nodes import place
from cdkit.core.errors import Fault

_MOST_NODES = 100_000
"""Nodes walked at the most. An alias is walked each time that it is used: a bomb ends here."""

_MOST_DEPTH = 40
_TAG = "tag:yaml.org,2002:"
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})", re.ASCII)
_FLOAT = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?", re.ASCII)
"""No leading zero: YAML 1.1 reads 010 as 8, 1.2 as 10. No number has more digits than 64 bits."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
"""A day is its own text: YAML 1.1 reads a timestamp, 1.2's core schema (10.3.2) has none. One with
a time is not taken: who wrote it may mean another zone than who reads it."""

_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NOTHING: Any = object()


class Converter:
    """Walks nodes, collects faults. A value with a fault becomes the `_NOTHING` mark."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.faults: list[Fault] = []
        self._walked = 0

    def convert(self, node: yaml.Node, kind: types.Type, name: str, depth: int = 0) -> Any:
        """Return the value of a node as this type, or a mark that it has faults."""
        self._walked += 1
        if self._walked > _MOST_NODES or depth > _MOST_DEPTH:
            if self._walked <= _MOST_NODES + 1:
                self.fault(
                    node, f"{name} is too large or too deep", "write it out, without aliases"
                )
                self._walked = _MOST_NODES + 1
            return _NOTHING
        kind = _bare(kind)
        match kind:
            case types.UnionType():
                return self._union(node, kind, name, depth)
            case types.StructType():
                return self.struct(node, kind, name, depth)
            case types.DictType():
                return self._dict(node, kind, name, depth)
            case types.VarTupleType() | types.ListType():
                return self._list(node, kind, name, depth)
            case _:
                return self._scalar(node, kind, name)

    def struct(self, node: yaml.Node, kind: types.StructType, name: str, depth: int = 0) -> Any:
        """Return a struct; every unknown, missing, repeated and faulty key is a fault."""
        fields = {field.encode_name: field for field in kind.fields}
        values: dict[str, Any] = {}
        before = len(self.faults)
        for key, (key_node, value) in self.mapping(node, name).items():
            field = fields.get(key)
            if field is None:
                self.unknown(key_node, key, tuple(fields), name)
            else:
                inner = f"{name}.{key}" if name else key
                values[field.name] = self.convert(value, field.type, inner, depth + 1)
        for key, field in fields.items():
            if field.required and field.name not in values:
                self.fault(node, f"{name or 'the file'} lacks {key!r}", f"add `{key}:`")
        if len(self.faults) > before or _NOTHING in values.values():
            return _NOTHING
        return kind.cls(**values)

    def mapping(self, node: yaml.Node, name: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Return a mapping's keys with their nodes; a repeated key and a merge are faults."""
        if _is_null(node):
            return {}
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, _found(node, name, "a mapping"), "write `key: value` lines")
            return {}
        found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            text = key.value if isinstance(key, yaml.ScalarNode) else None
            if text is None or key.tag == f"{_TAG}merge":
                self.fault(key, "this key is not plain text", "write the keys out, without `<<`")
            elif text in found:
                line = found[text][0].start_mark.line + 1
                self.fault(key, f"{text!r} stands twice (first in line {line})", "remove one")
            else:
                found[text] = (key, value)
        return found

    def unknown(self, node: yaml.Node, key: str, known: tuple[str, ...], name: str) -> None:
        """Add the fault for a key that nobody knows, with the nearest one that exists."""
        import difflib

        near = difflib.get_close_matches(key, known, n=1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
        self.fault(node, f"unknown key {key!r}" + (f" in {name}" if name else ""), remedy)

    def fault(self, node: yaml.Node, what: str, remedy: str) -> None:
        """Add a fault at a node."""
        self.faults.append(Fault(what, where=place(node, where=self.where), remedy=remedy))

    def _union(self, node: yaml.Node, kind: types.UnionType, name: str, depth: int) -> Any:
        if _is_null(node) and any(isinstance(t, types.NoneType) for t in kind.types):
            return None
        structs = [t for t in kind.types if isinstance(_bare(t), types.StructType)]
        others = [
            t for t in kind.types if not isinstance(_bare(t), types.StructType | types.NoneType)
        ]
        wanted = structs if isinstance(node, yaml.MappingNode) and structs else others or structs
        return self.convert(node, wanted[0], name, depth)

    def _dict(self, node: yaml.Node, kind: types.DictType, name: str, depth: int) -> Any:
        pairs = {
            key: self.convert(value, kind.value_type, f"{name}.{key}", depth + 1)
            for key, (_, value) in self.mapping(node, name).items()
        }
        return _NOTHING if _NOTHING in pairs.values() else pairs

    def _list(
        self, node: yaml.Node, kind: types.VarTupleType | types.ListType, name: str, depth: int
    ) -> Any:
        if _is_null(node):
            return ()
        if not isinstance(node, yaml.SequenceNode):
            example = node.value if isinstance(node, yaml.ScalarNode) else "…"
            self.fault(node, _found(node, name, "a list"), f"write `[{example}]`")
            return _NOTHING
        items = [
            self.convert(item, kind.item_type, f"{name}[{index}]", depth + 1)
            for index, item in enumerate(node.value)
        ]
        if any(item is _NOTHING for item in items):
            return _NOTHING
        return tuple(items) if isinstance(kind, types.VarTupleType) else items

    def _scalar(self, node: yaml.Node, kind: types.Type, name: str) -> Any:
        if not isinstance(node, yaml.ScalarNode) or _is_null(node):
            self.fault(node, _found(node, name, _WANTED.get(type(kind), "a value")), "give a value")
            return _NOTHING
        value = _value(node, kind)
        if value is _NOTHING:
            what, remedy = _explain(node, kind, name)
            self.fault(node, what, remedy)
        return value


def _value(node: yaml.ScalarNode, kind: types.Type) -> Any:
    """Return a scalar as this type, or the mark where it is none."""
    text, tag = node.value, node.tag.removeprefix(_TAG)
    match kind:
        case types.StrType():
            return text if tag == "str" or _is_day(node) else _NOTHING
        case types.BoolType():
            return _BOOLEANS.get(text.lower(), _NOTHING) if tag == "bool" else _NOTHING
        case types.IntType():
            return int(text) if tag == "int" and _DECIMAL.fullmatch(text) else _NOTHING
        case types.FloatType():
            number = tag in {"int", "float"} and _FLOAT.fullmatch(text)
            return float(text) if number else _NOTHING
        case types.LiteralType():
            return text if text in kind.values and tag == "str" else _NOTHING
        case types.EnumType():
            return kind.cls(text) if text in {member.value for member in kind.cls} else _NOTHING
        case _:
            msg = f"a configuration cannot hold {kind}"
            raise TypeError(msg)


def _is_day(node: yaml.ScalarNode) -> bool:
    return node.tag == f"{_TAG}timestamp" and _DAY.fullmatch(node.value) is not None


def _explain(node: yaml.ScalarNode, kind: types.Type, name: str) -> tuple[str, str]:
    """Return what is wrong with a scalar, and what to write."""
    if isinstance(kind, types.LiteralType | types.EnumType):
        values = kind.values if isinstance(kind, types.LiteralType) else [m.value for m in kind.cls]
        choices = [str(value) for value in values]
        return _found(node, name, f"one of {', '.join(choices)}"), _nearest(node.value, choices)
    wanted = _WANTED.get(type(kind), "a value")
    if isinstance(kind, types.StrType):
        quoted = f'write it in quotes: "{node.value}"'
        if node.tag == f"{_TAG}timestamp":
            quoted = f"write the day alone, as in 2027-01-31; or, where a time may stand, {quoted}"
        return _found(node, name, wanted), quoted
    return _found(node, name, wanted), f"write {wanted}, without quotes"


def _nearest(text: str, choices: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(text, choices, n=1)
    return f"did you mean {near[0]!r}?" if near else f"write {choices[0]!r}, for example"


def _found(node: yaml.Node, name: str, wanted: str) -> str:
    shown = f" {node.value[:60]!r}" if isinstance(node, yaml.ScalarNode) and node.value else ""
    kind = _KINDS.get(node.tag.removeprefix(_TAG), "something else")
    return f"{name or 'the file'} is {kind}{shown}; expected {wanted}"


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == f"{_TAG}null"


def _bare(kind: types.Type) -> types.Type:
    return kind.type if isinstance(kind, types.Metadata) else kind


_WANTED: dict[type[types.Type], str] = {
    types.StrType: "text",
    types.BoolType: "true or false",
    types.IntType: "a whole number",
    types.FloatType: "a number",
}
_KINDS = {
    "str": "the text",
    "int": "the number",
    "float": "the number",
    "bool": "the truth value",
    "null": "empty",
    "timestamp": "the date",
    "seq": "a list",
    "map": "a mapping",
}
