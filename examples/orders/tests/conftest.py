"""A client that calls the service as a web server would, without a socket."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
from orders.memory import MemoryOrders
from orders.web import application

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from orders.model import Orders

FIRST_ORDER = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - a test reads what it expects
        return json.loads(self.body)


class Client:
    """Calls a store's WSGI application; the standard library's validator watches both sides."""

    def __init__(self, orders: Orders) -> None:
        self._application = validator(application(orders))

    def get(self, path: str, query: str = "") -> Response:
        return self.call("GET", path, query=query)

    def post(self, path: str, data: object = None) -> Response:
        return self.call("POST", path, body=b"" if data is None else json.dumps(data).encode())

    def call(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes = b"",
        **environ_too: str,
    ) -> Response:
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            **environ_too,
        }
        setup_testing_defaults(environ)
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exc: Any = None) -> Any:  # noqa: ANN401 - PEP 3333's own shape
            started.append((int(status[:3]), dict(headers)))
            return lambda _data: None

        answer = self._application(environ, start_response)
        try:
            sent = b"".join(answer)
        finally:
            answer.close()  # type: ignore[attr-defined] # the validator's iterator has one
        status, headers = started[0]
        return Response(status=status, headers=headers, body=sent)


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """A clock that is a minute later at each look."""

    def minutes() -> Iterator[datetime]:
        now = FIRST_ORDER
        while True:
            yield now
            now += timedelta(minutes=1)

    return minutes().__next__


@pytest.fixture
def client(clock: Callable[[], datetime]) -> Client:
    return Client(MemoryOrders(now=clock))


@pytest.fixture
def order() -> dict[str, Any]:
    """An order that is right; a test makes one thing of it wrong."""
    return {
        "customer": {"email": "Ada@Example.com", "name": "Ada"},
        "lines": [
            {"sku": "TEA-GREEN", "quantity": 2, "unit_price_cents": 450},
            {"sku": "MUG-1", "quantity": 1, "unit_price_cents": 1200},
        ],
        "note": "Leave it with the neighbour.",
    }
