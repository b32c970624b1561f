"""The text of a migration file: bytes, and which line and column a byte is on."""

import functools
from bisect import bisect_right
from collections.abc import Sequence

from cdkit.core.finding import Location

_STRIDE = 4096
_CONTINUED = bytes(range(0x80, 0xC0))


def _characters(data: bytes) -> int:
    """Return how many characters begin in a piece of UTF-8 (RFC 3629: all else continues one)."""
    return len(data) if data.isascii() else len(data.translate(None, _CONTINUED))


class Text:
    """A file's path as the user wrote it, and its bytes (UTF-8). Offsets are bytes from 0."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data

    @functools.cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        find = self.data.find
        position = find(b"\n")
        while position >= 0:
            starts.append(position + 1)
            position = find(b"\n", position + 1)
        return starts

    def line(self, offset: int) -> int:
        """Return the line that a byte is on, from 1."""
        return bisect_right(self._starts, max(offset, 0))

    def place(self, offset: int) -> Location:
        """Return the line and column of a byte; columns count characters, from 1."""
        line = self.line(offset)
        start, end = self._starts[line - 1], max(offset, 0)
        if end - start > _STRIDE:
            column = self._characters(end) - self._characters(start)
        else:
            column = len(self.data[start:end].decode("utf-8", "replace"))
        return Location(path=self.path, line=line, column=column + 1)

    @functools.cached_property
    def _counted(self) -> list[int]:
        """How many characters stand before every _STRIDE bytes: a file can be all one line."""
        counted = [0]
        for at in range(0, len(self.data), _STRIDE):
            counted.append(counted[-1] + _characters(self.data[at : at + _STRIDE]))
        return counted

    def _characters(self, offset: int) -> int:
        """Return how many characters stand before a byte."""
        full = min(offset, len(self.data)) // _STRIDE
        return self._counted[full] + _characters(self.data[full * _STRIDE : offset])

    def lines(self) -> list[bytes]:
        """Return the lines without their ends."""
        return self.data.split(b"\n")


class Rendered(Text):
    """SQL that a tool rendered from a file: its places are those of the file, not of the SQL.

    `spots` are where which part of the SQL comes from, sorted: its first byte, and the line and
    column in the file (from 1; 0 where nobody knows).
    """

    def __init__(self, path: str, data: bytes, spots: Sequence[tuple[int, int, int]]) -> None:
        super().__init__(path, data)
        self._spots = spots

    def place(self, offset: int) -> Location:
        """Return where in the file the SQL at a byte comes from."""
        index = bisect_right(self._spots, offset, key=lambda spot: spot[0]) - 1
        _, line, column = self._spots[index] if index >= 0 else (0, 0, 0)
        return Location(path=self.path, line=line, column=column)
