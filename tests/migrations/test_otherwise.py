"""What a server refuses, and a migration of several phases, said as it would be right."""

from __future__ import annotations

import sqlite3

import pytest

from tests.migrations.judging import judged

REFUSED = {
    "-- server mysql:5.7\nCREATE TABLE o (a varchar(9) NOT NULL DEFAULT 'x');\n-- released\n"
    "ALTER TABLE o RENAME COLUMN a TO b;": "ALTER TABLE o CHANGE COLUMN a b varchar(9) DEFAULT 'x' "
    "NOT NULL;",
    "-- server mysql:8.0\nALTER TABLE o DROP COLUMN IF EXISTS a, ADD b int;": "ALTER TABLE o "
    "DROP COLUMN a, ADD b int;",
    "-- server mysql:8.0\nALTER TABLE o WAIT 5 ADD b int;": "SET SESSION lock_wait_timeout = 2;\n"
    "ALTER TABLE o ADD b int;",
    "-- server mysql:5.7\nALTER TABLE o ADD b int, ALGORITHM=INSTANT;": "ALTER TABLE o ADD b int;",
    "-- server mysql:8.0\nALTER TABLE o ALGORITHM=NOCOPY, ADD b int;": "ALTER TABLE o ADD b int;",
    "-- server mysql:8.0.20\nALTER TABLE o ADD c int INVISIBLE;": "ALTER TABLE o ADD c int;",
    "-- server mariadb:10.11\nCREATE INDEX i ON o (c, (lower(a)));": "-- varchar(255) stands for "
    "the type of the expression\nALTER TABLE o ADD COLUMN i_2 varchar(255) AS ((lower(a))) VIRTUAL,"
    " ADD INDEX i (c, i_2);",
    "-- server sqlite\nALTER TABLE o ADD COLUMN a int UNIQUE;": "ALTER TABLE o ADD COLUMN a int;\n"
    "CREATE UNIQUE INDEX o_a_key ON o (a);",
    "-- server sqlite\nALTER TABLE o ADD COLUMN a text DEFAULT (datetime('now'));": "ALTER TABLE o "
    "ADD COLUMN a text;\nUPDATE o SET a = (datetime('now'));",
    "-- server sqlite\nALTER TABLE o ADD COLUMN a text AS (b) STORED;": "ALTER TABLE o ADD COLUMN "
    "a text AS (b) VIRTUAL;",
}


def instead(text: str, rule: str) -> str:
    (found,) = (each for each in judged(text).findings if each.rule == rule)
    assert found.fix
    return found.fix.replacement


@pytest.mark.parametrize("text", REFUSED)
def test_what_a_server_refuses_is_said_as_it_takes_it(text: str) -> None:
    assert instead(text, "refused-statement") == REFUSED[text]


HISTORY = (
    "CREATE TABLE o (id INTEGER PRIMARY KEY, b text NOT NULL DEFAULT 'x', c int);\n"
    "CREATE INDEX i ON o (c);\n"
)


def test_a_table_is_made_anew_without_a_column_that_sqlite_does_not_drop() -> None:
    said = instead(
        f"-- server sqlite\n{HISTORY}-- released\nALTER TABLE o DROP COLUMN c;", "refused-statement"
    )
    with sqlite3.connect(":memory:", isolation_level=None) as connection:
        connection.executescript(HISTORY)
        connection.execute("INSERT INTO o (b, c) VALUES ('kept', 1)")
        connection.executescript(said)
        assert connection.execute("SELECT * FROM o").fetchall() == [(1, "kept")]
    connection.close()


def test_phases_are_told_apart_clause_by_clause() -> None:
    text = (
        "CREATE TABLE orders (id bigint, note text, status text);\n-- released\n"
        'ALTER TABLE ONLY "public".orders\n  ADD COLUMN state numeric(1, 2),\n'
        "  DROP COLUMN status, -- unused\n  DROP COLUMN note;"
    )
    assert instead(text, "mixed-phases").splitlines() == [
        "-- release 1, before its code:",
        'ALTER TABLE ONLY "public".orders ADD COLUMN state numeric(1, 2);',
        "-- release 2 or later, when RELEASE runs everywhere, which stopped using this:",
        "-- cdkit: phase contract since RELEASE (why nobody uses it any more)",
        'ALTER TABLE ONLY "public".orders DROP COLUMN status;',
        'ALTER TABLE ONLY "public".orders DROP COLUMN note;',
        "-- what belongs into no phase (an index, a grant) goes with what it serves",
    ]


def test_what_stands_in_a_block_of_code_is_not_taken_apart() -> None:
    text = (
        "CREATE TABLE orders (id bigint, note text);\n-- released\nDO $$ BEGIN\n"
        "  ALTER TABLE orders ADD COLUMN state text;\n  ALTER TABLE orders DROP COLUMN note;\n"
        "END $$;"
    )
    assert "DO $$" not in instead(text, "mixed-phases")
