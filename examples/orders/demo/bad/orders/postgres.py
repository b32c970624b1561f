"""Orders kept in PostgreSQL, in the tables that migrations/ makes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from orders.model import (
    AlreadyCancelledError,
    Line,
    NewOrder,
    Order,
    OrderEvent,
    Status,
    UnknownOrderError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    Row = tuple[Any, ...]

_CUSTOMER = """
INSERT INTO customers (email, name) VALUES (%(email)s, %(name)s)
ON CONFLICT (email) DO UPDATE SET name = coalesce(excluded.name, customers.name)
RETURNING id
"""
_ORDER = """
INSERT INTO orders (customer_id, state, note)
VALUES (%(customer)s, 'open', coalesce(%(note)s, ''))
RETURNING id
"""
_LINE = """
INSERT INTO order_lines (order_id, line_no, sku, quantity, unit_price_cents)
VALUES (%s, %s, %s, %s, %s)
"""
_EVENT = "INSERT INTO order_events (order_id, kind, detail) VALUES (%s, %s, %s)"
_SELECT = """
SELECT o.id, o.state, c.email, c.name, nullif(o.note, ''), o.created_at, o.cancelled_at
FROM orders AS o JOIN customers AS c ON c.id = o.customer_id
"""
_ONE = _SELECT + "WHERE o.id = %s"
_LIST = (
    _SELECT
    + """
WHERE o.id > %(after)s AND (%(status)s::text IS NULL OR o.state = %(status)s)
ORDER BY o.id LIMIT %(limit)s
"""
)
_LINES = """
SELECT order_id, sku, quantity, unit_price_cents FROM order_lines
WHERE order_id = ANY(%s) ORDER BY order_id, line_no
"""
_CANCEL = """
UPDATE orders SET state = 'cancelled', cancelled_at = now()
WHERE id = %s AND state = 'open'
"""
_EVENTS = "SELECT kind, occurred_at, detail FROM order_events WHERE order_id = %s ORDER BY id"


class PostgresOrders:
    """Orders in a PostgreSQL database, over one connection a request: put a pooler before it."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url

    def ping(self) -> None:
        with self._connect() as connection:
            connection.execute("SELECT 1 FROM orders LIMIT 1")

    def create(self, new: NewOrder) -> Order:
        with self._connect() as connection:
            customer = connection.execute(
                _CUSTOMER, {"email": new.customer_email, "name": new.customer_name}
            ).fetchone()
            assert customer is not None
            row = connection.execute(_ORDER, {"customer": customer[0], "note": new.note}).fetchone()
            assert row is not None
            order_id: int = row[0]
            with connection.cursor() as cursor:
                cursor.executemany(
                    _LINE,
                    [
                        (order_id, number, line.sku, line.quantity, line.unit_price_cents)
                        for number, line in enumerate(new.lines, start=1)
                    ],
                )
            connection.execute(_EVENT, (order_id, "created", None))
            return self._get(connection, order_id)

    def get(self, order_id: int) -> Order:
        with self._connect() as connection:
            return self._get(connection, order_id)

    def list(self, *, status: Status | None, after: int, limit: int) -> Sequence[Order]:
        with self._connect() as connection:
            rows = connection.execute(
                _LIST, {"status": status, "after": after, "limit": limit}
            ).fetchall()
            return _orders(connection, rows)

    def cancel(self, order_id: int, reason: str | None) -> Order:
        with self._connect() as connection:
            # One statement decides, so that of two at once only one cancels.
            if connection.execute(_CANCEL, (order_id,)).rowcount == 0:
                self._get(connection, order_id)
                raise AlreadyCancelledError(order_id)
            connection.execute(_EVENT, (order_id, "cancelled", reason))
            return self._get(connection, order_id)

    def events(self, order_id: int) -> Sequence[OrderEvent]:
        with self._connect() as connection:
            self._get(connection, order_id)
            rows = connection.execute(_EVENTS, (order_id,)).fetchall()
        return [OrderEvent(kind=kind, at=at, detail=detail) for kind, at, detail in rows]

    @contextmanager
    def _connect(self) -> Iterator[psycopg.Connection[Row]]:
        import psycopg

        with psycopg.connect(self._database_url, application_name="orders") as connection:
            yield connection

    def _get(self, connection: psycopg.Connection[Row], order_id: int) -> Order:
        rows = connection.execute(_ONE, (order_id,)).fetchall()
        if not rows:
            raise UnknownOrderError(order_id)
        return _orders(connection, rows)[0]


def _orders(connection: psycopg.Connection[Row], rows: Sequence[Row]) -> list[Order]:
    lines: dict[int, list[Line]] = {row[0]: [] for row in rows}
    for order_id, sku, quantity, price in connection.execute(_LINES, (list(lines),)):
        lines[order_id].append(Line(sku=sku, quantity=quantity, unit_price_cents=price))
    return [_order(row, tuple(lines[row[0]])) for row in rows]


def _order(row: Row, lines: tuple[Line, ...]) -> Order:
    order_id, status, email, name, note, created_at, cancelled_at = row
    return Order(
        id=order_id,
        status=Status(status),
        customer_email=email,
        customer_name=name,
        lines=lines,
        note=note,
        created_at=created_at,
        cancelled_at=cancelled_at,
    )
