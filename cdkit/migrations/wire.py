"""What a statement does, as bytes that pass from one process to another."""

import functools
from collections.abc import Iterator
from typing import Any, Union

import msgspec

from cdkit.migrations.operation import Operation
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.statement import Statement
from cdkit.migrations.text import Text
from cdkit.migrations.trouble import Trouble

_Place = tuple[str, int, int, int]
"""A statement as it passes: its kind, the bytes where it starts and ends, and its base."""


def sent(parsed: Parsed) -> bytes:
    """Return what a file's statements do, each of which was asked, and what cannot be read."""
    lines = [(each, each.does) for each in parsed.statements]
    return _encoder().encode((lines, parsed.troubles))


def received(body: bytes, text: Text) -> Parsed:
    """Return what was sent of a text."""
    return _receiver().parsed(body, text)


@functools.cache
def _encoder() -> msgspec.msgpack.Encoder:
    return msgspec.msgpack.Encoder(enc_hook=_place)


def _place(value: Any) -> _Place:  # noqa: ANN401 - msgspec hands on what it does not know
    if not isinstance(value, Statement):
        raise NotImplementedError(type(value).__name__)
    return value.kind, value.start, value.end, value.base


@functools.cache
def _receiver() -> "_Receiver":
    return _Receiver()


class _Receiver:
    """Decodes what was sent: a statement that is named twice is one and the same again.

    The decoder is made once, since it has to know every kind of operation.
    """

    def __init__(self) -> None:
        kinds = tuple(_kinds(Operation))
        line = tuple[Statement, tuple[Union[kinds], ...]]  # type: ignore[valid-type] # noqa: UP007 - made here
        whole = tuple[list[line], tuple[Trouble, ...]]
        self._decoder = msgspec.msgpack.Decoder(whole, dec_hook=self._statement)
        self._text = Text("", b"")
        self._known: dict[_Place, Statement] = {}

    def parsed(self, body: bytes, text: Text) -> Parsed:
        """Return what was sent of a text."""
        self._text, self._known = text, {}
        lines, troubles = self._decoder.decode(body)
        for statement, does in lines:
            statement.does = does
        return Parsed(statements=tuple(each for each, _ in lines), troubles=troubles)

    def _statement(self, _kind: type, value: Any) -> Statement:  # noqa: ANN401 - what _place made
        place: _Place = tuple(value)
        known = self._known.get(place)
        if known is None:
            kind, start, end, base = place
            known = Statement(text=self._text, kind=kind, node=b"", start=start, end=end, base=base)
            self._known[place] = known
        return known


def _kinds(kind: type[Operation]) -> Iterator[type[Operation]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)
