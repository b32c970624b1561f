"""Mappings that are copied again and again: each is what a plain dictionary would be."""

from __future__ import annotations

from collections.abc import MutableMapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.migrations.layered import Layered, shared
from cdkit.migrations.nouns import Column, Name, Type
from cdkit.migrations.schema import Schema, Table

STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "take", "copy", "back"]), st.integers(0, 400)), max_size=60
)


@given(STEPS)
def test_a_copy_and_what_it_was_copied_from_go_apart(steps: list[tuple[str, int]]) -> None:
    held: MutableMapping[int, int] = {number: number for number in range(300)}
    plain = dict(held)
    others: list[tuple[MutableMapping[int, int], dict[int, int]]] = []
    for number, (what, key) in enumerate(steps):
        if what == "put":
            held[key] = plain[key] = number
        elif what == "take":
            assert held.pop(key, None) == plain.pop(key, None)
        elif what == "copy":
            held, other = shared(held)
            others.append((other, dict(plain)))
        elif others:
            others.append((held, plain))
            held, plain = others.pop(0)
    for mapping, wanted in (*others, (held, plain)):
        assert dict(mapping) == wanted
        assert len(mapping) == len(wanted)
        assert all((key in mapping) == (key in wanted) for key in range(401))
        assert all(mapping.get(key) == wanted.get(key) for key in range(401))


def test_what_is_not_there_is_a_key_error() -> None:
    held: Layered[str, int] = Layered({"a": 1}, {}, 1)
    del held["a"]
    with pytest.raises(KeyError):
        held["a"]
    with pytest.raises(KeyError):
        del held["a"]
    assert held.get("a", 7) == 7


def test_many_entries_of_its_own_are_put_with_the_rest() -> None:
    held: Layered[int, int] = Layered({-1: 0, -2: 0}, {}, 2)
    del held[-1]
    for number in range(1_000):
        held[number] = number
    assert list(held) == [-2, *range(1_000)]


NAME = Name("public", "t")


def table(schema: Schema) -> Table:
    found = schema.table(NAME)
    assert found
    return found


def made() -> Schema:
    schema = Schema("public")
    schema.tables[NAME] = Table(name=NAME, epoch=0)
    return schema


def test_columns_are_not_copied_for_each_that_comes() -> None:
    schema = made()
    schema.put(NAME, "columns", "a", Column(name="a", type=Type("int4")))
    first = table(schema).columns
    schema.put(NAME, "columns", "b", Column(name="b", type=Type("int4")))
    assert table(schema).columns is first
    assert list(first) == ["a", "b"]


def test_a_copy_of_a_schema_keeps_the_columns_that_it_was_copied_with() -> None:
    schema = made()
    schema.put(NAME, "columns", "a", Column(name="a", type=Type("int4")))
    other = schema.copy()
    schema.put(NAME, "columns", "b", Column(name="b", type=Type("int4")))
    other.put(NAME, "columns", "c", Column(name="c", type=Type("int4")))
    assert list(table(schema).columns) == ["a", "b"]
    assert list(table(other).columns) == ["a", "c"]


def test_a_table_under_the_name_of_another_shares_nothing_with_a_copy() -> None:
    schema = made()
    schema.put(NAME, "columns", "a", Column(name="a", type=Type("int4")))
    other = Name("public", "other")
    schema.tables[other] = Table(name=other, epoch=0)
    released = schema.copy()
    schema.put(NAME, "columns", "b", Column(name="b", type=Type("int4")))
    schema.tables[NAME] = schema.tables[other]
    schema.put(NAME, "columns", "c", Column(name="c", type=Type("int4")))
    assert list(table(released).columns) == ["a"]
    assert not released.tables[other].columns


def test_hints_of_a_copy_are_its_own() -> None:
    schema = made()
    schema.note("children", NAME, Name("public", "p1"))
    other = schema.copy()
    schema.note("children", NAME, Name("public", "p2"))
    assert list(other.children[NAME]) == [Name("public", "p1")]
    assert list(schema.children[NAME]) == [Name("public", "p1"), Name("public", "p2")]
