"""Serves orders: `python -m orders`, on PORT (8080), from DATABASE_URL or else from memory."""

from __future__ import annotations

import os
import sys
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIServer, make_server

from orders.web import application

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orders.model import Orders


class Server(ThreadingMixIn, WSGIServer):
    """One thread a request; a request under way does not keep the process from stopping."""

    daemon_threads = True


def open_orders(environ: Mapping[str, str]) -> Orders:
    """Return PostgreSQL's orders when DATABASE_URL is set and not empty, else memory's."""
    if database_url := environ.get("DATABASE_URL"):
        from orders.postgres import PostgresOrders

        return PostgresOrders(database_url)
    from orders.memory import MemoryOrders

    print("orders: no DATABASE_URL: orders are kept in memory", file=sys.stderr)
    return MemoryOrders()


def main() -> None:
    """Serve until interrupted."""
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT") or "8080")
    app = application(open_orders(os.environ))
    with make_server(host, port, app, server_class=Server) as server:
        print(f"orders: listening on http://{host}:{server.server_port}", file=sys.stderr)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("orders: stopped", file=sys.stderr)


if __name__ == "__main__":
    main()
