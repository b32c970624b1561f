"""DROP … IF EXISTS of what no migration made: shown, and no break as far as anybody can tell."""

from __future__ import annotations

import pytest

from cdkit.core.finding import Confidence, Severity
from tests.migrations.judging import judged

MADE = """
CREATE TABLE o (id int PRIMARY KEY, email text);
CREATE INDEX i ON o (email);
CREATE VIEW v AS SELECT id FROM o;
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
"""
DROPS = (
    "DROP TABLE IF EXISTS legacy;",
    "DROP TABLE IF EXISTS legacy CASCADE;",
    "DROP VIEW IF EXISTS legacy;",
    "DROP INDEX IF EXISTS legacy_key;",
    "DROP FUNCTION IF EXISTS legacy(int);",
    "DROP FUNCTION IF EXISTS f(text);",
    "DROP TYPE IF EXISTS legacy;",
    "DROP SEQUENCE IF EXISTS legacy;",
    "ALTER TABLE o DROP CONSTRAINT IF EXISTS o_email_key;",
    "DROP TABLE IF EXISTS legacy;\nCREATE TABLE legacy (id int);",
)
ABOUT_TIME = ("missing-lock-timeout", "missing-statement-timeout")


def worst(text: str) -> Severity:
    """Return the highest severity of what is found about the change."""
    found = judged(text, disabled=ABOUT_TIME).findings
    return max((each.severity for each in found), key=lambda x: x.rank, default=Severity.INFO)


@pytest.mark.parametrize("drop", DROPS)
def test_what_no_migration_made_is_shown_below_the_threshold(drop: str) -> None:
    found = judged(f"{MADE}-- released\n{drop}", disabled=ABOUT_TIME).findings
    assert found
    assert {each.severity for each in found} == {Severity.LOW}
    assert any("by hand" in each.message for each in found)
    assert Confidence.LOW in {each.confidence for each in found}


@pytest.mark.parametrize("drop", DROPS)
def test_where_no_migration_made_anything_nobody_knows_what_is_there(drop: str) -> None:
    assert worst(drop).rank >= Severity.MEDIUM.rank


@pytest.mark.parametrize(
    "more",
    [
        "ALTER TABLE elsewhere ADD COLUMN a int;",
        "ALTER TABLE elsewhere ENABLE ROW LEVEL SECURITY;",
        "CREATE INDEX e ON elsewhere (a);",
        "ALTER TABLE o ADD FOREIGN KEY (id) REFERENCES elsewhere (id);",
        "INSERT INTO elsewhere VALUES (1);",
        "CREATE VIEW w AS SELECT a FROM elsewhere;",
        "DO LANGUAGE plpython3u 'pass';",
        "DO $$ BEGIN EXECUTE (SELECT string_agg(code, ';') FROM jobs); END $$;",
        "CREATE TABLE c AS SELECT * FROM elsewhere;",
        "this is no SQL;",
    ],
)
def test_where_the_migrations_do_not_tell_all_that_is_there_it_is_a_break(more: str) -> None:
    assert worst(f"{MADE}{more}\n-- released\n{DROPS[0]}") is Severity.HIGH


@pytest.mark.parametrize(
    "drop",
    [
        "DROP TABLE legacy;",
        "DROP TABLE IF EXISTS o;",
        "DROP TABLE IF EXISTS shop.o;",
        "DROP VIEW IF EXISTS v;",
        "DROP FUNCTION IF EXISTS f(int);",
        "DROP FUNCTION IF EXISTS f;",
        "DROP EXTENSION IF EXISTS pgcrypto;",
        "DROP SCHEMA IF EXISTS legacy CASCADE;",
        "DROP ROLE IF EXISTS legacy;",
        "ALTER TABLE o DROP CONSTRAINT IF EXISTS o_pkey;",
    ],
)
def test_what_may_be_there_all_the_same_is_a_break(drop: str) -> None:
    assert worst(f"{MADE}-- released\n{drop}").rank >= Severity.MEDIUM.rank


def test_what_is_dropped_already_is_not_there() -> None:
    text = f"{MADE}DROP TABLE IF EXISTS a;\nCREATE TABLE a (b int);\nDROP TABLE a;\n-- released\n"
    assert worst(f"{text}DROP TABLE IF EXISTS a;") is Severity.LOW


def test_a_drop_of_nothing_is_no_contract() -> None:
    text = f"{MADE}-- released\nDROP TABLE IF EXISTS legacy;\nCREATE TABLE legacy (id int);"
    assert "mixed-phases" not in {each.rule for each in judged(text).findings}


def test_an_index_of_a_constraint_and_a_sequence_of_a_column_are_known() -> None:
    made = "CREATE TABLE t (id serial PRIMARY KEY, n int UNIQUE);\n-- released\n"
    for drop in ("DROP INDEX IF EXISTS t_n_key;", "DROP SEQUENCE IF EXISTS t_id_seq;"):
        assert not any("by hand" in each.message for each in judged(f"{made}{drop}").findings)


@pytest.mark.parametrize("kind", ["VIEW", "TABLE", "TYPE"])
def test_what_got_its_name_by_a_rename_is_known(kind: str) -> None:
    made = {
        "VIEW": "CREATE VIEW w AS SELECT 1 AS a;",
        "TABLE": "CREATE TABLE w (a int);",
        "TYPE": "CREATE TYPE w AS ENUM ('a');",
    }[kind]
    renamed = f"ALTER {kind} w RENAME TO legacy;"
    text = f"{MADE}{made}\n{renamed}\n-- released\nDROP {kind} IF EXISTS legacy;"
    assert worst(text).rank >= Severity.MEDIUM.rank
