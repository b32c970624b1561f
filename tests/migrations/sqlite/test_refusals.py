"""What SQLite refuses, asked of the SQLite that Python has."""

from __future__ import annotations

import sqlite3

import pytest

from tests.migrations.judging import judged

SCHEMA = """
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE o (
    id INTEGER PRIMARY KEY, a INT, b INT UNIQUE, c INT CHECK (c > 0), d INT, e INT, f INT,
    g INT AS (a + 1) VIRTUAL, h INT REFERENCES p (id), k INT, CHECK (d > e),
    FOREIGN KEY (k) REFERENCES p (id)
);
CREATE INDEX i ON o (f);
CREATE TABLE s (id INTEGER PRIMARY KEY, a TEXT) STRICT;
"""

STATEMENTS = [
    "ALTER TABLE o ADD COLUMN z INT",
    "ALTER TABLE o ADD COLUMN z INT NOT NULL",
    "ALTER TABLE o ADD COLUMN z INT NOT NULL DEFAULT 0",
    "ALTER TABLE o ADD COLUMN z INT NOT NULL DEFAULT NULL",
    "ALTER TABLE o ADD COLUMN z INT UNIQUE",
    "ALTER TABLE o ADD COLUMN z INT PRIMARY KEY",
    "ALTER TABLE o ADD COLUMN z INT DEFAULT CURRENT_TIMESTAMP",
    "ALTER TABLE o ADD COLUMN z INT DEFAULT (abs(1))",
    "ALTER TABLE o ADD COLUMN z INT DEFAULT (0)",
    "ALTER TABLE o ADD COLUMN z INT NOT NULL DEFAULT (-1)",
    "ALTER TABLE o ADD COLUMN z TEXT DEFAULT ('x')",
    "ALTER TABLE o ADD COLUMN z INT DEFAULT (1 + 1)",
    "ALTER TABLE o ADD COLUMN z INT AS (a + 1) VIRTUAL",
    "ALTER TABLE o ADD COLUMN z INT AS (a + 1) STORED",
    "ALTER TABLE o ADD COLUMN z INT CHECK (z > 0)",
    "ALTER TABLE o ADD COLUMN z INT DEFAULT NULL REFERENCES p (id)",
    "PRAGMA foreign_keys = OFF; ALTER TABLE o ADD COLUMN z INT DEFAULT 1 REFERENCES p (id)",
    "PRAGMA foreign_keys = ON; ALTER TABLE o ADD COLUMN z INT DEFAULT 1 REFERENCES p (id)",
    "ALTER TABLE s ADD COLUMN z ANY",
    "ALTER TABLE s ADD COLUMN z VARCHAR(20)",
    "ALTER TABLE s ADD COLUMN z INTEGER(5)",
    "ALTER TABLE s ADD COLUMN z",
    "CREATE TABLE z (a REAL, b BLOB, c INT) STRICT",
    "CREATE TABLE z (a REAL, b DATETIME) STRICT",
    "ALTER TABLE o DROP COLUMN a",
    "ALTER TABLE o DROP COLUMN b",
    "ALTER TABLE o DROP COLUMN c",
    "ALTER TABLE o DROP COLUMN d",
    "ALTER TABLE o DROP COLUMN f",
    "ALTER TABLE o DROP COLUMN g",
    "ALTER TABLE o DROP COLUMN h",
    "ALTER TABLE o DROP COLUMN k",
    "ALTER TABLE o DROP COLUMN id",
    "ALTER TABLE o RENAME COLUMN a TO z",
    "ALTER TABLE o RENAME TO z",
]
REBUILD = (
    "CREATE TABLE n (a INT); INSERT INTO n SELECT a FROM o; DROP TABLE o; ALTER TABLE n RENAME TO o"
)
UNDER = {
    "a view": "CREATE VIEW v AS SELECT a FROM o;",
    "a view of another table": "CREATE VIEW v AS SELECT id FROM p;",
    "a trigger of another table": "CREATE TRIGGER t AFTER INSERT ON p BEGIN DELETE FROM o; END;",
    "a trigger of its own": "CREATE TRIGGER t AFTER INSERT ON o BEGIN DELETE FROM p; END;",
}


def refused(schema: str, sql: str) -> bool:
    connection = sqlite3.connect(":memory:")
    connection.executescript(schema)
    # A row, since some refusals come only where there is one.
    connection.execute("INSERT INTO p VALUES (1)")
    connection.execute("INSERT INTO o (a) VALUES (1)")
    try:
        connection.executescript(sql)
    except sqlite3.OperationalError:
        return True
    finally:
        connection.close()
    return False


def told(schema: str, sql: str) -> bool:
    version = ".".join(map(str, sqlite3.sqlite_version_info))
    found = judged(f"-- server sqlite:{version}\n{schema}\n-- released\n{sql};").findings
    return "refused-statement" in {each.rule for each in found}


@pytest.mark.parametrize("sql", STATEMENTS)
def test_what_sqlite_refuses_is_told_and_nothing_else(sql: str) -> None:
    assert told(SCHEMA, sql) == refused(SCHEMA, sql)


@pytest.mark.parametrize("under", UNDER.values(), ids=UNDER)
@pytest.mark.parametrize("legacy", ["", "PRAGMA legacy_alter_table = ON; "])
def test_a_rebuild_is_refused_while_something_names_the_table(under: str, legacy: str) -> None:
    schema, sql = f"{SCHEMA}{under}", f"{legacy}{REBUILD}"
    assert told(schema, sql) == refused(schema, sql)
