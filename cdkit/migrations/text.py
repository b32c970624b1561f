"""The text of a migration file: bytes, and which line and column a byte is on."""

import functools
from bisect import bisect_right

from cdkit.core.finding import Location


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
        before = self.data[self._starts[line - 1] : max(offset, 0)]
        return Location(
            path=self.path, line=line, column=len(before.decode("utf-8", "replace")) + 1
        )

    def lines(self) -> list[bytes]:
        """Return the lines without their ends."""
        return self.data.split(b"\n")
