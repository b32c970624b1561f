"""Domains: what they ask of a value, and what an ALTER DOMAIN makes of that."""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

from msgspec import structs

from cdkit.migrations.nouns import Constraint, Name, automatic_name
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema

NOT_NULL = "not null"
"""The kind of constraint that SET NOT NULL is."""


class RestrictDomain(Operation, frozen=True, kw_only=True):
    """ALTER DOMAIN ADD CONSTRAINT or SET NOT NULL; `action` is which, `constraint` what it asks."""

    domain: Name
    action: str
    constraint: Constraint


class LoosenDomain(Operation, frozen=True, kw_only=True):
    """ALTER DOMAIN DROP CONSTRAINT; without a name: DROP NOT NULL."""

    domain: Name
    constraint: str = ""


class ValidateDomain(Operation, frozen=True, kw_only=True):
    """ALTER DOMAIN VALIDATE CONSTRAINT."""

    domain: Name
    constraint: str


class RenameInDomain(Operation, frozen=True, kw_only=True):
    """ALTER DOMAIN RENAME CONSTRAINT."""

    domain: Name
    constraint: str
    to: str


def by_name(domain: str, constraints: Iterable[Constraint]) -> dict[str, Constraint]:
    """Return constraints of a domain by their names, which the server gives where nobody did."""
    named: dict[str, Constraint] = {}
    for each in constraints:
        first = automatic_name(domain, structs.replace(each, columns=()))
        numbered = (f"{first}{number or ''}" for number in count())
        name = each.name or next(x for x in numbered if x not in named)
        named[name] = structs.replace(each, name=name)
    return named


def _restrict(schema: Schema, made: RestrictDomain) -> None:
    if found := schema.thing(made.domain):
        every = (*found.constraints.values(), made.constraint)
        _put(schema, made.domain, by_name(schema.full(made.domain).name, every))


def _loosen(schema: Schema, made: LoosenDomain) -> None:
    if found := schema.thing(made.domain):
        left = {
            name: each
            for name, each in found.constraints.items()
            if (name != made.constraint if made.constraint else each.kind != NOT_NULL)
        }
        _put(schema, made.domain, left)


def _rename(schema: Schema, made: RenameInDomain) -> None:
    if found := schema.thing(made.domain):
        every = found.constraints.values()
        renamed = [
            structs.replace(x, name=made.to if x.name == made.constraint else x.name) for x in every
        ]
        _put(schema, made.domain, by_name(made.domain.name, renamed))


def _put(schema: Schema, name: Name, constraints: dict[str, Constraint]) -> None:
    full = schema.full(name)
    body = "constrained" if constraints else ""
    found = schema.things[full]
    schema.things[full] = structs.replace(found, constraints=constraints, body=body)


DOMAINS: dict[type[Operation], Callable[[Schema, Any], None]] = {
    RestrictDomain: _restrict,
    LoosenDomain: _loosen,
    RenameInDomain: _rename,
}
