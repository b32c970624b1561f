"""How the service speaks HTTP, whatever the request is about."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orders import __version__
from orders.__main__ import open_orders
from orders.memory import MemoryOrders

if TYPE_CHECKING:
    import pytest
    from conftest import Client

Json = dict[str, Any]


class UnreachableOrders(MemoryOrders):
    """A store whose database is gone."""

    def ping(self) -> None:
        raise ConnectionError("connection to orders:secret@db refused")

    def get(self, order_id: int) -> Any:  # noqa: ANN401 - it returns nothing
        raise ConnectionError(f"connection to orders:secret@db refused, order {order_id}")


def test_a_healthy_service_says_its_version(client: Client) -> None:
    answer = client.get("/health")
    assert answer.status == 200
    assert answer.json == {"status": "ok", "version": __version__}


def test_a_service_without_its_database_is_not_healthy(client: Client) -> None:
    answer = type(client)(UnreachableOrders()).get("/health")
    assert answer.status == 503
    assert answer.json == {"status": "unavailable"}


def test_a_failure_is_logged_and_not_shown(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = type(client)(UnreachableOrders()).get("/orders/1")
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert "orders:secret@db refused" in capsys.readouterr().err


def test_an_unknown_address_is_not_found(client: Client) -> None:
    assert client.get("/orders/1/refund").json["error"]["code"] == "not-found"


def test_a_wrong_method_is_told_the_right_ones(client: Client) -> None:
    answer = client.call("DELETE", "/orders")
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, POST"


def test_head_has_the_headers_and_no_body(client: Client, order: Json) -> None:
    length = client.post("/orders", order).headers["Content-Length"]
    answer = client.call("HEAD", "/orders/1")
    assert answer.status == 200
    assert answer.headers["Content-Length"] == length
    assert answer.body == b""


def test_an_order_that_is_not_sent_as_json_is_refused(client: Client) -> None:
    answer = client.call("POST", "/orders", body=b"note=x", CONTENT_TYPE="text/plain")
    assert answer.status == 415


def test_a_media_type_may_carry_a_charset(client: Client) -> None:
    answer = client.call(
        "POST", "/orders", body=b"{}", CONTENT_TYPE="application/json; charset=utf-8"
    )
    assert answer.status == 422


def test_a_body_that_is_too_large_is_not_read(client: Client) -> None:
    answer = client.call("POST", "/orders", CONTENT_LENGTH=str(64 * 1024 + 1))
    assert answer.status == 413


def test_a_length_that_is_no_number_is_refused(client: Client) -> None:
    assert client.call("POST", "/orders", CONTENT_LENGTH="+5").status == 400


def test_nothing_is_cached(client: Client) -> None:
    assert client.get("/orders").headers["Cache-Control"] == "no-store"


def test_without_a_database_orders_are_kept_in_memory() -> None:
    assert isinstance(open_orders({"DATABASE_URL": ""}), MemoryOrders)


def test_with_a_database_orders_are_kept_there() -> None:
    assert (
        type(open_orders({"DATABASE_URL": "postgresql://db/orders"})).__name__ == "PostgresOrders"
    )


def test_the_package_and_the_project_say_the_same_version() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == __version__
