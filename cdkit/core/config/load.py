"""Reading a configuration file: whole, or section by section."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec.inspect
import yaml

from cdkit.core.config.convert import Converter
from cdkit.core.config.nodes import compose
from cdkit.core.errors import ConfigError

T = TypeVar("T")


def load(data: bytes, kind: type[T], *, where: str) -> T:
    """Read a YAML file into a struct.

    Raises ConfigError with every fault of the file: unknown keys (with the nearest known one),
    wrong types, missing and repeated keys, alias bombs, text that is not YAML or not UTF-8.
    """
    node = compose(data, where=where) or _empty()
    return _convert(node, kind, where, "")


def sections(
    data: bytes, known: Mapping[str, type[Any]], also: tuple[str, ...], *, where: str
) -> dict[str, Any]:
    """Read the sections of a file whose other sections (`also`) somebody else will read.

    `known` maps the name of a section to its struct. Returns the sections that stand in the file.
    Raises ConfigError with every fault in the known ones and every section that nobody knows.
    """
    node = compose(data, where=where) or _empty()
    converter = Converter(where)
    found: dict[str, Any] = {}
    names = tuple(dict.fromkeys((*known, *also)))
    for name, (key, value) in converter.mapping(node, "").items():
        if name in known:
            kind = msgspec.inspect.type_info(known[name])
            found[name] = converter.convert(value, kind, name)
        elif name not in also:
            converter.unknown(key, name, names, "")
    _raise(converter)
    return found


def _convert(node: yaml.Node, kind: type[T], where: str, name: str) -> T:
    converter = Converter(where)
    value: T = converter.convert(node, msgspec.inspect.type_info(kind), name)
    _raise(converter)
    return value


def _raise(converter: Converter) -> None:
    if converter.faults:
        key = sorted(converter.faults, key=lambda f: (f.where.line, f.where.column))
        raise ConfigError(tuple(key))


def _empty() -> yaml.Node:
    mark = yaml.Mark("", 0, 0, 0, "", 0)
    return yaml.MappingNode("tag:yaml.org,2002:map", [], mark, mark)
