"""Filling a service's JSON from what an event says, with nothing left open to what it says."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from cdkit.core.secret import Secret

_HOLE = re.compile(r"\{([a-z][a-z0-9.-]*)\}")
_WHOLE = re.compile(r"\{([a-z][a-z0-9.-]*)\}\Z")
_MAYBE = "?"
_DROPPED: Any = object()

Escape = Callable[[str], str]


class Lacking(Exception):
    """The event does not say what the template needs; `name` is the fact."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


class Filling(Struct, frozen=True, kw_only=True):
    """What holes are filled with, and how text is made harmless where it stands among other text.

    A text of the template that is one hole takes the value as it is: a number stays one. One that
    begins with `?` may lack its facts: its field, or its entry in a list, is then left out; an
    object with a key `?` in it likewise. A whole address is never escaped.
    """

    values: Mapping[str, Any]
    escape: Escape


def fill(template: Any, filling: Filling) -> Any:  # noqa: ANN401 - any JSON
    """Return JSON with its holes filled; raises Lacking where a fact is needed and not there."""
    filled = _fill(template, filling)
    return None if filled is _DROPPED else filled


def fill_text(template: str, filling: Filling) -> str:
    """Return a text with its holes filled, each escaped; raises Lacking."""

    def found(hole: re.Match[str]) -> str:
        return filling.escape(_plain(_value(hole[1], filling)))

    return _HOLE.sub(found, template)


def holes(template: Any) -> frozenset[str]:  # noqa: ANN401 - any JSON
    """Return the names of all holes."""
    match template:
        case str():
            return frozenset(_HOLE.findall(template))
        case dict():
            return frozenset().union(*map(holes, template.values()))
        case list() | tuple():
            return frozenset().union(*map(holes, template))
        case _:
            return frozenset()


def _fill(template: Any, filling: Filling) -> Any:  # noqa: ANN401 - any JSON
    match template:
        case str():
            return _text(template, filling)
        case dict():
            return _object(template, filling)
        case list() | tuple():
            parts = [_fill(part, filling) for part in template]
            return [part for part in parts if part is not _DROPPED]
        case _:
            return template


def _object(template: Mapping[str, Any], filling: Filling) -> Any:  # noqa: ANN401 - any JSON
    try:
        filled = {n: _fill(part, filling) for n, part in template.items() if n != _MAYBE}
    except Lacking:
        if _MAYBE in template:
            return _DROPPED
        raise
    return {name: part for name, part in filled.items() if part is not _DROPPED}


def _text(template: str, filling: Filling) -> Any:  # noqa: ANN401 - any JSON
    maybe = template.startswith(_MAYBE)
    text = template.removeprefix(_MAYBE)
    try:
        if whole := _WHOLE.match(text):
            value = _value(whole[1], filling)
            if isinstance(value, Secret):
                return value.reveal()
            is_bare = not isinstance(value, str) or whole[1].endswith(("url", "json"))
            return value if is_bare else filling.escape(value)
        return fill_text(text, filling)
    except Lacking:
        if maybe:
            return _DROPPED
        raise


def _value(name: str, filling: Filling) -> Any:  # noqa: ANN401 - any JSON
    value = filling.values.get(name, "")
    if value in ("", None):
        raise Lacking(name)
    return value


def _plain(value: object) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    return str(value).lower() if isinstance(value, bool) else str(value)
