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
]


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
