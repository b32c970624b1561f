"""The difference of two schemas: total over what the model holds."""

from __future__ import annotations

import pytest

from cdkit.migrations.indexes import Index
from cdkit.migrations.nouns import Column, Constraint, Default
from cdkit.migrations.postgres.parser import parse
from cdkit.migrations.postgres.read import operations
from cdkit.migrations.replay import replay
from cdkit.migrations.schema import Schema, Table, Thing
from cdkit.migrations.schema_diff import _APART, _NO_MATTER, differences
from cdkit.migrations.text import Text
from tests.worlds import NoProcesses

BASE = """
CREATE TABLE orders (id bigint PRIMARY KEY, note varchar(20), total int DEFAULT 0 NOT NULL,
    parent bigint CONSTRAINT up REFERENCES orders (id));
CREATE INDEX by_note ON orders (note);
CREATE VIEW open AS SELECT id FROM orders;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE SEQUENCE no;
"""


def made(sql: str) -> Schema:
    schema = Schema()
    for statement in parse(Text("t.sql", sql.encode()), NoProcesses()).statements:
        replay(schema, operations(statement))
    return schema


def said(more: str) -> tuple[str, ...]:
    return tuple(str(each) for each in differences(made(BASE), made(BASE + more)))


CHANGES = {
    "ALTER TABLE orders ADD COLUMN a int;": ("the column orders.a is left over",),
    "ALTER TABLE orders DROP COLUMN total;": ("the column orders.total is missing",),
    "ALTER TABLE orders ALTER note TYPE text;": (
        "the type of orders.note is text, and was varchar(20)",
    ),
    'ALTER TABLE orders ALTER note TYPE varchar(20) COLLATE "C";': (
        "the collation of orders.note is C, and was none",
    ),
    "ALTER TABLE orders ALTER note SET NOT NULL;": (
        "the nullability of orders.note is NOT NULL, and was nullable",
    ),
    "ALTER TABLE orders ALTER total DROP DEFAULT;": (
        "the default of orders.total is none, and was a constant",
    ),
    "ALTER TABLE orders ALTER note SET DEFAULT now();": (
        "the default of orders.note is one that calls now, and was none",
    ),
    "ALTER TABLE orders ALTER note SET DEFAULT NULL;": (),
    "ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0);": (
        "the constraint c of orders is left over",
    ),
    "ALTER TABLE orders DROP CONSTRAINT up;": ("the constraint up of orders is missing",),
    "ALTER TABLE orders DROP CONSTRAINT up, ADD CONSTRAINT up FOREIGN KEY (parent) REFERENCES "
    "orders (id) NOT VALID;": ("the validity of constraint up of orders is no, and was yes",),
    "DROP INDEX by_note;": ("the index by_note is missing",),
    "DROP INDEX by_note; CREATE UNIQUE INDEX by_note ON orders (note);": (
        "the uniqueness of index by_note is yes, and was no",
    ),
    "ALTER TABLE orders ALTER CONSTRAINT up DEFERRABLE INITIALLY DEFERRED;": (
        "the leave to defer of constraint up of orders is yes, and was no",
        "the deferral of constraint up of orders is yes, and was no",
    ),
    "ALTER TABLE orders ADD CONSTRAINT u UNIQUE (note) DEFERRABLE;"
    "ALTER TABLE orders DROP CONSTRAINT u;": (),
    "CREATE INDEX i ON orders (total);": ("the index i is left over",),
    "DROP VIEW open;": ("the view open is missing",),
    "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2';": (
        "the definition of function f is another",
    ),
    "ALTER ROLE app SET search_path = a;": ("the search path of roles and databases is left over",),
    "ALTER ROLE app SET search_path = a; ALTER ROLE app RESET search_path;": (),
    "ALTER TABLE orders REPLICA IDENTITY FULL; ALTER TABLE orders REPLICA IDENTITY DEFAULT;": (),
    "CREATE TEMP TABLE orders (id int); DROP TABLE orders;": (),
    "DROP TABLE orders CASCADE;": ("the table orders is missing", "the view open is missing"),
    "CREATE TABLE lines (id bigint UNIQUE); CREATE INDEX i ON lines (id);": (
        "the table lines is left over",
    ),
    "ALTER TABLE orders RENAME COLUMN note TO remark;": (
        "the column orders.note is missing",
        "the column orders.remark is left over",
    ),
    "SELECT 1;": (),
}


@pytest.mark.parametrize("sql", CHANGES)
def test_each_change_is_told_by_its_name(sql: str) -> None:
    assert said(sql) == CHANGES[sql]


def test_a_table_that_goes_takes_its_indexes_and_the_keys_that_lead_to_it_along() -> None:
    before = made("CREATE TABLE a (id int PRIMARY KEY);")
    after = made(
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);"
        "CREATE INDEX i ON b (id); ALTER TABLE a ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES b;"
        "DROP TABLE b CASCADE;"
    )
    assert differences(before, after) == ()


def test_a_column_that_goes_takes_its_indexes_along() -> None:
    before = made("CREATE TABLE a (id int);")
    after = made(
        "CREATE TABLE a (id int, b int UNIQUE); CREATE INDEX i ON a (id, b);"
        "ALTER TABLE a DROP COLUMN b;"
    )
    assert differences(before, after) == ()


def test_a_copy_of_a_schema_is_its_own() -> None:
    schema = made(BASE)
    copy = schema.copy()
    replay(copy, operations(parse(Text("t", b"DROP TABLE orders"), NoProcesses()).statements[0]))
    assert differences(schema, made(BASE)) == ()
    assert [str(each) for each in differences(schema, copy)] == ["the table orders is missing"]


COMPARED: dict[type, set[str]] = {
    Table: {"partition", "parents", "partitioned"},
    Column: {"type", "not_null", "default", "identity", "generated", "serial"}
    | {"expression", "on_update", "comment", "invisible", "collation"},
    Constraint: {"kind", "columns", "references", "valid", "enforced", "expression", "keeps"}
    | {"pins", "deletes", "deferrable", "deferred"},
    Index: {"table", "unique", "columns", "expressions", "where", "form"},
    Thing: {"kind", "body", "default", "invoker"},
    Default: {"calls", "constant", "null", "sequence", "text", "value", "sql"},
}


@pytest.mark.parametrize("kind", COMPARED, ids=lambda kind: kind.__name__)
def test_no_field_of_the_model_is_left_out_unless_it_is_named(kind: type) -> None:
    """Who adds a field to the model decides here whether two schemas differ by it."""
    fields = set(getattr(kind, "__struct_fields__", ()))
    passed = set() if kind is Default else _NO_MATTER | _APART.get(kind, frozenset())
    assert fields - passed == COMPARED[kind]
