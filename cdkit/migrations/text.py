"""The text of a migration file: bytes, and which line and column a byte is on."""

import functools
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from cdkit.core.finding import Location
from cdkit.migrations.lazy import pattern

BOM = b"\xef\xbb\xbf"
_END = pattern(rb"\n")


def line_end(data: bytes) -> str:
    """Return how lines end in a file: as its first one does."""
    end = data.find(b"\n")
    return "\r\n" if end > 0 and data[end - 1 : end] == b"\r" else "\n"


def holds(data: bytes, mark: bytes) -> bool:
    """Whether data holds a mark of a few bytes, the last of which is rare, or else the first.

    That one is looked for first: a single byte is found many times faster than two.
    """
    rare = mark[:1] if mark[-1:].isalpha() else mark[-1:]
    return rare in data and mark in data


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
        self._lines: list[int] = []

    @property
    def _starts(self) -> list[int]:
        return self._lines or self._found()

    def _found(self) -> list[int]:
        self._lines = [0, *[found.end() for found in _END().finditer(self.data)]]
        return self._lines

    def line(self, offset: int) -> int:
        """Return the line that a byte is on, from 1."""
        return bisect_right(self._starts, max(offset, 0))

    def place(self, offset: int) -> Location:
        """Return the line and column of a byte; columns count characters, from 1.

        A byte order mark is none: nobody sees it.
        """
        offset = max(offset, 0)
        if len(self.data) <= _STRIDE:  # then to look for the line ends is quicker than to keep them
            line = self.data.count(b"\n", 0, offset) + 1
            start = self.data.rfind(b"\n", 0, offset) + 1
        else:
            line = self.line(offset)
            start = self._starts[line - 1]
        if offset - start > _STRIDE:
            column = self._characters(offset) - self._characters(start)
        else:
            column = len(self.data[start:offset].decode("utf-8", "replace"))
        marked = line == 1 and offset >= len(BOM) and self.data.startswith(BOM)
        return Location(path=self.path, line=line, column=column + (0 if marked else 1))

    def span(self, start: int, end: int) -> Location:
        """Return a range of bytes on its first line: what an editor underlines."""
        there = self.place(start)
        line_end = self.data.find(b"\n", start, end)
        last = line_end if line_end >= 0 else end
        written = self.data[start:last].decode("utf-8", "replace").rstrip()
        if not written:
            return there
        return Location(
            path=there.path,
            line=there.line,
            column=there.column,
            end_line=there.line,
            end_column=there.column + len(written),
        )

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


class Spot(NamedTuple):
    """From which byte of rendered SQL on, which line and column of which file it comes from.

    Lines and columns count from 1, 0 where nobody knows; without a path it is the text's own.
    """

    start: int
    line: int
    column: int = 0
    path: str = ""


class Rendered(Text):
    """SQL that a tool rendered from a file: its places are those of the file, not of the SQL.

    `spots` are where which part of the SQL comes from, sorted.
    """

    def __init__(self, path: str, data: bytes, spots: Sequence[Spot]) -> None:
        super().__init__(path, data)
        self._spots = spots

    def place(self, offset: int) -> Location:
        """Return where in the file the SQL at a byte comes from."""
        index = bisect_right(self._spots, offset, key=lambda spot: spot.start) - 1
        spot = self._spots[index] if index >= 0 else Spot(0, 0)
        return Location(path=spot.path or self.path, line=spot.line, column=spot.column)

    def span(self, start: int, end: int) -> Location:
        """Return the place alone: nobody knows how long in the file what was rendered is."""
        del end
        return self.place(start)


class Filled(Text):
    """A text whose placeholders are filled: its places are those of the text that people wrote.

    `cuts` are the placeholders, in order: where each starts and ends here, and there. `assumed`
    are those whose value nobody knows: where the name that stands for it starts, and what was
    written there.
    """

    def __init__(
        self,
        written: Text,
        data: bytes,
        cuts: Sequence[tuple[int, int, int, int]],
        assumed: Sequence[tuple[int, str]] = (),
    ) -> None:
        super().__init__(written.path, data)
        self.written = written
        self.assumed = tuple(assumed)
        self._cuts = cuts

    def place(self, offset: int) -> Location:
        """Return where in the written text a byte comes from: of a value, its placeholder."""
        return self.written.place(self._there(offset))

    def line(self, offset: int) -> int:
        """Return the line of the written text that a byte is on, from 1."""
        return self.written.line(self._there(offset))

    def _there(self, offset: int) -> int:
        index = bisect_right(self._cuts, offset, key=lambda cut: cut[0]) - 1
        if index < 0:
            return offset
        _, end, there, there_end = self._cuts[index]
        return there if offset < end else there_end + offset - end

    @property
    def unknown(self) -> dict[int, int]:
        """Where the name starts, and ends, that stands for a placeholder without a known value."""
        starts = {start for start, _ in self.assumed}
        return {start: end for start, end, _, _ in self._cuts if start in starts}

    def assumed_in(self, start: int, end: int) -> tuple[str, ...]:
        """Return the placeholders between two bytes whose value nobody knows, as written."""
        first = bisect_left(self.assumed, start, key=lambda one: one[0])
        last = bisect_left(self.assumed, end, key=lambda one: one[0])
        return tuple(dict.fromkeys(name for _, name in self.assumed[first:last]))
