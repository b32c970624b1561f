"""What a change of a column's type is said to do to old values, checked on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from cdkit.migrations.nouns import Type
from cdkit.migrations.operation import CreateTable
from cdkit.migrations.postgres.parser import parse
from cdkit.migrations.postgres.read import operations
from cdkit.migrations.postgres.types import change
from cdkit.migrations.text import Text
from tests.migrations.judging import judged
from tests.worlds import NoProcesses

pytestmark = pytest.mark.needs("postgres")


@pytest.fixture
def connection(postgres: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres, autocommit=True) as opened:
        yield opened


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [
        ("int", "bigint", "2147483647"),
        ("varchar(4)", "varchar(9)", "'abcd'"),
        ("numeric(4,2)", "numeric(6,2)", "99.99"),
        ("numeric(4,2)", "numeric(6,4)", "99.99"),
    ],
)
def test_a_type_that_is_called_wider_takes_the_greatest_old_value(
    old: str, new: str, value: str, connection: psycopg.Connection
) -> None:
    held = _types(f"CREATE TABLE t (a {old}, b {new})")
    assert not change(*held).breaks
    connection.execute(f"CREATE TABLE t (a {old})".encode())
    insert = sql.SQL("INSERT INTO t VALUES ({})").format(sql.SQL(value))
    connection.execute(insert)
    connection.execute(f"ALTER TABLE t ALTER a TYPE {new}".encode())
    connection.execute(insert)


def test_a_whole_number_that_becomes_numeric_breaks_for_it_divides_otherwise(
    connection: psycopg.Connection,
) -> None:
    assert change(*_types("CREATE TABLE t (a int, b numeric)")).breaks
    halves = connection.execute("SELECT 7 / 2::int, trim_scale(7 / 2::numeric)::text").fetchone()
    assert halves == (3, "3.5")


def _types(statement: str) -> tuple[Type, Type]:
    parsed = parse(Text("t.sql", statement.encode()), NoProcesses())
    (made,) = operations(parsed.statements[0])
    assert isinstance(made, CreateTable)
    old, new = made.columns
    return old.type, new.type


REWRITES = """
CREATE FUNCTION steady() RETURNS int STABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE FUNCTION other() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE FUNCTION made() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
ALTER FUNCTION made() IMMUTABLE;
CREATE TABLE t (at timestamp, zoned timestamptz);
INSERT INTO t VALUES (now(), now());
"""
UTC = "SET timezone = 'UTC'; "


@pytest.mark.parametrize(
    ("statement", "rewrites"),
    [
        ("ALTER TABLE t ADD COLUMN n int DEFAULT steady()", False),
        ("ALTER TABLE t ADD COLUMN n int DEFAULT made()", False),
        ("ALTER TABLE t ADD COLUMN n int DEFAULT other()", True),
        (f"{UTC}ALTER TABLE t ALTER at TYPE timestamptz", False),
        (f"{UTC}ALTER TABLE t ALTER zoned TYPE timestamp", False),
        (f"{UTC}ALTER TABLE t ALTER at TYPE timestamptz(3)", True),
        ("SET timezone = 'Asia/Tokyo'; ALTER TABLE t ALTER at TYPE timestamptz", True),
    ],
)
def test_what_is_said_to_be_written_anew_is_what_the_server_writes(
    statement: str, *, rewrites: bool, connection: psycopg.Connection
) -> None:
    storage = "SELECT pg_relation_filenode('t')"
    connection.execute(REWRITES.encode())
    before = connection.execute(storage).fetchone()
    connection.execute(statement.encode())
    assert (connection.execute(storage).fetchone() != before) == rewrites
    found = judged(f"{REWRITES}-- released\n{statement};", question="safe-to-run").findings
    rules = {"rewriting-type-change", "volatile-default"}
    assert bool(rules & {each.rule for each in found}) == rewrites
