"""The schema that a history makes, and what of it is new."""

from __future__ import annotations

import pytest

from cdkit.migrations.nouns import Name
from cdkit.migrations.postgres.parser import parse
from cdkit.migrations.postgres.read import operations, readable_kinds, reader
from cdkit.migrations.replay import replay
from cdkit.migrations.schema import Schema
from cdkit.migrations.text import Text
from tests.worlds import NoProcesses


def after(*releases: str) -> Schema:
    schema = Schema()
    for number, release in enumerate(releases):
        if number:
            schema.release()
        schema.path = "public"
        for statement in parse(Text("m.sql", release.encode()), NoProcesses()).statements:
            replay(schema, operations(statement))
    return schema


ORDERS = Name("", "orders")


def test_what_the_change_makes_is_new_and_what_was_there_is_not() -> None:
    schema = after("CREATE TABLE a (b int)", "CREATE TABLE orders (c int); ALTER TABLE a ADD d int")
    assert schema.is_new_table(ORDERS)
    assert not schema.is_new_table(Name("", "a"))
    assert schema.is_new_column(Name("public", "a"), "d")
    assert not schema.is_new_column(Name("", "a"), "b")


def test_a_later_release_makes_nothing_new_of_an_earlier_one() -> None:
    schema = after("", "CREATE TABLE orders (c int)", "SELECT 1")
    assert not schema.is_new_table(ORDERS)


def test_an_unknown_table_is_never_new() -> None:
    assert not after("", "SELECT 1").is_new_table(ORDERS)


def test_a_table_that_is_there_stays_old_when_it_is_made_again() -> None:
    for again in ("CREATE TABLE orders (a int)", "CREATE TABLE IF NOT EXISTS orders (a int)"):
        assert not after("CREATE TABLE orders (a int)", again).is_new_table(ORDERS)


def test_a_column_that_a_new_table_does_not_have_was_there_before() -> None:
    schema = after("", "CREATE TABLE IF NOT EXISTS orders (a int)")
    assert schema.is_new_column(ORDERS, "a")
    assert not schema.is_new_column(ORDERS, "b")


def test_a_renamed_table_is_as_old_as_it_was() -> None:
    schema = after("CREATE TABLE a (b int)", "ALTER TABLE a RENAME TO orders")
    assert schema.table(ORDERS)
    assert not schema.is_new_table(ORDERS)
    assert schema.table(Name("", "a")) is None


def test_a_moved_table_is_as_old_as_it_was() -> None:
    schema = after("CREATE TABLE orders (b int)", "ALTER TABLE orders SET SCHEMA shop")
    moved = Name("shop", "orders")
    assert schema.table(moved)
    assert not schema.is_new_table(moved)


def test_the_search_path_says_where_an_unqualified_name_is() -> None:
    schema = after("CREATE TABLE shop.orders (a int)", "SET search_path TO shop, public")
    assert schema.column(ORDERS, "a")
    schema = after("SET search_path TO shop; CREATE TABLE orders (a int)", "SELECT 1")
    assert schema.table(Name("shop", "orders"))
    assert schema.table(ORDERS) is None


@pytest.mark.parametrize(
    ("made", "name", "kind"),
    [
        ("CREATE TABLE orders (a int PRIMARY KEY)", "orders_pkey", "primary key"),
        ("CREATE TABLE orders (a int UNIQUE)", "orders_a_key", "unique"),
        ("CREATE TABLE orders (a int, b int, UNIQUE (a, b))", "orders_a_b_key", "unique"),
        ("CREATE TABLE orders (a int REFERENCES p)", "orders_a_fkey", "foreign key"),
        ("CREATE TABLE orders (a int CHECK (a > 0))", "orders_a_check", "check"),
        ("CREATE TABLE orders (a int, b int, CHECK (a > b))", "orders_check", "check"),
        ("CREATE TABLE orders (a int, CONSTRAINT c CHECK (a > 0))", "c", "check"),
    ],
)
def test_a_constraint_is_known_by_the_name_that_the_server_gives(
    made: str, name: str, kind: str
) -> None:
    found = after(made).constraint(ORDERS, name)
    assert found
    assert found.kind == kind


def test_a_unique_constraint_made_of_an_index_has_its_columns() -> None:
    schema = after(
        "CREATE TABLE orders (a int); CREATE UNIQUE INDEX i ON orders (a);"
        "ALTER TABLE orders ADD CONSTRAINT u UNIQUE USING INDEX i"
    )
    found = schema.constraint(ORDERS, "u")
    assert found
    assert found.columns == ("a",)


def test_columns_follow_what_is_done_to_them() -> None:
    schema = after(
        "CREATE TABLE orders (a int, b text DEFAULT 'x', c int, gone int);"
        "ALTER TABLE orders RENAME a TO d; ALTER TABLE orders ALTER d TYPE bigint;"
        "ALTER TABLE orders ALTER b DROP DEFAULT, ALTER c SET NOT NULL, DROP COLUMN gone;"
    )
    table = schema.table(ORDERS)
    assert table
    assert list(table.columns) == ["d", "b", "c"]
    assert table.columns["d"].type.name == "int8"
    assert table.columns["b"].default is None
    assert table.columns["c"].not_null


def test_a_child_has_the_columns_of_its_parent() -> None:
    schema = after("CREATE TABLE a (b int); CREATE TABLE orders (c int) INHERITS (a)")
    assert schema.column(ORDERS, "b")


def test_a_dropped_schema_takes_its_tables_along() -> None:
    schema = after("CREATE TABLE shop.orders (a int)", "DROP SCHEMA shop CASCADE")
    assert schema.table(Name("shop", "orders")) is None


@pytest.mark.parametrize("kind", readable_kinds())
def test_every_kind_of_statement_that_is_listed_has_its_reader(kind: str) -> None:
    assert callable(reader(kind))
