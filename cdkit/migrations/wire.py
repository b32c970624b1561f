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
"""A statement as it passes: its kind, the bytes where it starts and ends, and its base.

Nothing passes for one that was the last to be named: so it is for most of what a statement does.
"""


def sent(parsed: Parsed) -> bytes:
    """Return what a file's statements do, each of which was asked, and what cannot be read."""
    return _Sender().body(parsed)


def received(body: bytes, text: Text) -> Parsed:
    """Return what was sent of a text."""
    return _receiver().parsed(body, text)


class _Sender:
    """Encodes what is sent."""

    def __init__(self) -> None:
        self._encoder = msgspec.msgpack.Encoder(enc_hook=self._place)
        self._last: Statement | None = None

    def body(self, parsed: Parsed) -> bytes:
        """Return what is sent of a file."""
        lines = [(each, each.does) for each in parsed.statements]
        return self._encoder.encode((lines, parsed.troubles))

    def _place(self, value: Any) -> _Place | None:  # noqa: ANN401 - what msgspec does not know
        if value is self._last:
            return None
        if not isinstance(value, Statement):
            raise NotImplementedError(type(value).__name__)
        self._last = value
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
        self._last: Statement | None = None

    def parsed(self, body: bytes, text: Text) -> Parsed:
        """Return what was sent of a text."""
        self._text, self._known = text, {}
        lines, troubles = self._decoder.decode(body)
        for statement, does in lines:
            statement.does = does
        return Parsed(statements=tuple(each for each, _ in lines), troubles=troubles)

    def _statement(self, _kind: type, value: Any) -> Statement:  # noqa: ANN401 - what _place made
        if value is None and self._last:
            return self._last
        place: _Place = tuple(value)
        self._last = known = self._known.get(place)
        if known is None:
            kind, start, end, base = place
            known = Statement(text=self._text, kind=kind, node=b"", start=start, end=end, base=base)
            self._known[place] = self._last = known
        return known


def _kinds(kind: type[Operation]) -> Iterator[type[Operation]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)
