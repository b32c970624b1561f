"""A light lexer of SQL: enough to tell code from quotes and comments where no grammar helps.

The lexical rules are those of the PostgreSQL manual, 4.1 "Lexical Structure".
"""

import functools
import re
from collections.abc import Iterable, Iterator

_SPACE = rb"[\s\x00]+"
_TOKENS = (
    rb"(?P<space>" + _SPACE + rb")"
    rb"|(?P<comment>--[^\n\r]*|/\*)"
    rb"|(?P<string>[eE]'[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+(?:'|\Z)|'[^']*+(?:''[^']*+)*+(?:'|\Z))"
    rb'|(?P<name>(?:[uU]&)?"[^"]*+(?:""[^"]*+)*+(?:"|\Z)|[A-Za-z_\x80-\xff][\w$\x80-\xff]*+)'
    rb"|(?P<dollar>\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$)"
    rb"|(?P<number>\d[\w.]*+)"
    rb"|(?P<mark>.)"
)


SKIPPED = rb"(?:[\s\x00]++|--[^\n\r]*+)*+"
"""What stands between two tokens, but for block comments: those nest."""
_BLANKS = bytes(ord("\n") if byte == ord("\n") else ord(" ") for byte in range(256))


class Token:
    """A token: its kind (`name`, `string`, `number`, `mark`), where it starts and ends."""

    __slots__ = ("end", "kind", "start", "text")

    def __init__(self, kind: str, start: int, end: int, text: bytes) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.text = text


@functools.cache
def _pattern() -> re.Pattern[bytes]:
    return re.compile(_TOKENS, re.DOTALL)


@functools.cache
def _skipped() -> re.Pattern[bytes]:
    return re.compile(SKIPPED)


@functools.cache
def _comment_edge() -> re.Pattern[bytes]:
    return re.compile(rb"/\*|\*/")


def tokens(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """Yield the tokens between two offsets; white space and comments are left out.

    What is never closed (a quote, a comment) reaches to the end of the data.
    """
    match = _pattern().match
    stop = len(data) if end is None else end
    position = start
    while found := match(data, position, stop):
        kind, position = found.lastgroup or "mark", found.end()
        if kind == "comment" and found.group() == b"/*":
            position = comment_end(data, position, stop)
        elif kind == "dollar":
            closing = data.find(found.group(), position, stop)
            position = stop if closing < 0 else closing + len(found.group())
            yield Token("string", found.start(), position, data[found.start() : position])
        elif kind not in {"space", "comment"}:
            yield Token(kind, found.start(), position, found.group())


def first(data: bytes, start: int, end: int | None = None) -> int:
    """Return the offset of the first token between two offsets, or the second offset."""
    stop = len(data) if end is None else end
    position = start
    while True:
        found = _skipped().match(data, position, stop)
        position = found.end() if found else position
        if not data.startswith(b"/*", position, stop):
            return position
        position = comment_end(data, position + 2, stop)


def comment_end(data: bytes, position: int, stop: int) -> int:
    """Return the end of a block comment whose inside starts here; they nest."""
    depth = 1
    for edge in _comment_edge().finditer(data, position, stop):
        depth += 1 if edge.group() == b"/*" else -1
        if depth == 0:
            return edge.end()
    return stop


def clauses(data: bytes, start: int, stop: int) -> list[tuple[int, int]]:
    """Return the ranges of the comma-separated clauses between two offsets."""
    found: list[tuple[int, int]] = []
    begin, end, depth = -1, -1, 0
    for token in tokens(data, start, stop):
        if token.text == b"," and depth == 0:
            found.append((begin, end))
            begin = -1
            continue
        begin = token.start if begin < 0 else begin
        end = token.end
        if token.kind == "mark":
            depth += (token.text in b"([") - (token.text in b")]")
    return [*found, (begin, end)]


def blanked(data: bytes, ranges: Iterable[tuple[int, int]]) -> bytes:
    """Return the data with ranges of it made blank; offsets and line numbers stay."""
    kept = bytearray(data)
    for start, end in ranges:
        kept[start:end] = data[start:end].translate(_BLANKS)
    return bytes(kept)
