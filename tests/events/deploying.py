"""Doubles of GitHub's and GitLab's deployments API: they keep what is made, and list it."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class Forge(ThreadingHTTPServer):
    """What both have in common: deployments in the order of their making, and a status to fail."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.deployments: list[dict[str, Any]] = []
        self.statuses: dict[int, list[dict[str, Any]]] = {}
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.fails: list[int] = []
        self.cuts: list[bool] = []
        self.now = "2026-11-23T12:00:05Z"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""

    def listed(self, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
        if path.endswith("/statuses"):
            return self.statuses.get(int(path.split("/")[-2]), [])
        wanted = {name: query[name] for name in ("sha", "environment") if name in query}
        return [d for d in self.deployments if wanted.items() <= d.items()]

    def make(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        number = len(self.deployments) + 1
        if path.endswith("/statuses"):
            of = int(path.split("/")[-2])
            self.statuses.setdefault(of, []).insert(0, body)
            return {"id": 900 + len(self.statuses[of]), **body}
        made = {"id": number, "created_at": self.now, "deployable": None, **body}
        if "ref" in body and "sha" not in body:
            made["sha"] = body["ref"]
        self.deployments.append(made)
        return made


class _Handler(BaseHTTPRequestHandler):
    server: Forge

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: value[0] for name, value in parse_qs(parts.query).items()}
        self._answer(200, lambda path: self.server.listed(path, query))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self._answer(201, lambda path: self.server.make(path, body))

    def _answer(self, status: int, make: Any) -> None:  # noqa: ANN401 - a callable
        server = self.server
        server.headers.append({name.lower(): value for name, value in self.headers.items()})
        path = unquote(urlsplit(self.path).path)
        server.paths.append(f"{self.command} {urlsplit(self.path).path}")
        if fail := server.fails.pop(0) if server.fails else 0:
            self._say(fail, b'{"message": "no"}')
            return
        said = json.dumps(make(path)).encode()
        if server.cuts.pop(0) if server.cuts else False:
            self.close_connection = True
            return
        self._say(status, said)

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
        """Say nothing."""


@contextlib.contextmanager
def forge() -> Iterator[Forge]:
    """Run a double until the block ends."""
    server = Forge()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
