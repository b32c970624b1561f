"""The nouns of the service: what an order is, and what may go wrong with one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class Status(StrEnum):
    """Where an order stands. An order is never deleted."""

    OPEN = "open"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One article of an order; the price is that of one piece, in cents."""

    sku: str
    quantity: int
    unit_price_cents: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NewOrder:
    """An order as a customer sends it: checked, not stored yet."""

    customer_email: str
    customer_name: str | None
    lines: tuple[Line, ...]
    note: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A stored order. Times carry their zone."""

    id: int
    status: Status
    customer_email: str
    customer_name: str | None
    lines: tuple[Line, ...]
    note: str | None
    created_at: datetime
    cancelled_at: datetime | None = None

    @property
    def total_cents(self) -> int:
        """What the customer owes for all lines, in cents."""
        return sum(line.quantity * line.unit_price_cents for line in self.lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderEvent:
    """Something that happened to an order, as shown to support."""

    kind: str
    at: datetime
    detail: str | None = None


class UnknownOrderError(LookupError):
    """No order has this number."""


class AlreadyCancelledError(RuntimeError):
    """The order was cancelled before; cancelling it again would lose the first reason."""


class Orders(Protocol):
    """Where orders are kept."""

    def ping(self) -> None:
        """Return if orders can be read and written now; raise whatever the store raises if not."""

    def create(self, new: NewOrder) -> Order:
        """Store a new order with the status `open` and the event `created`."""
        ...

    def get(self, order_id: int) -> Order:
        """Return one order, or raise UnknownOrderError."""
        ...

    def list(self, *, status: Status | None, after: int, limit: int) -> Sequence[Order]:
        """Return at most `limit` orders with a number above `after`, by number."""
        ...

    def cancel(self, order_id: int, reason: str | None) -> Order:
        """Cancel an open order; raise UnknownOrderError or AlreadyCancelledError."""
        ...

    def events(self, order_id: int) -> Sequence[OrderEvent]:
        """Return what happened to an order, oldest first, or raise UnknownOrderError."""
        ...
