"""Allowances: which count, for which line."""

from __future__ import annotations

import pytest

from cdkit.core.allow import Allowance
from cdkit.migrations.allow import allowances
from cdkit.migrations.text import Text
from tests.migrations.judging import TODAY


def one(text: str) -> Allowance:
    (found,) = allowances(Text("m.sql", text.encode()), TODAY)
    return found


def test_an_allowance_has_a_rule_a_reason_and_an_end() -> None:
    found = one(
        "DROP TABLE a; -- cdkit: allow dropped-table (gone (really) since May) until 2027-01-31"
    )
    assert (found.rule, found.reason) == ("dropped-table", "gone (really) since May")
    assert (found.until, found.fault, found.target) == ("2027-01-31", "", 1)


def test_an_allowance_above_speaks_of_the_next_line_that_is_no_comment() -> None:
    assert one("\n-- cdkit: allow a (b)\n-- why\nDROP TABLE a;").target == 4


def test_an_allowance_above_an_empty_line_speaks_of_what_comes_after_it() -> None:
    assert one("-- cdkit: allow a (b)\n\n  \n-- why\n\nDROP TABLE a;").target == 6
    assert one("DROP TABLE a;\n-- cdkit: allow a (b)\n\n").target == 2


def test_an_allowance_behind_code_speaks_of_its_own_line() -> None:
    assert one("SELECT 1;\nDROP TABLE a; -- cdkit: allow a (b)\nDROP TABLE b;").target == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("-- cdkit: allow dropped-table", "no reason"),
        ("-- cdkit: allow dropped-table ()", "no reason"),
        ("-- cdkit: allow dropped-table, dropped-column (a)", "several rules"),
        ("-- cdkit: allow dropped-table (a) until 2026-11-22", "expired"),
        ("-- cdkit: allow dropped-table (a) until soon", "no date"),
    ],
)
def test_an_allowance_that_does_not_count_says_why(text: str, fault: str) -> None:
    assert fault in one(text).fault


def test_the_last_day_still_counts() -> None:
    assert not one(f"-- cdkit: allow a (b) until {TODAY}").fault


def test_other_comments_allow_nothing() -> None:
    assert not allowances(
        Text("m.sql", b"-- cdkit: see the page\n-- allow dropped-table (a)"), TODAY
    )


@pytest.mark.parametrize(
    "rest",
    [", until 2020-01-01", "; Until 2020-01-01", "expires 2020-01-01", "2020-01-01", "until"],
)
def test_an_allowance_whose_date_is_misspelled_does_not_count(rest: str) -> None:
    found = one(f"DROP TABLE t; -- cdkit: allow dropped-table (old) {rest}")
    assert found.fault == "its date cannot be read: write `(why) until 2026-12-31`"


def test_words_behind_the_reason_are_no_date() -> None:
    assert not one("DROP TABLE t; -- cdkit: allow dropped-table (old) -- see the ticket").fault
