"""What switching triggers off and on is said to do to old writes, held on a real server."""

from __future__ import annotations

import psycopg
import pytest

from cdkit.core.finding import Severity
from tests.migrations.judging import judged

pytestmark = pytest.mark.needs("postgres")

BASE = """
CREATE TABLE parents (id bigint PRIMARY KEY, at text NOT NULL);
CREATE TABLE rows (parent bigint REFERENCES parents ON DELETE CASCADE);
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.at := now(); RETURN NEW; END';
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
CREATE TRIGGER filling BEFORE INSERT ON parents FOR EACH ROW EXECUTE FUNCTION fill();
CREATE TRIGGER refusing BEFORE INSERT ON rows FOR EACH ROW EXECUTE FUNCTION refuse();
ALTER TABLE rows DISABLE TRIGGER refusing;
ALTER TABLE parents DISABLE TRIGGER USER;
ALTER TABLE parents ENABLE TRIGGER USER;
INSERT INTO parents VALUES (1);
INSERT INTO rows VALUES (1);
"""
FILLED = "INSERT INTO parents VALUES (2)"
WRITTEN = "INSERT INTO rows VALUES (1)"
EMPTY = "DELETE FROM parents; SELECT 1 / (1 - count(*)) FROM rows"
ALL = "ALTER TABLE parents {} TRIGGER ALL;"
#: A change, a query of the running version that worked before it, how that fails.
CHANGES = [
    ("DROP TRIGGER filling ON parents;", FILLED, "null value"),
    ("ALTER TABLE parents DISABLE TRIGGER USER;", FILLED, "null value"),
    (ALL.format("DISABLE"), EMPTY, "division by zero"),
    (f"BEGIN;{ALL.format('DISABLE')}{ALL.format('ENABLE')}COMMIT;", f"{FILLED}; {EMPTY}", ""),
    ("ALTER TABLE parents ENABLE TRIGGER filling;", FILLED, ""),
    ("ALTER TABLE rows ENABLE TRIGGER refusing;", WRITTEN, "no"),
    ("ALTER TABLE rows ENABLE ALWAYS TRIGGER refusing;", WRITTEN, "no"),
    ("ALTER TABLE rows ENABLE TRIGGER USER;", WRITTEN, "no"),
    ("DROP TRIGGER refusing ON rows;", WRITTEN, ""),
    ("DROP TRIGGER refusing ON rows; DROP FUNCTION refuse();", WRITTEN, ""),
    ("DROP TRIGGER refusing ON rows; DROP FUNCTION IF EXISTS refuse;", WRITTEN, ""),
]
MADE_AS_IT_RUNS = """
CREATE TABLE lines (id int);
CREATE TABLE counted (of regclass UNIQUE);
CREATE FUNCTION count_all() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN EXECUTE format(''INSERT INTO counted VALUES (%s)'', TG_RELID); RETURN NULL; END';
CREATE TRIGGER counting AFTER INSERT ON lines FOR EACH ROW EXECUTE FUNCTION count_all();
"""
COUNTED = "INSERT INTO lines VALUES (1); SELECT 1 / count(*) FROM counted"


@pytest.mark.parametrize(
    "change", ["DROP TRIGGER {} ON lines;", "ALTER TABLE lines DISABLE TRIGGER {};"]
)
def test_a_trigger_whose_code_nobody_can_read_is_missed(change: str, postgres: str) -> None:
    change = change.format("counting")
    found = judged(f"{MADE_AS_IT_RUNS}-- released\n{change}").findings
    told = [x.rule for x in found if x.severity.rank >= Severity.MEDIUM.rank]
    assert told == ["changed-trigger"]
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(MADE_AS_IT_RUNS.encode())
        with connection.transaction(force_rollback=True):
            connection.execute(COUNTED.encode())
        connection.execute(change.encode())
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute(COUNTED.encode())


UNTOLD = {
    "DROP TRIGGER t ON o;": ["medium"],
    "ALTER TABLE o DISABLE TRIGGER USER;": ["medium"],
    "ALTER TABLE o DISABLE TRIGGER ALL;\nALTER TABLE o ENABLE TRIGGER ALL;": ["low", "low"],
    "DROP TRIGGER IF EXISTS t ON o;\nCREATE TRIGGER t AFTER INSERT ON o EXECUTE FUNCTION f();": [
        "low",
        "medium",
    ],
    "CREATE TABLE o (a int);\n-- released\nDROP TRIGGER IF EXISTS t ON o;": ["low"],
}


@pytest.mark.parametrize("text", UNTOLD)
def test_a_trigger_of_which_no_migration_tells_counts_for_one_that_matters(text: str) -> None:
    found = judged(text, question="compatible").findings
    assert [str(x.severity.value) for x in found if x.rule == "changed-trigger"] == UNTOLD[text]


@pytest.mark.parametrize(("change", "query", "error"), CHANGES)
def test_a_trigger_that_is_switched_breaks_what_it_is_said_to(
    change: str, query: str, error: str, postgres: str
) -> None:
    found = judged(f"{BASE}-- released\n{change}").findings
    flagged = [x for x in found if x.severity.rank >= Severity.MEDIUM.rank]
    assert [x.rule for x in flagged] == (["changed-trigger"] if error else [])
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(BASE.encode())
        connection.execute(change.encode())
        if error:
            with pytest.raises(psycopg.Error, match=error):
                connection.execute(query.encode())
        else:
            connection.execute(query.encode())
