"""DROP … IF EXISTS before what is made anew: a word where no migration made one before."""

from __future__ import annotations

import pytest

from cdkit.core.finding import Severity
from tests.migrations.judging import judged

HISTORY = "CREATE TABLE o (a int);\n"
MADE = [
    ("DROP VIEW IF EXISTS v;", "CREATE VIEW v AS SELECT a FROM o;"),
    ("DROP FUNCTION IF EXISTS f(int);", "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS '';"),
    ("DROP TYPE IF EXISTS mood;", "CREATE TYPE mood AS ENUM ('a');"),
]


def severity(text: str) -> Severity | None:
    found = (x.severity for x in judged(text).findings if x.rule == "dropped-object")
    return next(found, None)


@pytest.mark.parametrize(("drop", "make"), MADE)
def test_what_only_makes_room_is_a_word_where_there_is_a_history(drop: str, make: str) -> None:
    assert severity(f"{HISTORY}-- released\n{drop}\n{make}") is Severity.LOW


@pytest.mark.parametrize(("drop", "make"), MADE)
def test_it_counts_where_it_may_be_there(drop: str, make: str) -> None:
    assert severity(f"{drop}\n{make}") is Severity.HIGH  # nobody knows what is there
    elsewhere = f"{HISTORY}CREATE INDEX e ON elsewhere (a);\n-- released\n{drop}"
    assert severity(elsewhere) is Severity.HIGH  # nothing is made, and there is more than is told
    sure = drop.replace("IF EXISTS ", "")
    assert severity(f"{HISTORY}-- released\n{sure}\n{make}") is Severity.HIGH  # it is there


def test_what_a_migration_made_before_is_compared_with_what_comes() -> None:
    again = MADE[0][1].replace("SELECT a", "SELECT a + 1 AS a")
    text = f"{HISTORY}{MADE[0][1]}\n-- released\nBEGIN;\n{MADE[0][0]}\n{again}\nCOMMIT;"
    assert severity(text) is Severity.HIGH
