"""SQL of another database is told in one finding, where a reader would pass over it."""

from __future__ import annotations

import pytest

from tests.migrations.judging import judged

FOREIGN = {
    ("mysql:8.0", "INSERT INTO o VALUES ('a'::jsonb);"): "PostgreSQL",
    ("mariadb:10.11", "SELECT 1;\nUPDATE o SET a = b::int WHERE c;"): "PostgreSQL",
    ("mysql:8.0", "INSERT INTO o (a) VALUES (1) ON CONFLICT DO NOTHING;"): "PostgreSQL",
    ("mysql:8.0", "CREATE INDEX i ON o USING gin (a);"): "PostgreSQL",
    ("mysql:8.0", "SET LOCAL lock_timeout = '2s';"): "PostgreSQL",
    ("mysql:8.0", "DO $x$ BEGIN DROP TABLE a; END $x$;"): "PostgreSQL",
    ("sqlite", "INSERT INTO o VALUES ('a'::jsonb);"): "PostgreSQL",
    ("sqlite", "CREATE TABLE o (id int)\nENGINE=InnoDB;"): "MySQL",
}
OWN = {
    ("mysql:8.0", "INSERT INTO o VALUES ('::1', 'on conflict', \"DO $$\");"),
    ("mysql:8.0", "-- set search_path\nSELECT 1; # a::b\n/* using gin */"),
    ("mysql:8.0", "DELIMITER $$\nCREATE PROCEDURE p() BEGIN DO SLEEP(1); END$$\nDELIMITER ;"),
    ("mysql:8.0", "SELECT `a::b` FROM o;"),
    ("sqlite", "INSERT INTO o (a) VALUES (1) ON CONFLICT DO NOTHING;"),
    ("sqlite", "INSERT INTO [a::b] VALUES (') ENGINE=x', \"::c\");"),
}


@pytest.mark.parametrize(("server", "sql"), FOREIGN)
def test_what_another_database_understands_is_told_once(server: str, sql: str) -> None:
    found = judged(f"-- server {server}\n{sql}\n{sql}").findings
    told = [each.message for each in found if each.rule == "syntax-error"]
    reader = "SQLite" if server == "sqlite" else "MySQL"
    assert told == [f"this is SQL of {FOREIGN[server, sql]}, and it was read as {reader}'s"]


@pytest.mark.parametrize(("server", "sql"), sorted(OWN))
def test_what_stands_in_a_string_a_name_or_a_comment_is_of_no_database(
    server: str, sql: str
) -> None:
    found = judged(f"-- server {server}\n{sql}").findings
    assert "syntax-error" not in {each.rule for each in found}
