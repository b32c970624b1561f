"""Domains: what replaces a CHECK is held against what the running version knows."""

from __future__ import annotations

import pytest

from tests.migrations.judging import RELEASED, judged, places

THERE = (
    "CREATE DOMAIN d AS int CONSTRAINT c CHECK (VALUE > 10);\nCREATE TABLE t (v d);\n" + RELEASED
)
ADDED = "ALTER DOMAIN d DROP CONSTRAINT c;\nALTER DOMAIN d ADD CONSTRAINT c CHECK "


def rules_of(text: str) -> set[str]:
    return {rule for rule, _ in places(judged(text, disabled=("missing-lock-timeout",)).findings)}


@pytest.mark.parametrize("condition", ["(VALUE > 5)", "(VALUE > 10)", "(VALUE > 0 OR VALUE < -7)"])
def test_a_check_in_the_place_of_a_stricter_one_breaks_nobody(condition: str) -> None:
    assert rules_of(THERE + ADDED + condition + " NOT VALID;") == set()


@pytest.mark.parametrize("condition", ["(VALUE > 15)", "(VALUE < 10)", "(VALUE > 5 AND VALUE < 9)"])
def test_a_check_that_asks_for_more_is_told(condition: str) -> None:
    assert rules_of(THERE + ADDED + condition + " NOT VALID;") == {"restricted-domain"}


def test_a_domain_that_took_no_null_takes_none_after_all() -> None:
    there = THERE.replace("AS int", "AS int NOT NULL")
    assert "restricted-domain" not in rules_of(there + "ALTER DOMAIN d SET NOT NULL;")
    dropped = there.replace(RELEASED, "ALTER DOMAIN d DROP NOT NULL;\n" + RELEASED)
    assert "restricted-domain" in rules_of(dropped + "ALTER DOMAIN d SET NOT NULL;")


def test_a_check_that_was_dropped_under_another_name_holds_nothing() -> None:
    renamed = "ALTER DOMAIN d RENAME CONSTRAINT c TO old;\nALTER DOMAIN d DROP CONSTRAINT old;\n"
    there = THERE.replace(RELEASED, renamed + RELEASED)
    text = there + "ALTER DOMAIN d ADD CHECK (VALUE > 10) NOT VALID;"
    assert rules_of(text) == {"restricted-domain"}


def test_the_name_of_a_domain_s_constraint_is_nothing_that_anybody_uses() -> None:
    assert rules_of(THERE + "ALTER DOMAIN d RENAME CONSTRAINT c TO e;") == set()


def test_constraints_without_a_name_get_the_servers() -> None:
    there = "CREATE DOMAIN d AS int CHECK (VALUE > 10) CHECK (VALUE < 99);\n"
    there += "ALTER DOMAIN d DROP CONSTRAINT d_check1;\n" + RELEASED
    added = "ALTER DOMAIN d ADD CHECK (VALUE {}) NOT VALID;"
    assert rules_of(there + added.format("< 99")) == {"restricted-domain"}
    assert rules_of(there + added.format("> 10")) == set()


@pytest.mark.parametrize("type_", ["d", "public.d"])
@pytest.mark.parametrize("domain", ["d", "public.d"])
def test_a_domain_is_checked_under_a_lock_on_who_uses_it(type_: str, domain: str) -> None:
    there = THERE.replace("(v d)", f"(v {type_})")
    for action in ("ADD CHECK (VALUE > 1)", "VALIDATE CONSTRAINT c"):
        found = judged(there + f"ALTER DOMAIN {domain} {action};")
        assert found.locks == ("SHARE on t",)
        assert ("scanning-domain", 4) in places(found.findings)
