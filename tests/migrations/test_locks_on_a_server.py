"""The locks that the summary lists are those that a server holds, on whatever table or view."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest

from cdkit.migrations.postgres.locks import BLOCKING
from tests.migrations.judging import RELEASED, judged
from tests.parts.postgres import Server

BASE = """
CREATE TABLE p (id bigint PRIMARY KEY, a int, b text);
CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint CONSTRAINT c_fk REFERENCES p);
CREATE TABLE x (id bigint PRIMARY KEY, p_id bigint);
CREATE TABLE pt (id bigint, k int NOT NULL, p_id bigint) PARTITION BY RANGE (k);
CREATE TABLE pt1 PARTITION OF pt FOR VALUES FROM (0) TO (10);
CREATE TABLE pd PARTITION OF pt DEFAULT;
CREATE TABLE np (id bigint, k int NOT NULL, p_id bigint);
CREATE TABLE par (id int);
CREATE TABLE ch () INHERITS (par);
CREATE TABLE lone (id int);
CREATE VIEW v AS SELECT id, a FROM p;
CREATE VIEW w AS SELECT id FROM p WHERE b > '';
CREATE VIEW j AS SELECT p.id, x.p_id AS b FROM p JOIN x ON x.id = p.id;
CREATE VIEW vv AS SELECT a FROM v;
CREATE MATERIALIZED VIEW vvm AS SELECT a FROM vv;
CREATE MATERIALIZED VIEW m AS SELECT id FROM lone;
CREATE INDEX pt_k ON pt (k);
CREATE SEQUENCE s;
CREATE DOMAIN d AS int;
CREATE TABLE td (id int, v d);
ALTER DOMAIN d ADD CONSTRAINT dc CHECK (VALUE > 0) NOT VALID;
CREATE POLICY pol ON x;
ALTER TABLE x ADD CONSTRAINT xc CHECK (id > 0) NOT VALID;
CREATE TABLE hp (id int PRIMARY KEY) PARTITION BY HASH (id);
CREATE TABLE hp0 PARTITION OF hp FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE TABLE rp (id int CONSTRAINT rp_fk REFERENCES hp);
CREATE TABLE pt2 PARTITION OF pt FOR VALUES FROM (30) TO (40) PARTITION BY RANGE (k);
CREATE TABLE pt2a PARTITION OF pt2 FOR VALUES FROM (30) TO (35);
CREATE TABLE parc (id int CONSTRAINT parcc CHECK (id > 0));
CREATE TABLE chc () INHERITS (parc);
CREATE RULE r AS ON DELETE TO lone DO ALSO NOTHING;
CREATE SCHEMA other;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
"""
STATEMENTS = """
ALTER TABLE x ADD FOREIGN KEY (p_id) REFERENCES p NOT VALID
ALTER TABLE x ADD COLUMN q bigint REFERENCES p
ALTER TABLE pt ADD FOREIGN KEY (p_id) REFERENCES p
ALTER TABLE c DROP CONSTRAINT c_fk
CREATE TABLE n1 (id bigint REFERENCES p)
CREATE TABLE n2 PARTITION OF pt FOR VALUES FROM (10) TO (20)
CREATE TABLE n3 () INHERITS (par)
ALTER TABLE pt ATTACH PARTITION np FOR VALUES FROM (20) TO (30)
ALTER TABLE pt DETACH PARTITION pt1
ALTER TABLE lone INHERIT par
ALTER TABLE ch NO INHERIT par
ALTER TABLE par ADD COLUMN z int
ALTER TABLE par ADD CHECK (id > 0)
ALTER TABLE par ADD UNIQUE (id)
ALTER TABLE par RENAME COLUMN id TO z
CREATE INDEX i1 ON par (id)
TRUNCATE par
DROP TABLE ch
DROP TABLE par CASCADE
ALTER TABLE pt ADD COLUMN z int
ALTER TABLE pt ALTER COLUMN id TYPE int
ALTER TABLE pt ALTER COLUMN id SET DEFAULT 1
ALTER TABLE pt ADD CHECK (k > -1)
ALTER TABLE pt ADD PRIMARY KEY (id, k)
ALTER TABLE pt RENAME TO ptt
CREATE INDEX i2 ON pt (id)
CREATE INDEX i3 ON ONLY pt (id)
DROP INDEX pt_k
CREATE TRIGGER t AFTER INSERT ON pt FOR EACH ROW EXECUTE FUNCTION f()
DROP TABLE pt1
DROP TABLE pt
TRUNCATE pt
TRUNCATE p CASCADE
ALTER TABLE p DROP COLUMN a CASCADE
ALTER TABLE p DROP COLUMN b CASCADE
ALTER TABLE p DROP CONSTRAINT p_pkey CASCADE
DROP VIEW v CASCADE
DROP VIEW vv CASCADE
DROP TABLE p CASCADE
CREATE OR REPLACE VIEW v AS SELECT id, a FROM p
DROP VIEW w
ALTER VIEW v RENAME TO ww
ALTER SEQUENCE s RESTART WITH 5
ALTER DOMAIN d VALIDATE CONSTRAINT dc
ALTER DOMAIN d ADD CHECK (VALUE > -5)
CREATE PUBLICATION pub FOR TABLE p
REFRESH MATERIALIZED VIEW m
REINDEX TABLE x
ALTER TABLE x OWNER TO pg_monitor
ALTER POLICY pol ON x RENAME TO lop
ALTER TABLE x VALIDATE CONSTRAINT xc
CREATE TABLE n4 (id bigint)
ALTER TABLE rp ADD FOREIGN KEY (id) REFERENCES hp NOT VALID
ALTER TABLE rp DROP CONSTRAINT rp_fk
ALTER TABLE pt DETACH PARTITION pt2
ALTER TABLE parc DROP CONSTRAINT parcc
ALTER TABLE lone DISABLE RULE r
ALTER TABLE x SET (user_catalog_table = true)
ALTER TABLE x SET (fillfactor = 50)
ALTER VIEW v ALTER a SET DEFAULT 1
ALTER VIEW v SET (security_barrier = true)
ALTER VIEW v RENAME a TO aa
ALTER VIEW v OWNER TO pg_monitor
ALTER MATERIALIZED VIEW m SET (autovacuum_enabled = off)
ALTER SEQUENCE s SET SCHEMA other
ALTER SEQUENCE s RENAME TO t
DROP SEQUENCE s
""".strip().splitlines()
WORDS = {
    "ShareUpdateExclusiveLock": "SHARE UPDATE EXCLUSIVE", "ShareLock": "SHARE",
    "ShareRowExclusiveLock": "SHARE ROW EXCLUSIVE", "ExclusiveLock": "EXCLUSIVE",
    "AccessExclusiveLock": "ACCESS EXCLUSIVE", "RowExclusiveLock": "ROW EXCLUSIVE",
}  # fmt: skip
RANKS = ["ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE"]
RANKS += ["EXCLUSIVE", "ACCESS EXCLUSIVE"]
NAMES = """
SELECT oid, relname FROM pg_class
WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND relnamespace = 'public'::regnamespace
"""
HELD = "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation IS NOT NULL"


def strongest(locks: Iterator[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, lock in locks:
        found[name] = max(found.get(name, lock), lock, key=RANKS.index)
    return found


def held(dsn: str, statement: str) -> dict[str, str]:
    with psycopg.connect(dsn) as connection:
        names: dict[int, str] = dict(connection.execute(NAMES).fetchall())
        connection.execute(statement.encode())
        rows = connection.execute(HELD).fetchall()
        connection.rollback()
    return strongest((names[of], WORDS[mode]) for of, mode in rows if of in names and mode in WORDS)


@pytest.fixture(scope="module")
def base(postgres_server: Server) -> Iterator[str]:
    name = postgres_server.new_database()
    with psycopg.connect(postgres_server.dsn(name)) as connection:
        connection.execute(BASE.encode())
    yield postgres_server.dsn(name)
    postgres_server.drop(name)


@pytest.mark.needs("postgres")
@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_locks_of_a_statement_are_those_that_the_server_holds(
    base: str, statement: str
) -> None:
    said = judged(BASE + RELEASED + statement + ";").locks
    told = strongest(
        (name, lock) for lock, name in (re.split(" on ", each, maxsplit=1) for each in said)
    )
    assert told == held(base, statement)


@pytest.mark.needs("postgres")
@pytest.mark.parametrize("statement", STATEMENTS)
def test_whoever_may_wait_for_a_lock_that_stops_writes_is_told_of_the_timeout(
    base: str, statement: str
) -> None:
    found = judged(BASE + RELEASED + statement + ";").findings
    stops = not BLOCKING.isdisjoint(held(base, statement).values())
    assert stops == ("missing-lock-timeout" in {each.rule for each in found})
