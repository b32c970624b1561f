"""A stream of bytes, as readers of reports want one: read once, from its beginning."""

import hashlib
from typing import IO, Protocol

from cdkit.core.errors import Unreadable

_CHUNK = 1 << 20


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


class HashedStream:
    """A file's bytes, hashed and counted as they pass; the head can be seen beforehand."""

    def __init__(self, stream: IO[bytes], where: str) -> None:
        self._stream = stream
        self._where = where
        self._hash = hashlib.sha256()
        self._ahead = b""
        self.size = 0

    def head(self, size: int) -> bytes:
        """Return the first bytes without taking them away; call it before `read`."""
        self._ahead = self._ahead or self._take(size)
        return self._ahead

    def drain(self) -> None:
        """Take what is left, so that the digest is that of the whole file."""
        while self.read(_CHUNK):
            pass

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes."""
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        return self._take(size)

    def digest(self) -> str:
        """Return the digest of all bytes that were taken so far."""
        return f"sha256:{self._hash.hexdigest()}"

    def _take(self, size: int) -> bytes:
        try:
            data = self._stream.read(size)
        except OSError as fault:
            raise Unreadable(
                f"cannot be read: {fault.strerror or fault}",
                where=self._where,
                remedy="check the file system, and run the step again",
            ) from fault
        self._hash.update(data)
        self.size += len(data)
        return data
