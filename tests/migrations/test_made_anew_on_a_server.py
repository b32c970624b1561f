"""What is said of things that are made anew, swapped or checked, held on a real server."""

from __future__ import annotations

from typing import NamedTuple

import psycopg
import pytest

from cdkit.core.finding import Severity
from tests.migrations.judging import judged

pytestmark = pytest.mark.needs("postgres")

BASE = """
CREATE TABLE parents (id int PRIMARY KEY, code int UNIQUE, state text DEFAULT 'new',
    CONSTRAINT known CHECK (state IN ('new', 'paid')), CONSTRAINT small CHECK (code <= 50));
CREATE TABLE rows (id int PRIMARY KEY, parent int CONSTRAINT fk REFERENCES parents);
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.state := ''paid''; RETURN NEW; END';
CREATE TRIGGER filled BEFORE INSERT ON parents FOR EACH ROW WHEN (NEW.id = 7) EXECUTE FUNCTION fill();
CREATE VIEW fresh AS SELECT id, code, state FROM parents WHERE state = 'new';
CREATE VIEW codes AS SELECT code FROM fresh;
CREATE FUNCTION twice(a int) RETURNS int LANGUAGE sql AS 'SELECT coalesce(a, 1) * 2';
CREATE TABLE log (line text);
INSERT INTO log VALUES ('begun');
INSERT INTO parents (id, code) VALUES (1, 10), (2, 20);
INSERT INTO rows VALUES (1, 1);
"""  # noqa: E501 - SQL
CHECKED = "ALTER TABLE parents DROP CONSTRAINT known, ADD CONSTRAINT known CHECK ({}) NOT VALID;"
SMALL = "ALTER TABLE parents DROP CONSTRAINT small, ADD CONSTRAINT small CHECK ({}) NOT VALID;"
PAID = "INSERT INTO parents (id, state) VALUES (5, 'paid')"
FIFTY = "INSERT INTO parents (id, code) VALUES (5, 50)"
ANEW = """BEGIN; ALTER TABLE parents RENAME TO old;
CREATE TABLE parents (id int PRIMARY KEY, code int UNIQUE, state text DEFAULT 'new');
INSERT INTO parents SELECT id, code, state FROM old; {} COMMIT;"""
FIRED = "CREATE TRIGGER filled BEFORE INSERT ON parents FOR EACH ROW WHEN (NEW.id = 7) "
FIRED += "EXECUTE FUNCTION fill();"
KEYED = "ALTER TABLE rows DROP CONSTRAINT fk, ADD CONSTRAINT fk FOREIGN KEY (parent) "
VIEW = "CREATE {} fresh AS SELECT id, code, state FROM parents WHERE state = 'new';"
TWICE = "CREATE FUNCTION twice(a {}) RETURNS int LANGUAGE sql AS 'SELECT 0';"
EMPTY = "INSERT INTO log (line) VALUES ('')"
SWAP = """BEGIN; LOCK TABLE log; CREATE TABLE fresh_log ({0}); DROP TABLE log;
ALTER TABLE fresh_log RENAME TO log; {1} COMMIT;"""
FILLED = "INSERT INTO log SELECT WHERE 'a' = 'b';"
MARKED = "UPDATE log SET line = 'seen'"
CODES = "CREATE VIEW codes AS SELECT code FROM fresh;"
CALLED = "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS "
CALLED += "'BEGIN NEW.state := ''paid''; RETURN NEW; END';"


class Change(NamedTuple):
    """A change, what the running version asks, what it got and what it gets then."""

    name: str
    change: str
    asked: str
    same: bool


