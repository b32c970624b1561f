"""The service's HTTP face: a WSGI application over a store of orders."""

from __future__ import annotations

import json
import re
import sys
import traceback
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs

from orders import __version__
from orders.model import AlreadyCancelledError, Order, Orders, Status, UnknownOrderError
from orders.validation import InvalidError, read_cancellation, read_new_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from io import BufferedReader
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    Handler = Callable[[Orders, WSGIEnvironment, re.Match[str]], "Reply"]

LARGEST_BODY = 64 * 1024
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer: its body becomes JSON."""

    status: HTTPStatus = HTTPStatus.OK
    body: object
    headers: dict[str, str] = field(default_factory=dict)


class ProblemError(Exception):
    """A request that gets an error for an answer. `code` is what a client's program may test."""

    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = HTTPStatus(status)
        self.code = code
        self.headers = headers or {}


def application(orders: Orders) -> WSGIApplication:
    """Return the WSGI application that serves these orders (PEP 3333)."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        reply = _answer(orders, environ)
        body = json.dumps(reply.body, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            **reply.headers,
        }
        start_response(f"{reply.status.value} {reply.status.phrase}", list(headers.items()))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return serve


def _answer(orders: Orders, environ: WSGIEnvironment) -> Reply:
    try:
        return _dispatch(orders, environ)
    except ProblemError as fault:
        return _problem(fault.status, fault.code, str(fault), headers=fault.headers)
    except InvalidError as fault:
        return _problem(422, "invalid", str(fault), fields=fault.fields)
    except UnknownOrderError as fault:
        return _problem(404, "unknown-order", f"there is no order {fault}")
    except AlreadyCancelledError as fault:
        return _problem(409, "already-cancelled", f"order {fault} was cancelled before")
    except Exception:  # noqa: BLE001 - the last line of defence: log it, answer without details
        traceback.print_exc(file=sys.stderr)
        return _problem(500, "internal", "the service failed; it was logged")


def _problem(
    status: int,
    code: str,
    message: str,
    *,
    fields: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    error: dict[str, object] = {"code": code, "message": message}
    if fields:
        error["fields"] = fields
    return Reply(status=HTTPStatus(status), body={"error": error}, headers=headers or {})


def _dispatch(orders: Orders, environ: WSGIEnvironment) -> Reply:
    path = environ.get("PATH_INFO", "/")
    method = "GET" if environ["REQUEST_METHOD"] == "HEAD" else environ["REQUEST_METHOD"]
    for pattern, handlers in _ROUTES:
        if match := pattern.fullmatch(path):
            if handler := handlers.get(method):
                return handler(orders, environ, match)
            raise ProblemError(
                405,
                "method-not-allowed",
                f"{method} is not possible here",
                {"Allow": ", ".join(sorted(handlers))},
            )
    raise ProblemError(404, "not-found", "there is nothing at this address")


def _health(orders: Orders, _environ: WSGIEnvironment, _match: re.Match[str]) -> Reply:
    try:
        orders.ping()
    except Exception:  # noqa: BLE001 - whatever the store raises, the answer is "not healthy"
        traceback.print_exc(file=sys.stderr)
        return Reply(status=HTTPStatus.SERVICE_UNAVAILABLE, body={"status": "unavailable"})
    return Reply(body={"status": "ok", "version": __version__})


def _create(orders: Orders, environ: WSGIEnvironment, _match: re.Match[str]) -> Reply:
    media_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise ProblemError(415, "unsupported-media-type", "send application/json")
    order = orders.create(read_new_order(_body(environ)))
    return Reply(
        status=HTTPStatus.CREATED, body=_shown(order), headers={"Location": f"/orders/{order.id}"}
    )


def _list(orders: Orders, environ: WSGIEnvironment, _match: re.Match[str]) -> Reply:
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if unknown := sorted(set(query) - {"status", "after", "limit"}):
        raise InvalidError("the query is not valid", {unknown[0]: "is not known"})
    limit = _number(query, "limit", default=50, least=1, most=200)
    found = orders.list(
        status=_status(query), after=_number(query, "after", 0, 0, LARGEST_ID), limit=limit
    )
    more = found[-1].id if len(found) == limit else None
    return Reply(body={"orders": [_shown(order) for order in found], "next_after": more})


def _read(orders: Orders, _environ: WSGIEnvironment, match: re.Match[str]) -> Reply:
    return Reply(body=_shown(orders.get(_order_id(match))))


def _cancel(orders: Orders, environ: WSGIEnvironment, match: re.Match[str]) -> Reply:
    reason = read_cancellation(_body(environ))
    return Reply(body=_shown(orders.cancel(_order_id(match), reason)))


def _events(orders: Orders, _environ: WSGIEnvironment, match: re.Match[str]) -> Reply:
    events = [
        {"kind": event.kind, "at": event.at.isoformat(), "detail": event.detail}
        for event in orders.events(_order_id(match))
    ]
    return Reply(body={"events": events})


def _order_id(match: re.Match[str]) -> int:
    order_id = int(match["id"])
    # A number beyond bigint cannot be an order's, and PostgreSQL would refuse to compare it.
    if order_id > LARGEST_ID:
        raise UnknownOrderError(order_id)
    return order_id


def _status(query: dict[str, list[str]]) -> Status | None:
    values = query.get("status")
    if values is None:
        return None
    try:
        return Status(values[-1])
    except ValueError:
        raise InvalidError(
            "the query is not valid", {"status": f"must be one of {', '.join(Status)}"}
        ) from None


def _number(query: dict[str, list[str]], name: str, default: int, least: int, most: int) -> int:
    text = query.get(name, [str(default)])[-1]
    if re.fullmatch(r"[0-9]{1,19}", text) and least <= int(text) <= most:
        return int(text)
    raise InvalidError(
        "the query is not valid", {name: f"must be a whole number from {least} to {most}"}
    )


def _body(environ: WSGIEnvironment) -> bytes:
    length = environ.get("CONTENT_LENGTH") or "0"
    if not re.fullmatch(r"[0-9]{1,19}", length):
        raise ProblemError(400, "bad-request", "the Content-Length is not a number")
    if int(length) > LARGEST_BODY:
        raise ProblemError(413, "too-large", f"send at most {LARGEST_BODY} bytes")
    return cast("BufferedReader", environ["wsgi.input"]).read(int(length))


def _shown(order: Order) -> dict[str, object]:
    return {
        "id": order.id,
        "status": order.status,
        "customer": {"email": order.customer_email, "name": order.customer_name},
        "lines": [
            {"sku": each.sku, "quantity": each.quantity, "unit_price_cents": each.unit_price_cents}
            for each in order.lines
        ],
        "total_cents": order.total_cents,
        "note": order.note,
        "created_at": order.created_at.isoformat(),
        "cancelled_at": order.cancelled_at.isoformat() if order.cancelled_at else None,
    }


_ID = r"(?P<id>[1-9][0-9]{0,18})"
_ROUTES: tuple[tuple[re.Pattern[str], dict[str, Handler]], ...] = (
    (re.compile("/health"), {"GET": _health}),
    (re.compile("/orders"), {"GET": _list, "POST": _create}),
    (re.compile(f"/orders/{_ID}"), {"GET": _read}),
    (re.compile(f"/orders/{_ID}/cancel"), {"POST": _cancel}),
    (re.compile(f"/orders/{_ID}/events"), {"GET": _events}),
)
