"""Which condition of a CHECK lets in all that another one does: a property held by values."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.migrations.implied import lets_in, refuses, together, where_null
from cdkit.migrations.nouns import Constraint
from cdkit.migrations.operation import CreateTable
from cdkit.migrations.postgres.parser import parse
from cdkit.migrations.postgres.read import operations
from cdkit.migrations.text import Text
from tests.worlds import NoProcesses

NUMBERS = st.integers(0, 3).map(str)
LISTS = st.lists(NUMBERS, min_size=1, max_size=3).map(", ".join)
SIGNS = st.sampled_from(["<", "<=", ">", ">=", "="])
PLAIN = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from("ab"), SIGNS, NUMBERS),
    st.builds("{} IN ({})".format, st.sampled_from("ab"), LISTS),
    st.builds("{} BETWEEN {} AND {}".format, st.sampled_from("ab"), NUMBERS, NUMBERS),
    st.builds("{} IS NULL".format, st.sampled_from("ab")),
    st.builds("NOT a = {}".format, NUMBERS),
    st.builds("{} <> {}".format, st.sampled_from("ab"), NUMBERS),
    st.builds("{} IS NOT NULL".format, st.sampled_from("ab")),
)  # fmt: skip
CONDITIONS = st.recursive(
    PLAIN,
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "OR"]), inner),
    max_leaves=4,
)
VALUES = ["NULL", "-1", "0", "1", "2", "3", "4"]


def printed(condition: str) -> str:
    """The fingerprint of a CHECK."""
    text = f"CREATE TABLE t (CHECK ({condition}))"
    (statement,) = parse(Text("t.sql", text.encode()), NoProcesses()).statements
    (made,) = operations(statement)
    assert isinstance(made, CreateTable)
    return made.constraints[0].expression


def passing(condition: str) -> set[tuple[str, str]]:
    """The rows that a CHECK lets in: SQLite's three-valued logic is PostgreSQL's."""
    with sqlite3.connect(":memory:") as connection:
        return {
            (a, b)
            for a in VALUES
            for b in VALUES
            if connection.execute(
                f"SELECT ({condition}) IS NOT 0 FROM (SELECT {a} AS a, {b} AS b)"  # noqa: S608
            ).fetchone()[0]
        }


@given(CONDITIONS, CONDITIONS)
def test_what_is_said_to_let_in_more_refuses_nothing_new(old: str, new: str) -> None:
    if lets_in(printed(old), printed(new)):
        assert passing(old) <= passing(new)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("s IN ('a', 'b')", "s IN ('b', 'c', 'a')", True),
        ("s IN ('a', 'b')", "s::text = ANY (ARRAY['a'::varchar, 'b']::text[])", True),
        ("s IN ('a', 'b')", "s = 'a'", False),
        ("s = 'a'", "s IN ('a', 'b')", True),
        ("s IN ('a', 'b')", "lower(s) IN ('a', 'b')", False),
        ("s IN ('a', b)", "s IN ('a', 'b')", False),
        ("char_length(s) <= 5", "char_length(s) <= 9", True),
        ("char_length(s) <= 5", "char_length(s) < 5", False),
        ("a > 0 AND b > 0", "b > 0", True),
        ("b > 0", "a > 0 AND b > 0", False),
        ("b > 0", "b > 0 OR a > 0", True),
        ("n BETWEEN 2 AND 3", "n BETWEEN 1 AND 4", True),
        ("n BETWEEN 1 AND 4", "n BETWEEN 2 AND 4", False),
        ("NOT s = 'a'", "NOT s IN ('a', 'b')", False),
    ],
)
def test_conditions_as_people_write_them(old: str, new: str, said: bool) -> None:  # noqa: FBT001
    assert lets_in(printed(old), printed(new)) == said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("s IN ('a', 'b')", "s in ('b','a','c')", True),
        ("`s` IN ('a')", "s IN ('a', 'b')", True),
        ("s IN ('a', 'b')", "s IN ('a')", False),
        ("s IN ('a')", "t IN ('a')", False),
        ("s IN ('a''b')", "s IN ('a', 'b')", False),
        ("s IN ('a', x)", "s IN ('a', x, y)", False),
        ("s IN ('a') OR t IN ('b')", "s IN ('a')", False),
    ],
)
def test_conditions_of_other_engines(old: str, new: str, said: bool) -> None:  # noqa: FBT001
    assert lets_in(old, new) == said


@pytest.mark.parametrize(
    ("condition", "value", "said"),
    [
        ("s IN ('a', 'b')", "c", True),
        ("s IN ('a', 'b')", "a", False),
        ("n > 0", "0", True),
        ("n > 0", "1", False),
        ("n > 0", "x", False),
        ("lower(s) = 'a'", "B", False),
        ("n > 0 OR m > 0", "0", False),
    ],
)
def test_a_value_is_refused_only_where_that_is_sure(
    condition: str,
    value: str,
    said: bool,  # noqa: FBT001
) -> None:
    assert refuses(printed(condition), value) == said


@pytest.mark.parametrize("joined", [" AND ", " OR "])
def test_a_hostile_condition_is_compared_in_no_time(joined: str) -> None:
    def nested(leaf: str, depth: int) -> str:
        inside = leaf
        for number in range(depth):
            word = joined if number % 2 else " OR "
            inside = f"({inside}{word}(b > {number} AND c < {number}))"
        return inside

    assert not lets_in(printed(nested("a = 1", 30)), printed(nested("a = 2", 30)))
    deep = "(" * 900 + "a = 1" + " OR b = 1)" * 900
    assert lets_in(printed(deep), printed(deep))


def test_what_is_nested_too_deeply_implies_nothing_but_itself() -> None:
    one, other = ('{"TypeCast":{"arg":' * 50_000 + end + "}}" * 50_000 for end in ("1", "2"))
    assert not lets_in(one, other)
    assert lets_in(one, one)
    assert not refuses(one, "1")


@given(st.lists(CONDITIONS, min_size=1, max_size=3), CONDITIONS)
def test_what_several_let_in_together_is_what_all_of_them_do(old: list[str], new: str) -> None:
    held = [Constraint(kind="check", name=each, expression=printed(each)) for each in old]
    if lets_in(together(held), printed(new)):
        assert set.intersection(*map(passing, old)) <= passing(new)


@given(CONDITIONS, CONDITIONS)
def test_what_is_left_of_a_condition_where_a_column_is_null_refuses_the_same(
    old: str, new: str
) -> None:
    left = where_null(printed(new), ["a"])
    nulls = {("NULL", b) for b in VALUES}
    if not left:
        assert nulls <= passing(new)
    elif lets_in(printed(old), left):
        assert passing(old) & nulls <= passing(new)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("a IN (1, 2)", "a <> 3", True),
        ("a IN (1, 2)", "a <> 2", False),
        ("a IN (1, 2.0)", "a <> 3", False),
        ("a IN ('new', 'paid')", "a <> 'gone'", True),
        ("a IN ('new', 'Gone')", "a <> 'gone'", False),
        ("a IN ('true')", "a <> 't'", False),
        ("a IN ('true')", "a <> 'yes'", False),
        ("a IN ('infinity')", "a <> 'today'", False),
        ("a IN ('2026-01-02')", "a <> '2026-01-03'", False),
        ("b IN (1, 2)", "a <> 3", False),
        ("a IN (1, 2)", "a <> b", False),
    ],
)
def test_a_list_leaves_out_what_no_other_spelling_brings_in(
    old: str, new: str, *, said: bool
) -> None:
    assert lets_in(printed(old), printed(new)) is said
