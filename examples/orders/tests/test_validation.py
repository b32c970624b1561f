"""What the service refuses, and that it says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Client

Json = dict[str, Any]


def _fields(client: Client, order: Json) -> Json:
    answer = client.post("/orders", order)
    assert answer.status == 422
    fields: Json = answer.json["error"]["fields"]
    return fields


@pytest.mark.parametrize("email", ["", "ada", "ada@", "a b@example.com", "a@b@example.com", 7])
def test_an_address_that_is_none_is_refused(client: Client, order: Json, email: object) -> None:
    order["customer"]["email"] = email
    assert _fields(client, order) == {"customer.email": "must be an e-mail address"}


@pytest.mark.parametrize("quantity", [0, -1, 1001, 1.5, "2", True, None])
def test_a_quantity_is_a_whole_number_in_range(
    client: Client, order: Json, quantity: object
) -> None:
    order["lines"][1]["quantity"] = quantity
    assert _fields(client, order) == {"lines[1].quantity": "must be a whole number from 1 to 1000"}


@pytest.mark.parametrize("lines", [[], {}, None, "TEA-GREEN"])
def test_an_order_has_lines(client: Client, order: Json, lines: object) -> None:
    order["lines"] = lines
    assert _fields(client, order) == {"lines": "must be a list of 1 to 100 lines"}


def test_every_fault_is_named_at_once(client: Client, order: Json) -> None:
    order["customer"] = {"email": "ada", "phone": "1"}
    order["lines"] = ["TEA-GREEN"]
    assert sorted(_fields(client, order)) == [
        "customer.email",
        "customer.phone",
        "lines[0]",
        "lines[0].quantity",
        "lines[0].sku",
        "lines[0].unit_price_cents",
    ]


def test_an_unknown_field_is_refused(client: Client, order: Json) -> None:
    order["discount"] = 100
    assert _fields(client, order) == {"discount": "is not known"}


@pytest.mark.parametrize("note", ["", "x" * 501, "a\0b", "\ud800", 7])
def test_a_note_is_text_that_the_database_can_hold(
    client: Client, order: Json, note: object
) -> None:
    order["note"] = note
    assert _fields(client, order) == {"note": "must be text of 1 to 500 characters"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not valid JSON"),
        (b"{", "the body is not valid JSON"),
        (b"\xff\xfe", "the body is not valid JSON"),
        (b"[]", "the body must be a JSON object"),
        (b'{"note": NaN}', "NaN is not a JSON number"),
        (b'{"note": "a", "note": "b"}', "the body has a key twice"),
        (b"[" * 60_000, "the body is nested too deeply"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(
    client: Client, body: bytes, message: str
) -> None:
    answer = client.call("POST", "/orders", body=body)
    assert answer.status == 422
    assert answer.json["error"]["message"] == message


def test_a_refused_order_leaves_nothing_behind(client: Client, order: Json) -> None:
    order["lines"][1]["sku"] = "no such sku"
    client.post("/orders", order)
    assert client.get("/orders").json["orders"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "after=-1", "status=lost"])
def test_a_wrong_query_is_refused_by_its_field(client: Client, query: str) -> None:
    answer = client.get("/orders", query)
    assert answer.status == 422
    assert list(answer.json["error"]["fields"]) == [query.partition("=")[0]]


def test_an_unknown_query_is_refused(client: Client) -> None:
    assert client.get("/orders", "page=2").json["error"]["fields"] == {"page": "is not known"}


def test_a_reason_is_text(client: Client, order: Json) -> None:
    client.post("/orders", order)
    answer = client.post("/orders/1/cancel", {"reason": ["a", "list"]})
    assert answer.status == 422
    assert client.get("/orders/1").json["status"] == "open"
