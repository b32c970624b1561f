"""Connections of urllib3 on which every wait for an answer ends at one deadline."""

import http.client
import io
import socket
import time
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from urllib3.poolmanager import PoolManager, ProxyManager


class DeadlineAdapter(HTTPAdapter):
    """The adapter of requests, whose read timeout is for an answer's head and body together.

    Else it is for each piece that comes: a server that drips a head byte by byte, or the size of a
    chunk, could drag that out for days. It counts from where the request has been sent.
    """

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        """Make the pools, of our connections."""
        super().init_poolmanager(*args, **kwargs)
        _prepare(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> "ProxyManager":  # noqa: ANN401
        """Return the pools for a proxy, of our connections unless it speaks SOCKS."""
        manager: ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):
            _prepare(manager)
        return manager


def _prepare(manager: "PoolManager") -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class _Reader(io.RawIOBase):
    """What a socket receives until the deadline, as a raw file."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        timeout = sock.gettimeout()
        self._deadline = None if timeout is None else time.monotonic() + timeout

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - any writable buffer
        """Fill a buffer; TimeoutError where the time is up."""
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket, which its connection may keep."""
        self._raw.close()
        super().close()


class _Source:
    """A socket as `http.client` looks at it when it reads an answer."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return a reader with a deadline."""
        assert mode == "rb"  # noqa: S101 - nothing else is ever asked for
        return io.BufferedReader(_Reader(self._sock))


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(_Source(sock), *args, **kwargs)  # type: ignore[arg-type]  # all it asks


class _Connection(HTTPConnection):
    response_class = _Answer


class _SecureConnection(HTTPSConnection):
    response_class = _Answer


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection
