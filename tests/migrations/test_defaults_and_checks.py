"""A new column whose default its own CHECK lets in, or does not."""

from __future__ import annotations

import sqlite3

import pytest

from tests.migrations.judging import judged

CHECKS = [
    ("DEFAULT 1", "x > 2", "refused"),
    ("DEFAULT 3", "x > 2", ""),
    ("DEFAULT '3'", "x >= 3", ""),
    ("DEFAULT 0", "x < 0", "refused"),
    ("DEFAULT -1", "x <= -1", ""),
    ("DEFAULT 'a'", "x IN ('b', 'c')", "refused"),
    ("DEFAULT 'c'", "x IN ('b', 'c')", ""),
    ("DEFAULT 7", "x IN (5, 6)", "refused"),
    ("DEFAULT 5", "x IN (5, 6)", ""),
    ("DEFAULT NULL", "x > 2", ""),
    ("", "x > 2", ""),
]


@pytest.mark.parametrize(("default", "check", "answer"), CHECKS)
@pytest.mark.parametrize("server", ["mysql:8.0", "mariadb:10.11", "sqlite:3.40"])
def test_a_default_that_its_check_refuses_refuses_writes(
    server: str, default: str, check: str, answer: str
) -> None:
    kind = "varchar(9)" if "'b'" in check else "int"
    change = f"ALTER TABLE o ADD COLUMN x {kind} {default} CHECK ({check});"
    text = f"-- server {server}\nCREATE TABLE o (a int);\n-- released\n{change}"
    told = {each.rule for each in judged(text).findings}
    assert ("constraint-on-existing-table" in told) == bool(answer)
    with sqlite3.connect(":memory:") as base:
        base.execute("CREATE TABLE o (a int)")
        base.execute(change)
        try:
            base.execute("INSERT INTO o (a) VALUES (1)")
            refused = ""
        except sqlite3.IntegrityError:
            refused = "refused"
    assert refused == answer
