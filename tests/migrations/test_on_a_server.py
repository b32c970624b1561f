"""What the rules claim about locks and rewrites, checked on a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest

from cdkit.migrations.catalogue import rules
from cdkit.migrations.postgres.locks import lock_of
from cdkit.migrations.postgres.parser import parse
from cdkit.migrations.postgres.read import operations
from cdkit.migrations.schema import Schema
from cdkit.migrations.text import Text
from tests.migrations.judging import judged
from tests.worlds import NoProcesses

pytestmark = pytest.mark.needs("postgres")

TABLES = """
CREATE FUNCTION my_function() RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN 1; END';
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE TABLE parents (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint PRIMARY KEY, a int NOT NULL DEFAULT 0, note text, name varchar(20),
    price numeric(8,2), parent bigint, made timestamptz DEFAULT now(), code char(4),
    net cidr, bits varbit(4), span interval(3), doc xml
);
CREATE INDEX orders_note_idx ON orders (note);
INSERT INTO parents VALUES (1);
INSERT INTO orders (id, note, name, parent) VALUES (1, 'n', 'm', 1);
"""


@pytest.fixture
def connection(postgres: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres, autocommit=True) as opened:
        opened.execute(TABLES)
        yield opened


def storage(connection: psycopg.Connection, relation: str = "orders") -> int:
    """The file that holds the table: another one after a rewrite."""
    row = connection.execute("SELECT pg_relation_filenode(%s::regclass)", [relation]).fetchone()
    assert row
    return int(row[0])


def rewrites(connection: psycopg.Connection, statement: str) -> bool:
    before = storage(connection)
    connection.execute(statement.encode())
    return storage(connection) != before


COLUMNS = [
    "ADD COLUMN z uuid DEFAULT gen_random_uuid()",
    "ADD COLUMN z float DEFAULT random()",
    "ADD COLUMN z timestamptz DEFAULT clock_timestamp()",
    "ADD COLUMN z timestamptz NOT NULL DEFAULT now()",
    "ADD COLUMN z timestamptz DEFAULT current_timestamp",
    "ADD COLUMN z int NOT NULL DEFAULT 0",
    "ADD COLUMN z text DEFAULT lower('A')",
    "ADD COLUMN z text",
    "ADD COLUMN z bigserial",
    "ADD COLUMN z int GENERATED ALWAYS AS IDENTITY",
    "ADD COLUMN z int GENERATED ALWAYS AS (a + 1) STORED",
    "ADD COLUMN z int DEFAULT my_function()",
    "ADD COLUMN z positive",
    "ADD COLUMN z date DEFAULT date_trunc('day', now())",
    "ADD COLUMN z jsonb DEFAULT jsonb_build_object('a', 1)",
]


@pytest.mark.parametrize("clause", COLUMNS)
def test_a_default_is_called_volatile_where_the_table_is_rewritten(
    clause: str, connection: psycopg.Connection
) -> None:
    statement = f"ALTER TABLE orders {clause}"
    found = {x.rule for x in judged(f"{TABLES}\n-- released\n{statement}").findings}
    assert ("volatile-default" in found) == rewrites(connection, statement)


TYPES = [
    ("span", "interval(6)"),
    ("span", "interval"),
    ("doc", "text"),
    ("doc", "varchar(9)"),
    ("name", "varchar(40)"),
    ("name", "varchar(10)"),
    ("name", "varchar"),
    ("name", "text"),
    ("note", "varchar"),
    ("note", "varchar(20)"),
    ("price", "numeric(10,2)"),
    ("price", "numeric(6,2)"),
    ("price", "numeric(10,4)"),
    ("price", "numeric"),
    ("a", "bigint"),
    ("a", "numeric"),
    ("a", "text"),
    ("id", "bigint"),
    ("made", "timestamptz(3)"),
    ("made", "timestamptz(6)"),
    ("code", "char(8)"),
    ("code", "text"),
    ("net", "inet"),
    ("bits", "varbit(8)"),
    ("bits", "varbit(2)"),
    ("note", "bytea USING note::bytea"),
]


@pytest.mark.parametrize(("column", "to"), TYPES)
def test_a_change_of_type_is_said_to_rewrite_where_it_does(
    column: str, to: str, connection: psycopg.Connection
) -> None:
    statement = f"ALTER TABLE orders ALTER COLUMN {column} TYPE {to}"
    found = {x.rule for x in judged(f"{TABLES}\n-- released\n{statement}").findings}
    assert ("rewriting-type-change" in found) == rewrites(connection, statement)


LOCKS = [
    "ALTER TABLE orders ADD COLUMN z int",
    "ALTER TABLE orders ALTER COLUMN note SET NOT NULL",
    "ALTER TABLE orders ALTER COLUMN note SET STATISTICS 10",
    "ALTER TABLE orders SET (fillfactor = 90)",
    "ALTER TABLE orders ADD CONSTRAINT c CHECK (a >= 0) NOT VALID",
    "ALTER TABLE orders ADD FOREIGN KEY (parent) REFERENCES parents (id) NOT VALID",
    "CREATE INDEX i ON orders (a)",
    "CREATE TABLE lines (o bigint REFERENCES orders (id))",
    "CREATE TRIGGER t AFTER INSERT ON orders EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE r AS ON DELETE TO orders DO INSTEAD NOTHING",
    "ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
    "TRUNCATE orders",
    "UPDATE orders SET a = 1 WHERE id = 1",
    "LOCK TABLE orders IN EXCLUSIVE MODE",
    "ALTER TABLE orders RENAME COLUMN note TO remark",
    "ALTER TABLE orders RENAME TO purchases",
    "ALTER TABLE orders REPLICA IDENTITY FULL",
    "ALTER TABLE orders DISABLE TRIGGER ALL",
    "REINDEX TABLE orders",
]
MODES = {
    "AccessShareLock": "ACCESS SHARE", "RowShareLock": "ROW SHARE",
    "RowExclusiveLock": "ROW EXCLUSIVE", "ShareUpdateExclusiveLock": "SHARE UPDATE EXCLUSIVE",
    "ShareLock": "SHARE", "ShareRowExclusiveLock": "SHARE ROW EXCLUSIVE",
    "ExclusiveLock": "EXCLUSIVE", "AccessExclusiveLock": "ACCESS EXCLUSIVE",
}  # fmt: skip
HELD = """
SELECT mode FROM pg_locks
WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation = %s
"""


@pytest.mark.parametrize("statement", LOCKS)
def test_the_lock_that_is_named_is_the_strongest_that_is_held(
    statement: str, connection: psycopg.Connection
) -> None:
    parsed = parse(Text("t.sql", statement.encode()), NoProcesses())
    named = {lock_of(operation, Schema())[0] for operation in operations(parsed.statements[0])}
    row = connection.execute("SELECT 'orders'::regclass::oid").fetchone()
    with connection.transaction():
        connection.execute(statement.encode())
        held = [MODES[mode] for (mode,) in connection.execute(HELD, row)]
    strongest = max(held, key=list(MODES.values()).index)
    assert named == {strongest}


OUTSIDE = [
    "ALTER SYSTEM SET work_mem = 1024",
    "CREATE INDEX CONCURRENTLY i ON orders (a)",
    "DROP INDEX CONCURRENTLY orders_note_idx",
    "REINDEX TABLE CONCURRENTLY orders",
    "VACUUM orders",
]


@pytest.mark.parametrize("statement", OUTSIDE)
def test_what_is_said_not_to_run_in_a_transaction_does_not(
    statement: str, connection: psycopg.Connection
) -> None:
    found = {x.rule for x in judged(f"BEGIN;\n{statement};\nCOMMIT;").findings}
    assert "concurrently-in-transaction" in found
    with pytest.raises(psycopg.errors.ActiveSqlTransaction), connection.transaction():
        connection.execute(statement.encode())


def test_a_proven_not_null_takes_no_scan(connection: psycopg.Connection) -> None:
    """A scan shows in the statistics that the transaction keeps of the table."""
    scans = "SELECT pg_stat_get_xact_numscans('orders'::regclass)"
    proof = "ALTER TABLE orders ADD CONSTRAINT c CHECK (note IS NOT NULL)"
    counts = []
    for before in ("SELECT 1", proof):
        connection.execute(before.encode())
        with connection.transaction(force_rollback=True):
            row = connection.execute(scans).fetchone()
            connection.execute("ALTER TABLE orders ALTER COLUMN note SET NOT NULL")
            after = connection.execute(scans).fetchone()
        assert row
        assert after
        counts.append(after[0] - row[0])
    assert counts == [1, 0]


READS = [
    ("ALTER TABLE orders ADD COLUMN z int CHECK (z > 0)", "blocking-constraint"),
    ("ALTER TABLE orders ADD COLUMN z bigint REFERENCES parents (id)", ""),
    ("ALTER TABLE orders ALTER code TYPE char(4)", ""),
    ("ALTER TABLE orders ALTER name TYPE varchar(40)", ""),
    ("ALTER TABLE orders ALTER grade TYPE varchar(40)", "rewriting-type-change"),
    ("ALTER TABLE orders ALTER mail TYPE text", "rewriting-type-change"),
    ("ALTER TABLE orders ALTER kind TYPE varchar(40)", "rewriting-type-change"),
    ("ALTER TABLE orders ALTER town TYPE varchar(40)", "rewriting-type-change"),
    ("ALTER TABLE orders ALTER plain TYPE text", ""),
    ("ALTER TABLE orders ALTER flags TYPE varbit", "rewriting-type-change"),
]


@pytest.mark.parametrize(("statement", "rule"), READS)
def test_what_reads_every_row_is_said_to(
    statement: str, rule: str, connection: psycopg.Connection
) -> None:
    more = """ALTER TABLE orders ADD grade varchar(20) CHECK (grade <> ''), ADD mail varchar(20),
        ADD kind varchar(20), ADD town varchar(20), ADD plain varchar(20) UNIQUE, ADD flags bit(4);
    CREATE INDEX by_mail ON orders (lower(mail)); CREATE INDEX by_town ON orders (town) WHERE a > 1;
    CREATE INDEX of_kind ON orders (a) WHERE kind <> ''; CREATE INDEX by_flags ON orders (flags);"""
    connection.execute(more.encode())
    found = {x.rule for x in judged(f"{TABLES}{more}\n-- released\n{statement};").findings}
    assert bool(rule) == bool(found & {"blocking-constraint", "rewriting-type-change"})
    assert not rule or rule in found
    scans = "SELECT pg_stat_get_xact_numscans('orders'::regclass)"
    with connection.transaction(force_rollback=True):
        before = connection.execute(scans).fetchone()
        connection.execute(statement.encode())
        after = connection.execute(scans).fetchone()
    assert before
    assert after
    assert (after[0] > before[0]) == bool(rule)


MORE = """
CREATE TYPE state AS ENUM ('open', 'paid');
CREATE VIEW held AS SELECT 1 AS a;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER refusing BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE UNIQUE INDEX orders_name ON orders (name);
CREATE MATERIALIZED VIEW totals AS SELECT 1 AS a;
CREATE UNIQUE INDEX totals_a ON totals (a);
CREATE TABLE parted (a int) PARTITION BY LIST (a);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE keyless ("Order" text);
INSERT INTO keyless VALUES ('1'), ('2');
CREATE SEQUENCE numbers;
"""
FIXES = {
    "blocking-index": ["CREATE INDEX i ON orders (a);"],
    "blocking-index-drop": ["DROP INDEX orders_note_idx;"],
    "blocking-reindex": ["REINDEX TABLE orders;"],
    "blocking-refresh": ["REFRESH MATERIALIZED VIEW totals;"],
    "blocking-constraint": [
        "ALTER TABLE orders ADD CONSTRAINT c CHECK (a >= 0);",
        "ALTER TABLE orders ADD FOREIGN KEY (parent) REFERENCES parents (id);",
        "ALTER TABLE orders ADD UNIQUE (note);",
    ],
    "blocking-not-null": ["ALTER TABLE orders ALTER COLUMN note SET NOT NULL;"],
    "required-column": [
        "CREATE TABLE bare (a int);\n-- released\nALTER TABLE bare ADD COLUMN z text NOT NULL;"
    ],
    "renamed-column": [
        "ALTER TABLE orders RENAME COLUMN name TO title;",
        'ALTER TABLE keyless RENAME COLUMN "Order" TO "select";',
        "ALTER VIEW held RENAME COLUMN a TO b;",
    ],
    "rewriting-type-change": [
        "ALTER TABLE orders ALTER COLUMN a TYPE bigint;",
        'ALTER TABLE keyless ALTER "Order" TYPE int USING length("Order") + 1;',
    ],
    "changed-column-type": ["ALTER TABLE orders ALTER COLUMN note TYPE bytea USING note::bytea;"],
    "renamed-table": [
        "ALTER TABLE orders RENAME TO purchases;",
        "CREATE SCHEMA apart;\n-- released\nALTER TABLE orders SET SCHEMA apart;",
    ],
    "renamed-object": ["ALTER VIEW held RENAME TO kept;", "ALTER TYPE state RENAME TO status;"],
    "renamed-enum-value": ["ALTER TYPE state RENAME VALUE 'open' TO 'it''s \\ open';"],
    "volatile-default": [
        "ALTER TABLE orders ADD COLUMN z uuid NOT NULL DEFAULT gen_random_uuid();",
        "ALTER TABLE orders ADD COLUMN z bigserial;",
        "ALTER TABLE keyless ADD COLUMN z float8 DEFAULT (random() * 2) CHECK (z >= 0);",
    ],
    "refused-replacement": ["CREATE OR REPLACE VIEW held AS SELECT 1 AS z;"],
    "mixed-phases": ["ALTER TABLE orders ADD COLUMN z int, DROP COLUMN note;"],
    "contradicted-phase": ["-- cdkit: phase expand\nALTER TABLE orders DROP COLUMN note;"],
    "unguarded-dml": ["UPDATE orders SET note = 'x';", "DELETE FROM orders;"],
    "dropped-column": ["ALTER TABLE orders DROP COLUMN note;"],
    "dropped-table": ["DROP TABLE parents;"],
    "dropped-object": ["DROP VIEW held;"],
    "dropped-default": ["ALTER TABLE orders ALTER a DROP DEFAULT;"],
    "dropped-not-null": ["ALTER TABLE orders ALTER a DROP NOT NULL;"],
    "dropped-uniqueness": ["ALTER TABLE orders DROP CONSTRAINT orders_pkey;"],
    "not-null-added": ["ALTER TABLE orders ALTER COLUMN note SET NOT NULL;"],
    "constraint-on-existing-table": ["ALTER TABLE orders ADD CHECK (a >= 0) NOT VALID;"],
    "new-enum-value": ["ALTER TYPE state ADD VALUE 'lost';"],
    "changed-trigger": ["DROP TRIGGER refusing ON orders;"],
    "changed-identity": [
        "ALTER TABLE orders ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;",
    ],
    "changed-row-security": ["ALTER TABLE orders ENABLE ROW LEVEL SECURITY;"],
    "revoked-privilege": ["REVOKE SELECT ON orders FROM PUBLIC;"],
    "moved-partition": ["ALTER TABLE parted DETACH PARTITION parted_1;"],
    "restricted-domain": ["ALTER DOMAIN positive ADD CHECK (value < 9);"],
    "missing-lock-timeout": ["ALTER TABLE orders ADD COLUMN z int;"],
    "missing-statement-timeout": ["ALTER TABLE orders ADD COLUMN z int;"],
    "concurrently-in-transaction": ["BEGIN;\nCREATE INDEX CONCURRENTLY i ON orders (a);\nCOMMIT;"],
}
FIXED = [(rule, text) for rule, texts in FIXES.items() for text in texts]


@pytest.mark.parametrize(("rule", "text"), FIXED)
def test_what_is_said_to_do_instead_runs_and_is_no_finding(
    rule: str, text: str, connection: psycopg.Connection
) -> None:
    """What takes several releases ends as the migration would: there the rule may speak again."""
    before, _, change = text.rpartition("-- released\n")
    whole = f"{TABLES}{MORE}{before}\n-- released\n"
    connection.execute((MORE + before).encode())
    instead = _instead(whole + change, rule)
    assert "…" not in instead
    for statement in parse(Text("t.sql", instead.encode()), NoProcesses()).statements:
        connection.execute(statement.source.encode())
    if "-- release" not in instead:
        assert rule not in {each.rule for each in judged(whole + instead).findings}


def _instead(text: str, rule: str) -> str:
    findings = judged(text, enabled=[rule]).findings
    (finding,) = (each for each in findings if each.rule == rule)
    assert finding.fix
    return finding.fix.replacement


NO_HISTORY = {
    "renamed-column": "ALTER TABLE orders RENAME COLUMN name TO title;",
    "rewriting-type-change": "ALTER TABLE orders ALTER COLUMN a TYPE bigint;",
    "unguarded-dml": "UPDATE orders SET note = 'x';",
    "locked-table": "LOCK TABLE orders;",
    "blocking-constraint": "ALTER TABLE orders ADD COLUMN no int UNIQUE;",
    "volatile-default": "-- server pg:15\nALTER TABLE orders ADD COLUMN twice int GENERATED ALWAYS "
    "AS (a * 2) STORED;",
    "newer-than-server": "-- server pg:17\nALTER TABLE orders ADD twice int GENERATED ALWAYS "
    "AS (a * 2);",
}


@pytest.mark.parametrize("rule", NO_HISTORY)
def test_what_is_said_runs_where_no_migration_tells_the_table(
    rule: str, connection: psycopg.Connection
) -> None:
    instead = _instead(NO_HISTORY[rule], rule)
    for statement in parse(Text("t.sql", instead.encode()), NoProcesses()).statements:
        connection.execute(statement.source.encode())


def test_a_trigger_computes_a_column_for_old_rows_and_new_ones(
    connection: psycopg.Connection,
) -> None:
    instead = _instead(NO_HISTORY["volatile-default"], "volatile-default")
    for statement in parse(Text("t.sql", instead.encode()), NoProcesses()).statements:
        connection.execute(statement.source.encode())
    connection.execute("INSERT INTO orders (id, a) VALUES (2, 21)")
    rows = connection.execute("SELECT a, twice FROM orders ORDER BY id").fetchall()
    assert rows == [(row[0], row[0] * 2) for row in rows]
    assert rows[-1] == (21, 42)


def test_both_columns_hold_the_same_while_two_versions_write(
    connection: psycopg.Connection,
) -> None:
    text = f"{TABLES}\n-- released\nALTER TABLE orders RENAME COLUMN name TO title;"
    first, _, _ = _instead(text, "renamed-column").partition("-- release 2")
    for statement in parse(Text("t.sql", first.encode()), NoProcesses()).statements:
        connection.execute(statement.source.encode())
    connection.execute("INSERT INTO orders (id, name) VALUES (2, 'old')")
    connection.execute("INSERT INTO orders (id, title) VALUES (3, 'new')")
    connection.execute("UPDATE orders SET title = 'newer' WHERE id = 2")
    connection.execute("UPDATE orders SET name = 'older' WHERE id = 3")
    rows = connection.execute("SELECT id, name, title FROM orders ORDER BY id").fetchall()
    assert rows == [(1, "m", "m"), (2, "newer", "newer"), (3, "older", "older")]


def test_a_view_has_the_rights_of_the_table_behind_it(connection: psycopg.Connection) -> None:
    connection.execute("GRANT SELECT, INSERT ON orders TO PUBLIC")
    text = f"{TABLES}\n-- released\nALTER TABLE orders RENAME TO purchases;"
    first, _, _ = _instead(text, "renamed-table").partition("-- release 2")
    for statement in parse(Text("t.sql", first.encode()), NoProcesses()).statements:
        connection.execute(statement.source.encode())
    found = connection.execute(
        "SELECT privilege_type FROM information_schema.role_table_grants "
        "WHERE table_name = 'purchases' AND grantee = 'PUBLIC' ORDER BY 1"
    ).fetchall()
    assert found == [("INSERT",), ("SELECT",)]


@pytest.mark.parametrize("name", sorted(rules()))
def test_an_example_is_what_the_grammar_of_the_server_takes(
    name: str, connection: psycopg.Connection
) -> None:
    """Whatever the server says of our examples, it is not that their syntax is wrong."""
    version = connection.info.server_version // 10000
    for example in (*rules()[name].bad, *rules()[name].good):
        if name in {"syntax-error", "unread-command", "unreadable-file", "newer-than-server"}:
            continue
        for statement in _statements(example.text, version):
            try:
                connection.execute(statement.encode())
            except psycopg.errors.SyntaxError as fault:
                pytest.fail(f"{statement}: {fault}")
            except psycopg.Error:
                continue


def _statements(text: str, version: int) -> list[str]:
    said = re.match(r"-- server \w+:(\d+)\n", text)
    if said and int(said[1]) > version:
        return []
    found = [each.source for each in parse(Text("t.sql", text.encode()), NoProcesses()).statements]
    newer = "NOT NULL note" if version < 18 else "\0"
    return [each for each in found if newer not in each and "EXECUTE prepared" not in each]


def test_several_statements_in_one_query_are_a_transaction_and_one_is_none(
    connection: psycopg.Connection,
) -> None:
    """What golang-migrate and Prisma send: `Script.together`."""
    with pytest.raises(psycopg.errors.ActiveSqlTransaction):
        connection.execute("SET lock_timeout = '2s'; CREATE INDEX CONCURRENTLY i ON orders (note)")
    connection.execute("CREATE INDEX CONCURRENTLY j ON orders (note);")
