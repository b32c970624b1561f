"""Large JSON documents, read element by element: memory is that of one element and the rest."""

import re
from collections.abc import Iterator
from typing import NoReturn

from msgspec import Struct

from cdkit.core.errors import Unreadable
from cdkit.core.readable import Readable

CHUNK = 1 << 20
MOST_DEPTH = 500
"""How deep brackets may nest: deeper ones are no report, and would exhaust a decoder's stack."""

# Everything up to the next bracket outside a string, without ever going back (possessive).
_TEXT = rb'[^"\[\]{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\[\]{}]*+)*+'
_SKIP = re.compile(_TEXT, re.ASCII | re.DOTALL)


def _object(depth: int) -> bytes:
    """Return a pattern for what follows an object's first bracket, up to its last one.

    It tells no square bracket from a curly one: whoever decodes the object does.
    """
    inside = _TEXT
    for _ in range(depth):
        inside = _TEXT + rb"(?:[\[{]" + inside + rb"[\]}]" + _TEXT + rb")*+"
    return inside + rb"\}"


_USUAL = re.compile(_object(4), re.ASCII | re.DOTALL)
_KEY = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*:\s*\Z', re.ASCII | re.DOTALL)
_OPENS = frozenset(b"[{")
_NEAR = 16 * 1024
"""How far an object's last line is looked for: a longer one is read bracket by bracket."""


class Element(Struct, frozen=True):
    """One element of an array that was cut out.

    `path` are the names of the arrays that lead to it, and `index` says which element (from 0) of
    the array before the last one it stands in. `data` is its JSON. `head` is what the object around
    its array held before the array, as JSON; it is the same object for all elements of one array.
    """

    path: tuple[str, ...]
    index: int
    data: bytes
    head: bytes


class Rest(Struct, frozen=True):
    """The document without the elements: a 0 stands for each."""

    data: bytes


def cut(
    stream: Readable,
    arrays: frozenset[tuple[str, ...]],
    where: str,
    *,
    most: int,
    remedy: str,
) -> Iterator[Element | Rest]:
    """Yield the elements of the named arrays as they come, and the rest of the document last.

    `arrays` are paths such as `("Results", "Vulnerabilities")`: the array of that name in each
    element of the array `Results`. What is cut out must be objects. The rest keeps its syntax, so
    that a decoder that reads it (and each element) has checked every byte. Raises Unreadable where
    brackets do not match, an array comes twice in one object, the document ends early, or an
    element or the rest is of more than `most` bytes.
    """
    yield from _Cutter(stream, arrays, where, most, remedy).run()


class _Open(Struct):
    """A bracket that is open: the names that lead to it, where it begins in the rest."""

    names: tuple[str, ...]
    start: int
    is_array: bool
    is_cut: bool = False
    index: int = 0
    count: int = 0
    head: bytes = b""
    seen: set[str] | None = None


