"""A stream of bytes, as readers of reports want one: read once, from its beginning."""

from typing import Protocol


class Readable(Protocol):
    """A stream of bytes that is read once, from its beginning."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end."""
