"""ClickHouse over HTTP on loopback, by chDB: the real engine in this process, behind its protocol.

python serve.py PORT FOLDER. What clickhouse-connect asks is answered (ClickHouse documentation,
"HTTP Interface"); rights, sessions and compression are not looked at.
"""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from chdb.session import Session

LOCK = threading.Lock()
IGNORED = frozenset(
    {"query", "database", "client_protocol_version", "session_id", "wait_end_of_query"}
)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    session: Session

    def do_GET(self) -> None:
        self.answer(200, b"Ok.\n")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        asked = parse_qs(urlsplit(self.path).query)
        query = f"{asked.get('query', [''])[0]}\n{body}".strip().rstrip(";")
        if "settings" not in query.lower() and (more := self.settings(asked)):
            query = f"SET {more}; {query}" if not query.upper().startswith("SET") else query
        try:
            with LOCK:
                found = self.session.query(query, asked.get("default_format", ["TabSeparated"])[0])
            self.answer(200, found.bytes() if found is not None else b"")
        except Exception as fault:  # noqa: BLE001 - a server lives on, and tells
            self.answer(500, f"Code: 1. DB::Exception: {fault}".encode())

    def settings(self, asked: dict[str, list[str]]) -> str:
        wanted = {"join_use_nulls"} & asked.keys()
        return ", ".join(f"{name} = {int(asked[name][0])}" for name in sorted(wanted))

    def answer(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        if status != 200:
            self.send_header("X-ClickHouse-Exception-Code", "1")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        return


def main() -> None:
    port, folder = sys.argv[1:]
    Handler.session = Session(folder)
    ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


main()
