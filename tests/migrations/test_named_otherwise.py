"""A constraint that no migration here made, dropped: what its name says of it counts."""

from __future__ import annotations

import pytest

from tests.migrations.judging import judged

CHECKED = "ALTER TABLE orders ADD CONSTRAINT valid CHECK (a > 0) NOT VALID;"
UNIQUE = "ALTER TABLE orders ADD CONSTRAINT ck_valid UNIQUE USING INDEX i;"


def severity(statements: str) -> list[str]:
    """Return how bad it is to have dropped the uniqueness."""
    found = judged(f"BEGIN;\n{statements}\nCOMMIT;").findings
    return [each.severity.value for each in found if each.rule == "dropped-uniqueness"]


@pytest.mark.parametrize(
    ("name", "then", "level"),
    [
        ("ck_orders_state", "", "low"),
        ("orders_buyer_id_1a2b3c4d_fk_buyers_id", "", "low"),
        ("fk_rails_12ab", "", "low"),
        ("orders_state_check1", "", "low"),
        ("orders_buyer_fkey", "", "low"),
        ("valid", CHECKED, "low"),
        ("valid", "", "medium"),
        ("backcheck", "", "medium"),
        ("uq_check_in", "", "medium"),
        ("orders_check_number_key", "", "medium"),
        ("ck_valid", UNIQUE, "medium"),
        ("orders_pkey", "", "medium"),
    ],
)
def test_what_is_named_as_a_check_or_a_foreign_key_keeps_no_rows_apart(
    name: str, then: str, level: str
) -> None:
    assert severity(f"ALTER TABLE orders DROP CONSTRAINT {name};\n{then}") == [level]
