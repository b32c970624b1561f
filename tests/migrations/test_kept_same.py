"""Our own safe ways are no finding where they are pasted, and nothing else passes for one."""

from __future__ import annotations

import re

import pytest

from tests.migrations.judging import RELEASED, judged

POSTGRES = (
    'CREATE TABLE orders (id bigint PRIMARY KEY, a int, price numeric(8,2), "Full Name" text);\n'
)
MYSQL = "CREATE TABLE orders (id int PRIMARY KEY, a int, price decimal(8,2), `order` text);\n"
WAYS = [
    ("postgres:16", POSTGRES, "ALTER TABLE orders RENAME COLUMN a TO b;"),
    ("postgres:16", POSTGRES, 'ALTER TABLE orders RENAME COLUMN "Full Name" TO name;'),
    ("postgres:16", POSTGRES, "ALTER TABLE orders ALTER COLUMN a TYPE bigint;"),
    ("mysql:8.0", MYSQL, "ALTER TABLE orders RENAME COLUMN a TO b;"),
    ("mariadb:10.11", MYSQL, "ALTER TABLE orders CHANGE `order` `group` text;"),
]
NARROW = [
    ("postgres:16", POSTGRES, "ALTER TABLE orders ALTER COLUMN price TYPE numeric(6,2);"),
    ("mysql:8.0", MYSQL, "ALTER TABLE orders MODIFY price decimal(6,2);"),
]
ANOTHER = {
    "a default, which every version fills": (
        r"(ADD COLUMN \S+ [^;]*?)(?: NULL)?;",
        r"\1 DEFAULT 7;",
    ),
    "a condition that is wider": (r"IS NOT NULL THEN|IS NULL, NEW", "IS NOT NULL OR true THEN"),
    "another value": (r":= NEW\.b::int4;|, NEW\.b\)", ":= 7;"),
}


def first(server: str, schema: str, change: str) -> str:
    """The first release of the way that a finding carries."""
    found = judged(f"{schema}{RELEASED}{change}", server=server).findings
    ways = [each.fix.replacement for each in found if each.fix and "_sync" in each.fix.replacement]
    ways += [x.fix.replacement for x in found if x.fix and "EACH ROW\n  SET" in x.fix.replacement]
    return re.split(r"(?m)^-- release \d.*\n", ways[0])[1]


def rules(server: str, schema: str, text: str) -> set[str]:
    found = judged(f"{schema}{RELEASED}{text}", server=server).findings
    return {each.rule for each in found if each.severity.rank >= 2}


@pytest.mark.parametrize(("server", "schema", "change"), WAYS)
def test_the_first_release_of_a_move_is_no_finding(server: str, schema: str, change: str) -> None:
    assert not rules(server, schema, first(server, schema, change))


@pytest.mark.parametrize(("server", "schema", "change"), NARROW)
def test_one_to_a_narrower_type_may_refuse_a_write(server: str, schema: str, change: str) -> None:
    assert "changed-trigger" in rules(server, schema, first(server, schema, change))


@pytest.mark.parametrize("which", ANOTHER)
@pytest.mark.parametrize(("server", "schema", "change"), [WAYS[0], WAYS[3]])
def test_what_does_more_is_one(server: str, schema: str, change: str, which: str) -> None:
    text = first(server, schema, change)
    other = re.sub(*ANOTHER[which], text, count=1)
    assert other != text
    assert rules(server, schema, other)


def test_a_trigger_that_gives_a_quoted_column_a_value_is_seen() -> None:
    body = "BEGIN NEW.\"Full Name\" := 'x'; RETURN NEW; END"
    text = (
        f"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $${body}$$;\n"
        "CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f();"
    )
    assert rules("postgres:16", POSTGRES, text) == {"changed-trigger"}
