"""Orders kept in this process's memory: for development and tests, gone when it stops."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

from orders.model import (
    AlreadyCancelledError,
    NewOrder,
    Order,
    OrderEvent,
    Status,
    UnknownOrderError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _utc_now() -> datetime:
    return datetime.now(UTC)


class MemoryOrders:
    """Orders in a dictionary. Safe to share between threads."""

    def __init__(self, now: Callable[[], datetime] = _utc_now) -> None:
        self._now = now
        self._lock = Lock()
        self._orders: dict[int, Order] = {}
        self._events: dict[int, list[OrderEvent]] = {}

    def ping(self) -> None:
        """Memory is always there."""

    def create(self, new: NewOrder) -> Order:
        with self._lock:
            order = Order(
                id=len(self._orders) + 1,
                status=Status.OPEN,
                customer_email=new.customer_email,
                customer_name=new.customer_name,
                lines=new.lines,
                note=new.note,
                created_at=self._now(),
            )
            self._orders[order.id] = order
            self._events[order.id] = [OrderEvent(kind="created", at=order.created_at)]
            return order

    def get(self, order_id: int) -> Order:
        try:
            return self._orders[order_id]
        except KeyError:
            raise UnknownOrderError(order_id) from None

    def list(self, *, status: Status | None, after: int, limit: int) -> Sequence[Order]:
        found = (
            order
            for order in self._orders.values()
            if order.id > after and status in {None, order.status}
        )
        return [order for order, _ in zip(found, range(limit), strict=False)]

    def cancel(self, order_id: int, reason: str | None) -> Order:
        with self._lock:
            order = self.get(order_id)
            if order.status is Status.CANCELLED:
                raise AlreadyCancelledError(order_id)
            now = self._now()
            order = replace(order, status=Status.CANCELLED, cancelled_at=now)
            self._orders[order_id] = order
            self._events[order_id].append(OrderEvent(kind="cancelled", at=now, detail=reason))
            return order

    def events(self, order_id: int) -> Sequence[OrderEvent]:
        self.get(order_id)
        return tuple(self._events[order_id])
