"""What a client can do with orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import Client

Json = dict[str, Any]


def test_a_new_order_is_stored_and_has_an_address(client: Client, order: Json) -> None:
    made = client.post("/orders", order)
    assert made.status == 201
    assert made.headers["Location"] == "/orders/1"
    assert client.get("/orders/1").json == made.json


def test_an_order_knows_its_total(client: Client, order: Json) -> None:
    assert client.post("/orders", order).json["total_cents"] == 2 * 450 + 1200


def test_an_order_keeps_its_lines_in_the_order_they_were_sent(client: Client, order: Json) -> None:
    client.post("/orders", order)
    assert client.get("/orders/1").json["lines"] == order["lines"]


def test_an_address_is_kept_in_lower_case(client: Client, order: Json) -> None:
    made = client.post("/orders", order).json
    assert made["customer"] == {"email": "ada@example.com", "name": "Ada"}


def test_the_name_and_the_note_may_be_left_out(client: Client, order: Json) -> None:
    del order["note"], order["customer"]["name"]
    made = client.post("/orders", order).json
    assert made["note"] is None
    assert made["customer"]["name"] is None


def test_times_carry_their_zone(client: Client, order: Json) -> None:
    assert client.post("/orders", order).json["created_at"] == "2026-11-02T09:30:00+00:00"


def test_an_unknown_order_is_not_found(client: Client) -> None:
    answer = client.get("/orders/7")
    assert answer.status == 404
    assert answer.json["error"] == {"code": "unknown-order", "message": "there is no order 7"}


def test_a_number_too_large_for_the_database_is_not_found(client: Client) -> None:
    assert client.get(f"/orders/{2**63}").status == 404


def test_a_list_is_in_the_order_of_the_numbers(client: Client, order: Json) -> None:
    for _ in range(3):
        client.post("/orders", order)
    assert [each["id"] for each in client.get("/orders").json["orders"]] == [1, 2, 3]


def test_a_list_goes_on_where_the_page_before_ended(client: Client, order: Json) -> None:
    for _ in range(3):
        client.post("/orders", order)
    first = client.get("/orders", "limit=2").json
    assert first["next_after"] == 2
    rest = client.get("/orders", f"limit=2&after={first['next_after']}").json
    assert [each["id"] for each in rest["orders"]] == [3]
    assert rest["next_after"] is None


def test_a_list_can_be_narrowed_to_a_status(client: Client, order: Json) -> None:
    client.post("/orders", order)
    client.post("/orders", order)
    client.post("/orders/1/cancel")
    assert [each["id"] for each in client.get("/orders", "status=open").json["orders"]] == [2]


def test_cancelling_says_when(client: Client, order: Json) -> None:
    client.post("/orders", order)
    cancelled = client.post("/orders/1/cancel", {"reason": "changed my mind"})
    assert cancelled.status == 200
    assert cancelled.json["status"] == "cancelled"
    assert cancelled.json["cancelled_at"] == "2026-11-02T09:31:00+00:00"


def test_an_order_is_cancelled_once(client: Client, order: Json) -> None:
    client.post("/orders", order)
    client.post("/orders/1/cancel", {"reason": "the first"})
    again = client.post("/orders/1/cancel", {"reason": "the second"})
    assert again.status == 409
    assert again.json["error"]["code"] == "already-cancelled"
    assert [each["detail"] for each in client.get("/orders/1/events").json["events"]] == [
        None,
        "the first",
    ]


def test_events_tell_what_happened_oldest_first(client: Client, order: Json) -> None:
    client.post("/orders", order)
    client.post("/orders/1/cancel", {"reason": "changed my mind"})
    assert client.get("/orders/1/events").json["events"] == [
        {"kind": "created", "at": "2026-11-02T09:30:00+00:00", "detail": None},
        {"kind": "cancelled", "at": "2026-11-02T09:31:00+00:00", "detail": "changed my mind"},
    ]
