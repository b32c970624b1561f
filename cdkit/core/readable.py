"""A stream of bytes, as readers of reports want one: read once, from its beginning."""

from typing import Protocol


class Readable(Protocol):
    """A stream of bytes that is read once, from its beginning."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end."""


class Whole:
    """Bytes that are at hand, as a stream."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most `size`; none at the end."""
        part = self._data[self._at : self._at + size]
        self._at += len(part)
        return part
