"""Safe ways as SQL: whatever names hold, the grammar takes what is said, as what was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.migrations.nouns import Name, Type, quoted
from cdkit.migrations.operation import AddColumn, Operation
from cdkit.migrations.postgres.parser import parse
from cdkit.migrations.postgres.read import operations
from cdkit.migrations.postgres.ways import behind_view, default_of, in_batches, moved_over, type_sql
from cdkit.migrations.postgres.ways import text as literal
from cdkit.migrations.schema import Schema
from cdkit.migrations.server import server_of
from cdkit.migrations.text import Text
from tests.worlds import NoProcesses

NAMES = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12
)
INT = Type("int4")


def read(sql: str) -> list[Operation]:
    parsed = parse(Text("t.sql", sql.encode()), NoProcesses())
    assert parsed.troubles == ()
    return [each for statement in parsed.statements for each in operations(statement)]


@given(NAMES, NAMES, NAMES)
def test_a_move_is_sql_whatever_the_names(table: str, old: str, new: str) -> None:
    said = moved_over(Name("", table), old, new, (INT, INT), Schema())
    (added, *_) = read(said)
    assert isinstance(added, AddColumn)
    assert (added.table.name, added.column.name) == (table, new)


@given(NAMES, NAMES, NAMES)
def test_a_view_is_sql_whatever_the_names(schema: str, table: str, to: str) -> None:
    assert len(read(behind_view(Name(schema, table), Name(schema, to), server_of("postgres")))) > 3


@given(NAMES)
def test_a_name_is_quoted_where_it_must_be(name: str) -> None:
    (made,) = read(f"ALTER TABLE t ADD COLUMN {quoted(name)} int")
    assert isinstance(made, AddColumn)
    assert made.column.name == name


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12))
def test_a_text_is_a_literal(value: str) -> None:
    assert len(read(f"SELECT {literal(value)}")) == 1


def test_a_server_before_15_is_told_no_security_invoker() -> None:
    names = Name("", "a"), Name("", "b")
    assert "security_invoker" in behind_view(*names, server_of("postgres:15"))
    assert "security_invoker" not in behind_view(*names, server_of("postgres:14"))


def test_without_a_key_and_without_an_end_there_are_no_batches() -> None:
    assert in_batches("UPDATE t SET a = 1", Name("", "t"), Schema()) == ""


@pytest.mark.parametrize(
    ("of", "sql"),
    [
        (Type("numeric", (8, 2)), "numeric(8, 2)"),
        (Type("int4", (), True), "int4[]"),
        (Type("Audit.Money"), '"Audit"."Money"'),
        (Type("varchar", (None,)), ""),
        (Type("interval", (4, 3)), ""),
        (Type(""), ""),
    ],
)
def test_a_type_is_said_as_sql_or_not_at_all(of: Type, sql: str) -> None:
    assert type_sql(of) == sql


@pytest.mark.parametrize(
    ("clause", "default"),
    [
        ("z int DEFAULT random() NOT NULL", "random()"),
        ("z int NOT NULL DEFAULT (1 + f(2, 3)), ADD y int", "(1 + f(2, 3))"),
        ("z text DEFAULT 'a, NOT' || 'b' CHECK (z <> '')", "'a, NOT' || 'b'"),
        ("z int CHECK (z > 0) DEFAULT NULL", "NULL"),
        ("z int", ""),
    ],
)
def test_a_default_is_taken_as_it_is_written(clause: str, default: str) -> None:
    (added, *_) = read(f"ALTER TABLE t ADD COLUMN {clause}")
    assert default_of(added) == default