class _Cutter:
    """Where the reading is: a window of the stream, the brackets that are open, the rest so far."""

    def __init__(
        self,
        stream: Readable,
        arrays: frozenset[tuple[str, ...]],
        where: str,
        most: int,
        remedy: str,
    ) -> None:
        self._stream = stream
        self._arrays = arrays
        self._where = where
        self._most = most
        self._remedy = remedy
        self._window = b""
        self._at = 0
        self._rest = bytearray()
        self._open: list[_Open] = []

    def run(self) -> Iterator[Element | Rest]:
        while True:
            text = self._skip()
            self._rest += text
            if len(self._rest) > self._most:
                self._refuse(f"holds more than {self._most} bytes beside its findings")
            bracket = self._next()
            if bracket is None:
                break
            top = self._open[-1] if self._open else None
            if top and top.is_cut and bracket == ord("{"):
                yield Element(top.names, top.index, self._element(), top.head)
                self._rest += b"0"
            elif bracket in _OPENS:
                self._enter(top, bracket)
            else:
                self._leave(bracket)
        if self._open:
            self._refuse("is cut off: brackets are open at its end")
        yield Rest(bytes(self._rest))

    def _enter(self, top: _Open | None, bracket: int) -> None:
        is_array = bracket == ord("[")
        names: tuple[str, ...] = top.names if top else ()
        entered = _Open(names=names, start=len(self._rest), is_array=is_array)
        if top and top.is_array:
            entered.index = top.count
            top.count += 1
        if top and not top.is_array:
            entered.index = top.index
            match = _KEY.search(self._rest, top.start)
            name = match[1].decode("utf-8", "replace") if match else ""
            entered.names = (*names, name)
            entered.is_cut = is_array and entered.names in self._arrays
            if entered.is_cut and match:
                entered.head = self._head(top, match.start(), name)
        if len(self._open) > MOST_DEPTH:
            self._refuse(f"nests deeper than {MOST_DEPTH} brackets")
        self._rest.append(bracket)
        self._open.append(entered)

    def _head(self, top: _Open, end: int, name: str) -> bytes:
        top.seen = top.seen or set()
        if name in top.seen:
            self._refuse(f"has {name!r} twice in one object")
        top.seen.add(name)
        return bytes(self._rest[top.start : end]).rstrip(b" \t\r\n,") + b"}"

    def _leave(self, bracket: int) -> None:
        if not self._open or self._open[-1].is_array != (bracket == ord("]")):
            self._refuse("has brackets that do not match")
        self._rest.append(bracket)
        self._open.pop()

    def _element(self) -> bytes:
        """Return an object whose first bracket was just taken, up to its last one."""
        if (end := self._indented()) > 0:
            start, self._at = self._at - 1, end
            return self._window[start:end]
        usual = _USUAL.match(self._window, self._at)
        if usual:
            self._at = usual.end()
            return b"{" + usual[0]
        parts = [b"{"]
        size, depth = 1, 1
        while depth:
            text = self._skip()
            bracket = self._next()
            if bracket is None:
                self._refuse("is cut off in the midst of an element")
            parts += (text, bytes((bracket,)))
            size += len(text) + 1
            depth += 1 if bracket in _OPENS else -1
            if size > self._most or depth > MOST_DEPTH:
                self._refuse("has an element that is too large, or nests too deep")
        return b"".join(parts)

    def _indented(self) -> int:
        """Return where an object ends that is indented as programs do it; 0 where that is unclear.

        No string holds a raw newline (RFC 8259, 7), so a line of the object's own indent and a
        bracket ends it, unless the indents mean nothing: then the brackets hardly match, and what
        decodes the object would notice.
        """
        window, at = self._window, self._at
        line = window.rfind(b"\n", max(0, at - 80), at - 1)
        indent = window[line : at - 1]
        if line < 0 or indent.strip():
            return 0
        end = window.find(indent + b"}", at, at + _NEAR) + len(indent) + 1
        if end <= len(indent):
            return 0
        matching = window.count(b"{", at, end) + 1 == window.count(b"}", at, end)
        return end if matching else 0

    def _skip(self) -> bytes:
        """Take everything up to the next bracket outside a string, or to the end."""
        parts: list[bytes] = []
        size = 0
        while True:
            match = _SKIP.match(self._window, self._at)
            end = match.end() if match else self._at
            if end < len(self._window) and self._window[end] != ord('"'):
                part = self._window[self._at : end]
                self._at = end
                return b"".join((*parts, part)) if parts else part
            if end < len(self._window):  # a string that goes on beyond the window
                parts.append(self._window[self._at : end])
                size += end - self._at
                self._window, self._at = self._window[end:], 0
                if not self._more(size):
                    self._refuse("is cut off in the midst of a string")
                continue
            parts.append(self._window[self._at :])
            size += end - self._at
            self._window, self._at = b"", 0
            if not self._more(size):
                return b"".join(parts)

    def _next(self) -> int | None:
        if self._at >= len(self._window):
            return None
        bracket = self._window[self._at]
        self._at += 1
        return bracket

    def _more(self, size: int) -> bool:
        if size + len(self._window) > self._most:
            self._refuse(f"has a piece of more than {self._most} bytes")
        # The window doubles while one string fills it, so that a long one is not read again and
        # again from its beginning.
        part = self._stream.read(max(CHUNK, len(self._window)))
        self._window += part
        return bool(part)

    def _refuse(self, what: str) -> NoReturn:
        raise Unreadable(what, where=self._where, remedy=self._remedy)
