"""What the doors that speak through `http.client` share: waits that end, and headers."""

import http.client
import io
import socket
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Buffer

_SWITCHING = 101


class Stream:
    """A socket whose every wait ends at one deadline, however slowly the other side drips.

    The deadline is a time of `time.monotonic`. `ended` says that the other side sends no more.
    """

    def __init__(self, raw: socket.socket, deadline: float) -> None:
        self._raw = raw
        self._deadline = deadline
        self.ended = False

    def until(self, deadline: float) -> None:
        """Have another deadline from now on: the connection is kept for another request."""
        self._deadline = deadline

    def sendall(self, data: "Buffer") -> None:
        """Send it all."""
        self._raw.settimeout(left(self._deadline))
        self._raw.sendall(data)

    def receive(self, size: int) -> bytes:
        """Receive at most `size` bytes; none at the end."""
        self._raw.settimeout(left(self._deadline))
        data = self._raw.recv(size)
        self.ended = self.ended or not data
        return data

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return a reader, as `http.client` asks for one."""
        assert mode == "rb"  # noqa: S101 - nothing else is ever asked for
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Do nothing: the connection closes where it was opened, after the body was read."""


class Speaker(http.client.HTTPConnection):
    """Who speaks HTTP on a stream."""

    def __init__(self, host: str, port: int, stream: Stream) -> None:
        super().__init__(host, port)
        self.response_class = _Answer
        self.sock = stream  # all that it asks of a socket is there


class _Answer(http.client.HTTPResponse):
    """An answer, which others may announce: `http.client` takes any of those but 100 for it."""

    def begin(self, **more: Any) -> None:  # noqa: ANN401 - as a later Python's passes it
        super().begin(**more)
        while 100 < self.status < 200 and self.status != _SWITCHING:  # RFC 9110, 15.2
            vars(self).update(headers=None)  # or it takes itself for begun
            super().begin(**more)


class _Reader(io.RawIOBase):
    """What a stream receives, as a raw file."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        """Fill a buffer."""
        data = self._stream.receive(len(buffer))
        buffer[: len(data)] = data
        return len(data)


_MOST_HEADERS = 100


def left(deadline: float) -> float:
    """Return the seconds to a deadline; TimeoutError where it is over."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def merged(answer: http.client.HTTPResponse) -> dict[str, str]:
    """Return an answer's headers by name in lower case; one that stands twice is joined.

    Raises HTTPException where there are too many, as `http.client` does until some package that is
    imported too takes its limit away.
    """
    merged: dict[str, str] = {}
    headers = answer.getheaders()
    if len(headers) > _MOST_HEADERS:
        raise http.client.HTTPException(f"got more than {_MOST_HEADERS} headers")
    for name, value in headers:
        key = name.lower()
        merged[key] = f"{merged[key]}, {value}" if key in merged else value
    return merged
