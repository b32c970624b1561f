"""What is said to read or copy a whole table does so on a real server, and what is not does not."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import TupleRow

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
