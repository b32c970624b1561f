"""Rows that move between the parts of one table: what the running version finds on a server."""

from __future__ import annotations

import psycopg
import pytest

from cdkit.core.finding import Severity
from cdkit.migrations.catalogue import rules
from cdkit.migrations.rule import COMPATIBLE
from tests.migrations.judging import judged

pytestmark = pytest.mark.needs("postgres")

BASE = """
CREATE TABLE e (id int, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE e_25 PARTITION OF e FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE e_rest PARTITION OF e DEFAULT;
"""
BARE = BASE.replace("CREATE TABLE e_rest PARTITION OF e DEFAULT;\n", "")
LISTED = """
CREATE TABLE e (id int, at text NOT NULL) PARTITION BY LIST (at);
CREATE TABLE e_a PARTITION OF e FOR VALUES IN ('2025-05-05', '2025-06-06');
"""
ROWS = "INSERT INTO e VALUES (1, '2025-05-05')"
MORE = "; INSERT INTO e VALUES (2, '2026-05-05')"
NEXT = "at >= '2026-01-01' AND at < '2027-01-01'"
OFF = "ALTER TABLE e DETACH PARTITION e_rest;"
NEW = "CREATE TABLE e_26 PARTITION OF e FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"
ALONE = "CREATE TABLE e_26 (LIKE e);"
ON = "ALTER TABLE e ATTACH PARTITION e_26 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"
BACK = "ALTER TABLE e ATTACH PARTITION e_rest DEFAULT;"
COPY = f"INSERT INTO {{}} SELECT * FROM e_rest WHERE {NEXT};"  # noqa: S608
CLEAR = f"DELETE FROM e_rest WHERE {NEXT};"  # noqa: S608
BOTH = f"WITH m AS (DELETE FROM e_rest WHERE {NEXT} RETURNING *) INSERT INTO {{}} SELECT * FROM m;"  # noqa: S608
SOME = f"WITH m AS (DELETE FROM e_rest WHERE {NEXT} RETURNING *) INSERT INTO {{}} SELECT * FROM m WHERE id > 2;"  # noqa: S608, E501
OUT = "ALTER TABLE e DETACH PARTITION e_25;"
AGAIN = "ALTER TABLE e ATTACH PARTITION e_25 FOR VALUES FROM ('2025-01-01') TO ('{}');"
#: What runs already, what moves, and whether the running version misses something.
MOVES = [
    (BASE, OFF + NEW + COPY.format("e") + CLEAR + BACK, False),
    (BASE, OFF + NEW + BOTH.format("e") + BACK, False),
    (BASE, OFF + ALONE + BOTH.format("e_26") + ON + BACK, False),
    (BASE, ALONE + BOTH.format("e_26") + ON, False),
    (BASE, OFF + NEW + CLEAR + BACK, True),
    (BASE, OFF + NEW + SOME.format("e") + BACK, True),
    (BASE, OFF + NEW + COPY.format("e") + BACK.replace("e_rest", "e_25"), True),
    (BARE, OUT + AGAIN.format("2027-01-01"), False),
    (BARE, OUT + AGAIN.format("2025-06-01"), True),
    (BASE, OUT + AGAIN.format("2025-06-01"), False),
    (BARE, OUT + AGAIN.format("2025-06-01") + ON.replace("2026-01-01", "2025-06-01"), True),
    (BARE, OUT + AGAIN.format("2025-06-01") + NEW.replace("2026-01-01", "2025-06-01"), False),
    (LISTED, f"{OUT}{AGAIN}".replace("e_25", "e_a").replace(
        "FROM ('2025-01-01') TO ('{}')", "IN ('2025-06-06', '2025-05-05', '2025-07-07')"), False),
    (LISTED, f"{OUT}{AGAIN}".replace("e_25", "e_a").replace(
        "FROM ('2025-01-01') TO ('{}')", "IN ('2025-05-05', '2025-07-07')"), True),
]  # fmt: skip


@pytest.mark.parametrize(("before", "moved", "misses"), MOVES)
def test_who_asks_the_whole_table_misses_a_row_where_it_is_said(
    before: str, moved: str, *, misses: bool, postgres: str
) -> None:
    change = f"BEGIN;{moved}COMMIT;"
    loud = {
        each.rule
        for each in judged(f"{before}-- released\n{change}").findings
        if each.severity.rank >= Severity.MEDIUM.rank and rules()[each.rule].question == COMPATIBLE
    }
    assert bool(loud) == misses
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute((before + ROWS + (MORE if before == BASE else "")).encode())
        first = connection.execute("SELECT * FROM e ORDER BY id").fetchall()
        assert misses == _fails(connection, change, first)


def _fails(connection: psycopg.Connection, change: str, first: list[tuple[object, ...]]) -> bool:
    """Whether the change fails, a row is missing after it, or one is refused that was not."""
    try:
        connection.execute(change.encode())
        after = connection.execute("SELECT * FROM e ORDER BY id").fetchall()
        connection.execute("INSERT INTO e VALUES (1, '2025-06-06')")
    except psycopg.Error:
        return True
    return after != first


def test_a_copy_that_others_may_write_beside_is_no_move() -> None:
    text = f"{BASE}-- released\nBEGIN;{ALONE}{COPY.format('e_26')}{CLEAR}{ON}COMMIT;"
    loud = {x.rule for x in judged(text).findings if x.severity.rank >= Severity.MEDIUM.rank}
    assert "changed-rows" in loud


def test_a_check_of_a_partition_that_says_its_bounds_is_no_break() -> None:
    check = "CHECK (at >= '2025-01-01' AND at < '2027-01-01')"
    text = f"{BASE}-- released\nALTER TABLE e_25 ADD CONSTRAINT c {check} NOT VALID;"
    (found,) = (x for x in judged(text).findings if x.rule == "constraint-on-existing-table")
    assert found.severity is Severity.LOW
