"""YAML as nodes with their places: read by the C parser, nothing constructed, nothing expanded."""

from collections.abc import Iterator

import yaml

from cdkit.core.errors import ConfigError, Fault
from cdkit.core.finding import Location
from cdkit.core.world import MIB

LIMIT = MIB
"""A configuration of ours is never larger than this, in bytes."""

DEPTH = 40
"""Nor nested deeper than this."""


def compose(data: bytes, *, where: str) -> yaml.Node | None:
    """Return the one document of a YAML file as nodes; None where the file holds none.

    Raises ConfigError at the place where it is not YAML, not UTF-8, too large, or several
    documents.
    """
    if len(data) > LIMIT:
        raise _fault(where, f"is larger than {LIMIT // MIB} MiB", "give a configuration file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data[: fault.start].count(b"\n") + 1
        raise _fault(where, f"is not UTF-8: {fault.reason}", "save it as UTF-8", line) from fault
    try:
        _bounded(text, where)
        return _compose(text)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        said = fault.problem or "cannot be parsed"
        place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise _fault(where, f"is not YAML: {said}", "mend the YAML here", *place) from fault
    except (yaml.YAMLError, ValueError, RecursionError) as fault:
        said = str(fault).splitlines()[0] if str(fault) else "cannot be parsed"
        raise _fault(where, f"is not YAML: {said}", "mend the YAML") from fault


def scalars(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield which bytes of a YAML file each of its plain values and keys takes, in order.

    Raises ConfigError as `compose` does.
    """
    compose(data, where="")
    text = data.decode()
    offset = passed = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.ScalarEvent) and event.start_mark and event.end_mark:
            start, end = event.start_mark.index, event.end_mark.index
            begin = offset + len(text[passed:start].encode())
            offset, passed = begin + len(text[start:end].encode()), end
            yield begin, offset


def _compose(text: str) -> yaml.Node | None:
    loader = yaml.CSafeLoader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _bounded(text: str, where: str) -> None:
    """Refuse what is nested too deep: the C composer recurses, and would take us with it."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH:
            mark = event.start_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            raise _fault(where, f"is nested over {DEPTH} deep", "make it flatter", line, column)


def place(node: yaml.Node, *, where: str) -> Location:
    """Return where a node begins: lines and columns from 1."""
    mark = node.start_mark
    return Location(path=where, line=mark.line + 1, column=mark.column + 1)


def _fault(where: str, what: str, remedy: str, line: int = 0, column: int = 0) -> ConfigError:
    location = Location(path=where, line=line, column=column)
    return ConfigError((Fault(what, where=location, remedy=remedy),))
