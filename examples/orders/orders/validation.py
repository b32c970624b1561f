"""Turns the JSON that a client sent into checked values, or says all that is wrong with it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn, cast

from orders.model import Line, NewOrder

if TYPE_CHECKING:
    from collections.abc import Iterable

_EMAIL = re.compile(r"(?ai)[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9.-]{1,190}\.[a-z]{2,63}")
_SKU = re.compile(r"[A-Z0-9][A-Z0-9-]{2,31}")
# PostgreSQL's text cannot hold NUL, and a lone surrogate has no UTF-8.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class InvalidError(ValueError):
    """The client's input is wrong: `fields` maps each faulty field to what is wrong with it."""

    def __init__(self, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}


def read_object(body: bytes) -> dict[str, object]:
    """Return the JSON object in `body` (UTF-8), refusing repeated keys and non-JSON numbers."""
    try:
        value: object = json.loads(
            body, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise InvalidError("the body is nested too deeply") from None
    except ValueError as fault:
        if isinstance(fault, InvalidError):
            raise
        raise InvalidError("the body is not valid JSON") from fault
    if not isinstance(value, dict):
        raise InvalidError("the body must be a JSON object")
    return cast("dict[str, object]", value)


def read_new_order(body: bytes) -> NewOrder:
    """Return the order in `body`, or raise InvalidError naming every faulty field."""
    data = read_object(body)
    faults = _unknown(data, {"customer", "lines", "note"}, "")
    email, name = _customer(data.get("customer"), faults)
    lines = _lines(data.get("lines"), faults)
    note = _text(data, "note", faults, longest=500)
    if faults:
        raise InvalidError("the order is not valid", faults)
    return NewOrder(customer_email=email, customer_name=name, lines=lines, note=note)


def read_cancellation(body: bytes) -> str | None:
    """Return the reason in `body`; an empty body is a cancellation without a reason."""
    if not body:
        return None
    data = read_object(body)
    faults = _unknown(data, {"reason"}, "")
    reason = _text(data, "reason", faults, longest=200)
    if faults:
        raise InvalidError("the cancellation is not valid", faults)
    return reason


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidError("the body has a key twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidError(f"{name} is not a JSON number")


def _unknown(data: Iterable[str], known: set[str], prefix: str) -> dict[str, str]:
    return {f"{prefix}{key}": "is not known" for key in sorted(set(data) - known)}


def _customer(value: object, faults: dict[str, str]) -> tuple[str, str | None]:
    if not isinstance(value, dict):
        faults["customer"] = "must be an object with an email"
        return "", None
    faults.update(_unknown(value, {"email", "name"}, "customer."))
    email = value.get("email")
    if not (isinstance(email, str) and _EMAIL.fullmatch(email)):
        faults["customer.email"] = "must be an e-mail address"
        email = ""
    return email.lower(), _text(value, "name", faults, longest=200, prefix="customer.")


def _lines(value: object, faults: dict[str, str]) -> tuple[Line, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= 100:
        faults["lines"] = "must be a list of 1 to 100 lines"
        return ()
    return tuple(_line(item, f"lines[{index}]", faults) for index, item in enumerate(value))


def _line(value: object, where: str, faults: dict[str, str]) -> Line:
    if not isinstance(value, dict):
        faults[where] = "must be an object"
        value = {}
    else:
        faults.update(_unknown(value, {"sku", "quantity", "unit_price_cents"}, f"{where}."))
    sku = value.get("sku")
    if not (isinstance(sku, str) and _SKU.fullmatch(sku)):
        faults[f"{where}.sku"] = "must be 3 to 32 of A-Z, 0-9 and -"
        sku = ""
    quantity = _whole(value.get("quantity"), f"{where}.quantity", 1, 1_000, faults)
    price = _whole(
        value.get("unit_price_cents"), f"{where}.unit_price_cents", 0, 100_000_000, faults
    )
    return Line(sku=sku, quantity=quantity, unit_price_cents=price)


def _whole(value: object, where: str, least: int, most: int, faults: dict[str, str]) -> int:
    # bool is an int in Python, but true is no quantity.
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    faults[where] = f"must be a whole number from {least} to {most}"
    return least


def _text(
    data: dict[str, object], key: str, faults: dict[str, str], *, longest: int, prefix: str = ""
) -> str | None:
    value = data.get(key)
    if value is None:
        return None
    if isinstance(value, str) and 0 < len(value) <= longest and not _UNSTORABLE.search(value):
        return value
    faults[f"{prefix}{key}"] = f"must be text of 1 to {longest} characters"
    return None
