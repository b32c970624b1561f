"""A foreign table keeps no rows: nothing reads, copies or refuses any, on a real server either."""

from __future__ import annotations

import psycopg
import pytest

from cdkit.migrations.catalogue import rules
from tests.migrations.judging import judged

ABOUT_ROWS = {name for name, rule in rules().items() if rule.grows or rule.refuses}
ELSEWHERE = """
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE FOREIGN TABLE f (a int, b text) SERVER s;
"""
LOOP = """
CREATE EXTENSION postgres_fdw;
CREATE TABLE kept (a int, b text);
DO $$ BEGIN EXECUTE format('CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS '
    '(host %L, port %L, dbname %L)',
    current_setting('unix_socket_directories'), current_setting('port'), current_database());
EXECUTE format('CREATE USER MAPPING FOR current_user SERVER s OPTIONS (user %L)', current_user);
END $$;
CREATE FOREIGN TABLE f (a int, b text) SERVER s OPTIONS (table_name 'kept');
"""
CHANGES = [
    "ALTER FOREIGN TABLE f ALTER COLUMN a TYPE bigint;",
    "ALTER TABLE f ALTER COLUMN b SET NOT NULL;",
    "ALTER TABLE f ADD CONSTRAINT positive CHECK (a > 0);",
    "ALTER TABLE f ALTER COLUMN b SET NOT NULL, ADD CHECK (a > 0 AND b <> '');",
]


@pytest.mark.needs("postgres")
@pytest.mark.parametrize("statement", CHANGES)
def test_a_foreign_table_takes_what_its_constraints_forbid(statement: str, postgres: str) -> None:
    text = f"{ELSEWHERE}-- released\n{statement}"
    assert not {each.rule for each in judged(text).findings} & ABOUT_ROWS
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(LOOP.encode())
        connection.execute(statement.encode())
        connection.execute("INSERT INTO f VALUES (-7, NULL)")
        assert connection.execute("SELECT a, b FROM kept").fetchall() == [(-7, None)]


@pytest.mark.needs("postgres")
def test_no_default_of_a_foreign_table_is_written_into_rows(postgres: str) -> None:
    statement = "ALTER FOREIGN TABLE f ADD COLUMN c timestamptz NOT NULL DEFAULT clock_timestamp();"
    assert not {each.rule for each in judged(statement).findings} & ABOUT_ROWS
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(LOOP.encode())
        connection.execute("INSERT INTO f VALUES (1, 'x')")
        connection.execute(statement.encode())
        assert connection.execute("SELECT a FROM f").fetchall() == [(1,)]


def test_what_inherits_from_a_foreign_table_has_rows_of_its_own() -> None:
    text = f"{ELSEWHERE}CREATE TABLE o () INHERITS (f);\n-- released\n{CHANGES[0]}"
    assert "rewriting-type-change" in {each.rule for each in judged(text).findings}


def test_who_names_a_column_of_a_foreign_table_still_misses_it() -> None:
    text = f"{ELSEWHERE}-- released\nALTER FOREIGN TABLE f DROP COLUMN b;"
    assert "dropped-column" in {each.rule for each in judged(text).findings}


def test_a_column_without_a_default_is_written_as_null_to_the_other_server() -> None:
    text = f"{ELSEWHERE}-- released\nALTER FOREIGN TABLE f ADD COLUMN c int NOT NULL;"
    assert "required-column" in {each.rule for each in judged(text).findings}
