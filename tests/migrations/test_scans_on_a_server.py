"""What is said to read or copy a whole table does so on a real server, and what is not does not."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import TupleRow

from cdkit.core.finding import Severity
from tests.migrations.judging import judged
from tests.parts.postgres import Server

pytestmark = pytest.mark.needs("postgres-18")

_PARTED = "CREATE TABLE o (a int, b int) PARTITION BY LIST (a);"
_REST = f"{_PARTED}CREATE TABLE r PARTITION OF o DEFAULT;"
_REFERS = "CREATE TABLE p (a int PRIMARY KEY);CREATE TABLE r (a int CONSTRAINT f REFERENCES p"
_COMPUTED = "CREATE TABLE r (a int, b int GENERATED ALWAYS AS (a + 1)"
_CHECKED = "CREATE TABLE r (a int, b int, CHECK (a IS NOT NULL"
CASES = [
    (_REST, "CREATE TABLE n PARTITION OF o FOR VALUES IN (7);", "unproven-partition"),
    (
        f"{_REST}CREATE TABLE n (a int, b int, CHECK (a IS NOT NULL AND a = 7));",
        "ALTER TABLE o ATTACH PARTITION n FOR VALUES IN (7);",
        "unproven-partition",
    ),
    (
        f"{_REST}ALTER TABLE r ADD CHECK (a IS NOT NULL AND a <> 7);",
        "CREATE TABLE n PARTITION OF o FOR VALUES IN (7);",
        "",
    ),
    (
        f"{_PARTED}CREATE TABLE r (a int, b int CHECK (b > 0));",
        "ALTER TABLE o ATTACH PARTITION r FOR VALUES IN (7);",
        "unproven-partition",
    ),
    (f"{_COMPUTED} STORED);", "ALTER TABLE r ALTER b SET EXPRESSION AS (a);", "rewritten-table"),
    (f"{_COMPUTED} VIRTUAL);", "ALTER TABLE r ALTER b SET EXPRESSION AS (a);", ""),
    (
        f"{_REFERS} NOT ENFORCED);",
        "ALTER TABLE r ALTER CONSTRAINT f ENFORCED;",
        "blocking-constraint",
    ),
    (f"{_REFERS});", "ALTER TABLE r ALTER CONSTRAINT f NOT ENFORCED;", ""),
    (f"{_CHECKED} AND b > 0));", "ALTER TABLE r ALTER a SET NOT NULL;", ""),
    (f"{_CHECKED} OR b > 0));", "ALTER TABLE r ALTER a SET NOT NULL;", "blocking-not-null"),
]  # fmt: skip
RULES = {"unproven-partition", "rewritten-table", "blocking-constraint", "blocking-not-null"}


@pytest.fixture
def connection(postgres_18_server: Server) -> Iterator[psycopg.Connection[TupleRow]]:
    made = postgres_18_server.new_database()
    with psycopg.connect(postgres_18_server.dsn(made), autocommit=True) as opened:
        yield opened
    postgres_18_server.drop(made)


@pytest.mark.parametrize(("before", "statement", "rule"), CASES)
def test_what_reads_every_row_of_a_table_is_said_to(
    before: str, statement: str, rule: str, connection: psycopg.Connection[TupleRow]
) -> None:
    text = f"-- server postgres:18\n{before}\n-- released\n{statement}"
    assert {x.rule for x in judged(text).findings} & RULES == ({rule} if rule else set())
    connection.execute(before.encode())
    scans = "SELECT pg_stat_get_xact_numscans('r'::regclass)"
    with connection.transaction():
        first = connection.execute(scans).fetchone()
        connection.execute(statement.encode())
        last = connection.execute(scans).fetchone()
    assert first
    assert last
    assert (last[0] > first[0]) == bool(rule)


_MANY = f"{_PARTED}CREATE TABLE r PARTITION OF o FOR VALUES IN (7);"


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX i ON ONLY o (b);",
        "CREATE UNIQUE INDEX i ON ONLY o (a, b);",
        "ALTER TABLE ONLY o ADD UNIQUE (a, b);",
    ],
)
def test_what_is_made_only_on_a_partitioned_table_reads_no_row_and_refuses_none(
    statement: str, connection: psycopg.Connection[TupleRow]
) -> None:
    found = judged(f"-- server postgres:18\n{_MANY}\n-- released\n{statement}").findings
    loud = {x.rule for x in found if x.severity.rank >= Severity.MEDIUM.rank}
    assert not loud & {"blocking-index", "blocking-constraint", "constraint-on-existing-table"}
    connection.execute(_MANY.encode())
    with connection.transaction():
        connection.execute(statement.encode())
        scans = connection.execute("SELECT pg_stat_get_xact_numscans('r'::regclass)").fetchone()
    assert scans == (0,)
    connection.execute("INSERT INTO o VALUES (7, 1)")
    connection.execute("INSERT INTO o VALUES (7, 1)")


def test_the_way_to_an_index_on_each_partition_runs(
    connection: psycopg.Connection[TupleRow],
) -> None:
    text = f"{_MANY}\n-- released\nCREATE UNIQUE INDEX i ON o (a, b) WHERE b > 1;"
    (found,) = (x for x in judged(text).findings if x.rule == "blocking-index")
    assert found.fix
    connection.execute(_MANY.encode())
    for statement in found.fix.replacement.splitlines():
        connection.execute(statement.encode())
    valid = connection.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass")
    assert valid.fetchone() == (True,)


def test_nobody_is_told_to_drop_the_index_of_a_partitioned_table_concurrently(
    connection: psycopg.Connection[TupleRow],
) -> None:
    before = f"{_MANY}CREATE INDEX i ON o (b);"
    (found,) = judged(f"{before}\n-- released\nSET lock_timeout = '1s';\nDROP INDEX i;").findings
    assert found.fix
    assert not found.fix.replacement
    connection.execute(before.encode())
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        connection.execute("DROP INDEX CONCURRENTLY i")