CHANGES = [
    Change("wider list", CHECKED.format("state IN ('new', 'paid', 'gone')"), PAID, same=True),
    Change(
        "any of more", CHECKED.format("state = ANY (ARRAY['paid', 'new', 'x'])"), PAID, same=True
    ),
    Change("or more", CHECKED.format("state IN ('new', 'paid') OR code > 5"), PAID, same=True),
    Change("narrower list", CHECKED.format("state IN ('new', 'gone')"), PAID, same=False),
    Change("and more", CHECKED.format("state IN ('new', 'paid') AND id > 9"), PAID, same=False),
    Change("higher limit", SMALL.format("code <= 60"), FIFTY, same=True),
    Change("lower limit", SMALL.format("code < 50"), FIFTY, same=False),
    Change(
        "default against a check",
        "ALTER TABLE parents ADD COLUMN kind text DEFAULT 'a';"
        "ALTER TABLE parents ADD CHECK (kind IN ('b', 'c')) NOT VALID;",
        PAID,
        same=False,
    ),
    Change(
        "a default from a setting",
        "ALTER TABLE rows ADD COLUMN tenant text DEFAULT current_setting('app.tenant', true);",
        "INSERT INTO rows VALUES (5, 1)",
        same=True,
    ),
    Change(
        "a default from a setting that nobody made",
        "ALTER TABLE rows ADD COLUMN tenant text;"
        "ALTER TABLE rows ALTER tenant SET DEFAULT current_setting('app.tenant');",
        "INSERT INTO rows VALUES (5, 1)",
        same=False,
    ),
    Change(
        "another key of the parent",
        f"{KEYED}REFERENCES parents (code) NOT VALID;",
        "INSERT INTO rows VALUES (5, 1)",
        same=False,
    ),
    Change(
        "the same key, said in full",
        f"{KEYED}REFERENCES public.parents (id) NOT VALID;",
        "INSERT INTO rows VALUES (5, 1)",
        same=True,
    ),
    Change(
        "a table anew, whose key stays behind",
        ANEW.format(FIRED),
        "INSERT INTO parents VALUES (9, 9); INSERT INTO rows VALUES (9, 9)",
        same=False,
    ),
    Change(
        "a table anew, whose trigger stays behind",
        ANEW.format(f"{KEYED}REFERENCES parents NOT VALID;"),
        "INSERT INTO parents VALUES (7, 7) RETURNING state",
        same=False,
    ),
    Change(
        "a function anew with CASCADE",
        f"BEGIN; DROP FUNCTION fill() CASCADE; {CALLED} COMMIT;",
        "INSERT INTO parents VALUES (7, 7) RETURNING state",
        same=False,
    ),
    Change(
        "a function anew with its trigger",
        f"BEGIN; DROP FUNCTION fill() CASCADE; {CALLED} {FIRED} COMMIT;",
        "INSERT INTO parents VALUES (7, 7) RETURNING state",
        same=True,
    ),
    Change(
        "a view anew with CASCADE",
        f"BEGIN; DROP VIEW fresh CASCADE; {VIEW.format('VIEW')} COMMIT;",
        "SELECT code FROM codes ORDER BY code",
        same=False,
    ),
    Change(
        "a view anew with what shows it",
        f"BEGIN; DROP VIEW fresh CASCADE; {VIEW.format('VIEW')} {CODES} COMMIT;",
        "SELECT code FROM codes ORDER BY code",
        same=True,
    ),
    Change(
        "a view becomes a materialized one",
        f"BEGIN; DROP VIEW fresh CASCADE; {VIEW.format('MATERIALIZED VIEW')} {CODES} COMMIT;",
        "INSERT INTO fresh (id) VALUES (6) RETURNING state",
        same=False,
    ),
    Change(
        "a view that checks",
        "ALTER VIEW fresh SET (check_option = 'local');",
        "UPDATE fresh SET state = 'paid' WHERE id = 2 RETURNING id",
        same=False,
    ),
    Change(
        "a default of a view",
        "ALTER VIEW fresh ALTER COLUMN state SET DEFAULT 'paid';",
        "INSERT INTO fresh (id) VALUES (6) RETURNING state",
        same=False,
    ),
    *(
        Change(f"a log of {made}", SWAP.format(made, FILLED), asked, same=same)
        for made, asked, same in (
            ("line text", EMPTY, True),
            ("line text, at timestamptz DEFAULT now()", EMPTY, True),
            ("line text CHECK (line <> '')", EMPTY, False),
            ("line text NOT NULL", "INSERT INTO log VALUES (NULL)", False),
            ("line varchar(3)", "INSERT INTO log VALUES ('long enough')", False),
            ("line text UNIQUE", "INSERT INTO log VALUES ('a'), ('a')", False),
            ("line text, no int NOT NULL", EMPTY, False),
        )
    ),
    Change("published without a key", "CREATE PUBLICATION p FOR TABLE log;", MARKED, same=False),
    Change(
        "published without a key, new lines alone",
        "CREATE PUBLICATION p FOR TABLE log WITH (publish = 'insert');",
        MARKED,
        same=True,
    ),
    Change(
        "published as a whole",
        "ALTER TABLE log REPLICA IDENTITY FULL; CREATE PUBLICATION p FOR TABLE log;",
        MARKED,
        same=True,
    ),
    Change("another of that name", f"{TWICE.format('text')}", "SELECT twice('2')", same=False),
    Change("one of dates", f"{TWICE.format('date')}", "SELECT twice('2')", same=False),
    Change("one of more numbers", f"{TWICE.format('int, b int')}", "SELECT twice('2')", same=True),
    Change(
        "a strict function", "ALTER FUNCTION twice(int) STRICT;", "SELECT twice(NULL)", same=False
    ),
]


def answer(connection: psycopg.Connection, asked: str) -> object:
    """What a query got: its rows, or the condition of its error. Nothing stays."""
    try:
        cursor = connection.execute(asked.encode())
        return cursor.fetchall() if cursor.description else cursor.rowcount
    except psycopg.Error as error:
        return error.sqlstate
    finally:
        connection.rollback()


@pytest.mark.parametrize("case", CHANGES, ids=lambda case: case.name)
def test_what_is_flagged_is_what_others_see(postgres: str, case: Change) -> None:
    with psycopg.connect(postgres) as connection:
        connection.execute(BASE.encode())
        connection.commit()
        before = answer(connection, case.asked)
        connection.execute(case.change.encode())
        connection.commit()
        assert (answer(connection, case.asked) == before) == case.same
    text = f"{BASE}-- released\n{case.change}"
    found = judged(text, question="compatible").findings
    assert bool([x for x in found if x.severity.rank >= Severity.MEDIUM.rank]) != case.same


REFUSED = [
    "CREATE INDEX CONCURRENTLY i ON parted (a)",
    "ALTER TABLE parted ADD CONSTRAINT u UNIQUE USING INDEX parted_a",
    "DROP INDEX CONCURRENTLY rows_a, rows_b",
    "DROP INDEX CONCURRENTLY rows_a CASCADE",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY totals",
    "ALTER TABLE parted ADD FOREIGN KEY (a) REFERENCES parents (id) NOT VALID",
]
FORMS = """
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE parted (a int, b int) PARTITION BY RANGE (a);
CREATE UNIQUE INDEX parted_a ON parted (a);
CREATE TABLE rows (a int, b int);
CREATE INDEX rows_a ON rows (a);
CREATE INDEX rows_b ON rows (b);
CREATE MATERIALIZED VIEW totals AS SELECT a FROM rows;
"""


@pytest.mark.parametrize("statement", REFUSED)
def test_what_is_called_refused_is_refused(postgres: str, statement: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(FORMS)
        with pytest.raises(psycopg.Error):
            connection.execute(statement.encode())
    text = f"-- server postgres:15\n{FORMS}-- released\n{statement};"
    rules = {each.rule for each in judged(text).findings}
    assert "refused-form" in rules
