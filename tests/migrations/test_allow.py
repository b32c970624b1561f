"""Allowances: which count, for which line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.allow import Allowance
from cdkit.migrations.allow import allowances, in_its_comments
from cdkit.migrations.postgres.remedy import REMEDY
from cdkit.migrations.tell import untold
from cdkit.migrations.text import Text
from cdkit.migrations.trouble import Trouble
from cdkit.steps.lint_migrations import LintMigrationsOptions, run
from tests.migrations.judging import TODAY, judged, places
from tests.worlds import world


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


def test_a_byte_order_mark_is_no_code() -> None:
    assert one("\ufeff-- cdkit: allow a (b)\nDROP TABLE a;").target == 2


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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-- cdkit: alow dropped-table (x)", "`cdkit: alow` says nothing; write `cdkit: allow`"),
        ("-- cdkit: Allow dropped-table (x)", "`cdkit: Allow` says nothing; write `cdkit: allow`"),
        ("-- cdkit: phases expand", "`cdkit: phases` says nothing; write `cdkit: phase`"),
        ("-- cdkit: allow dropped_table (x)", "no rule 'dropped_table': did you mean 'dropped-tab"),
        ("/* cdkit: allow dropped-table (x) */", "an allowance does not count in such a comment"),
    ],
)
def test_a_word_that_says_nothing_is_told(text: str, said: str) -> None:
    found = judged(f"CREATE TABLE a (id int);\n-- released\n{text}\nDROP TABLE a;\n")
    assert ("dropped-table", 4) in places(found.findings)
    assert any(said in note and note.startswith("0002.sql:3: ") for note in found.notes)


@pytest.mark.parametrize(
    "text",
    [
        "-- cdkit: allow dropped-table (x)", "-- cdkit: see the page", "SELECT 'cdkit: alow';",
        "-- cdkit: phase expand", "--cdkit:irreversible (x)", "-- why cdkit: nobody knows",
    ],
)  # fmt: skip
def test_a_word_that_says_what_it_should_or_is_none_of_ours_is_not(text: str) -> None:
    found = judged(f"CREATE TABLE a (id int);\n-- released\n{text}\nDROP TABLE a;\n")
    assert not any("says nothing" in note or "no rule" in note for note in found.notes)


def test_an_empty_line_does_not_part_an_allowance_from_what_it_speaks_of() -> None:
    assert one("-- cdkit: allow a (b)\n\n-- why\n\nDROP TABLE a;").target == 5
    assert one("DROP TABLE a;\n-- cdkit: allow a (b)\n\n").target == 2


def test_an_allowance_of_another_migration_in_the_file_is_not_said_to_be_of_no_use(
    tmp_path: Path,
) -> None:
    said = (
        "--liquibase formatted sql\n--changeset a:1\nCREATE TABLE a (id int);\n"
        "--changeset a:2\n-- cdkit: allow dropped-table (unused)\nDROP TABLE a;\n"
        "--changeset a:3\n-- cdkit: allow dropped-column (unused)\nSELECT 1;\n"
    )
    (tmp_path / "changelog.sql").write_text(said, encoding="utf-8")
    outcome = run(LintMigrationsOptions(), world(tmp_path))
    told = [note for note in outcome.notes if "nothing here needs" in note]
    assert told == [
        "changelog.sql:8: nothing here needs `allow dropped-column`; take it out",
    ]


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("m.sql", "`-- cdkit: allow unread-code (reason)`"),
        ("m.py", "`# cdkit: allow unread-code (reason)`"),
        ("m.yaml", "`# cdkit: allow unread-code (reason)`"),
        ("m.xml", "`<!-- cdkit: allow unread-code (reason) -->`"),
    ],
)
def test_a_remedy_is_a_comment_of_the_file_that_it_is_for(path: str, written: str) -> None:
    text = Text(path, b"DO 1")
    found = untold(text, Trouble(rule="unread-code", what="a", offset=0, remedy=REMEDY))
    fix = in_its_comments(found).fix
    assert fix
    assert written in fix.summary
