"""A loopback HTTP server that answers as a test says, and keeps what it was asked."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """What to answer: the body once `hold` is set; without `length` a Content-Length that fits."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    length: int | None = None
    hold: threading.Event | None = None


Script = Callable[[Asked], Answer]


@dataclass
class Server:
    """A server that runs: `address` is `host:port`; `connections` counts those it was given."""

    address: str
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://{self.address}"


@contextlib.contextmanager
def serving(script: Script) -> Iterator[Server]:
    """Serve until the block ends."""
    server = Server(address="")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
            """Say nothing."""

        def setup(self) -> None:
            server.connections += 1
            super().setup()

        def answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, self.rfile.read(length))
            server.asked.append(asked)
            given = script(asked)
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            size = len(given.body) if given.length is None else given.length
            self.send_header("Content-Length", str(size))
            if given.length is not None:
                self.close_connection = True
            self.end_headers()
            if given.hold:
                given.hold.wait(30)
            if self.command != "HEAD":
                self.wfile.write(given.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - names of http.server

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.address = f"127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
