"""Placeholders: known values are put in, unknown ones read as names, and places stay true."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.migrations.find import find
from cdkit.migrations.placeholders import (
    Slot,
    braces,
    environment,
    fill,
    outside_quotes,
    psql_variables,
    templates,
)
from cdkit.migrations.text import Filled, Text
from tests.migrations.judging import judged, places
from tests.worlds import world


def filled(sql: str, **values: str) -> str:
    text = fill(Text("a.sql", sql.encode()), braces(sql.encode(), values))
    return text.data.decode()


def test_a_known_value_is_put_in_and_an_unknown_name_stands_for_itself() -> None:
    assert filled("DROP TABLE ${s}.${table_name};", s="app") == "DROP TABLE app.table_name;"


@pytest.mark.parametrize(
    ("sql", "read"),
    [
        ("DROP TABLE t ${cascade};", "DROP TABLE t cascade_;"),
        ("SELECT * FROM ${env}_orders;", "SELECT * FROM env_orders;"),
        ("SELECT * FROM a.${1};", "SELECT * FROM a.p1;"),
        ("SELECT ${a-b:c};", "SELECT a_b_c;"),
        ("SELECT ${é};", "SELECT placeholder;"),
    ],
)
def test_a_name_is_never_more_than_a_name(sql: str, read: str) -> None:
    assert filled(sql) == read


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE orders ${action};",
        "ALTER TABLE orders ADD COLUMN a int ${not_null};",
        "CREATE ${unique} INDEX i ON orders (a);",
        "CREATE INDEX ${concurrently} i ON orders (a);",
        "DROP TABLE ${if_exists} orders;",
        "DROP TABLE orders ${cascade};",
        "${everything};",
        "{% if x %}\nDROP TABLE orders;\n{% endif %}",
        "<% if x %>\nDROP TABLE orders;\n<% end %>",
    ],
)
def test_what_is_more_than_a_name_cannot_be_told(sql: str) -> None:
    assert "syntax-error" in {rule for rule, _ in places(judged(sql).findings)}


def test_the_finding_names_the_placeholder_and_its_place() -> None:
    found = judged("SELECT 1;\nALTER TABLE orders ${what};\nSELECT ${a};")
    (finding,) = found.findings
    assert finding.message.startswith("nothing here gives a value for ${what}, ")
    assert (finding.locations[0].line, finding.locations[0].column) == (2, 20)
    assert found.notes == (
        "0002.sql: nothing here gives a value for ${what}, ${a}: read as a name",
    )


def test_quotes_and_comments_are_left_alone() -> None:
    sql = b"SELECT '${a}', \"${b}\", $$ ${c} $$, ${d}; -- ${e}\n/* x */ SELECT 1;"
    assert [slot.name for slot in outside_quotes(sql, braces(sql, {}))] == [b"d"]


def test_a_template_puts_in_names() -> None:
    sql = b"{{ a }} {{.B}} {{- c.d -}} <%= e %> {{ f('x') }} {% g %} {{ end }} {{else}}"
    assert [slot.name for slot in templates(sql)] == [b"a", b"B", b"c.d", b"e"]


def test_psql_takes_its_variables_from_the_file() -> None:
    sql = b"\\set t 'a b'\nSELECT :t, :'t', :\"t\", x::t, y[1:t], z := 1;"
    found = [(slot.value, sql[slot.start : slot.end]) for slot in psql_variables(sql, {})]
    assert found == [(b"a b", b":t"), (b"'a b'", b":'t'"), (b'"a b"', b':"t"')]


def test_the_environment_is_no_dollar_quote_and_no_parameter() -> None:
    sql = b"$A ${B} ${C:-d} ${E-f} $1 $$ $body$ x $body$"
    found = [(slot.name, slot.value) for slot in environment(sql, 0, len(sql))]
    assert found == [(b"A", None), (b"B", None), (b"C", b"d"), (b"E", b"f")]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_left(data: bytes) -> None:
    slots = [*braces(data, {}), *templates(data), *psql_variables(data, {})]
    slots += environment(data, 0, len(data))
    text = fill(Text("a.sql", data), outside_quotes(data, slots))
    assert text.place(0).line == 1
    assert text.place(len(text.data)).line == data.count(b"\n") + 1


@given(st.lists(st.sampled_from(["a", "\n", "${x}", "${long_name}", "é"]), max_size=12))
def test_a_byte_outside_placeholders_is_where_it_was(pieces: list[str]) -> None:
    written = Text("a.sql", "".join(pieces).encode())
    text = fill(written, braces(written.data, {"x": "v", "long_name": "some\nvalue"}))
    here = there = 0
    for piece in pieces:
        assert text.place(here) == written.place(there)
        value = {"${x}": "v", "${long_name}": "some\nvalue"}.get(piece, piece)
        here += len(value.encode())
        there += len(piece.encode())


def test_overlapping_placeholders_are_filled_once() -> None:
    slots = [Slot(start=0, end=4, name=b"a"), Slot(start=2, end=6, name=b"b")]
    text = fill(Text("a.sql", b"${a}bc"), slots)
    assert isinstance(text, Filled)
    assert text.data == b"abc"


@pytest.mark.parametrize(
    ("sql", "column"),
    [
        ("ALTER TABLE orders ADD x ${type};", 26),
        ("ALTER TABLE orders ADD x /* a */ ${type};", 34),
        ("ALTER TABLE orders ADD x int DEFAULT ${value};", 38),
        ("ALTER TABLE orders ALTER a TYPE int USING ${how};", 43),
        ("UPDATE orders SET a = 1 WHERE ${condition};", 31),
        ("DELETE FROM orders WHERE a = 1 AND {{ more }};", 36),
    ],
)
def test_what_may_be_more_than_a_name_where_the_grammar_takes_one_cannot_be_told(
    sql: str, column: int
) -> None:
    troubles = [x for x in judged(sql).findings if x.rule == "unread-code"]
    assert [each.locations[0].column for each in troubles] == [column]
    assert "nothing here gives a value for" in troubles[0].message


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE ${schema}.orders ADD x int;",
        "ALTER TABLE orders ADD ${column} int;",
        "ALTER TABLE orders ADD CONSTRAINT ${name} CHECK (a > 0) NOT VALID;",
        "ALTER TABLE orders OWNER TO ${owner};",
        "ALTER TABLE orders_${year} ADD x int;",
        "UPDATE orders SET a = 1 WHERE ${column} = 1;",
        "UPDATE orders SET a = 1 WHERE id = ${id};",
        "GRANT SELECT ON orders TO ${role};",
        "COMMENT ON TABLE orders IS 'where ${x}';",
    ],
)
def test_what_can_only_be_a_name_or_a_value_is_read_as_one(sql: str) -> None:
    assert not {rule for rule, _ in places(judged(sql).findings)} & {"unread-code", "syntax-error"}


@pytest.mark.parametrize(
    "mark",
    ["{% if x %}", "{%- for x in y %}", "<% if x %>", "{{ if .X }}", "{{#x}}", "{{- range .}}"],
)
@pytest.mark.parametrize("comment", ["-- {}\n", "/* {} */"])
def test_a_template_that_decides_within_a_comment_cannot_be_told(mark: str, comment: str) -> None:
    found = judged(f"SELECT 1;\n{comment.format(mark)}ALTER TABLE orders ADD x int;\n").findings
    assert ("unread-code", 2) in places(found)


def test_a_name_of_a_template_within_a_comment_is_a_comment() -> None:
    assert places(judged("-- {{ ticket }} <%= author %> ${x}\nSELECT 1;").findings) == []


def test_a_guess_within_a_string_of_flyway_is_a_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "V1__a.sql").write_text("COMMENT ON TABLE o IS 'a where ${x}'; -- default ${y}\n")
    ((found,), _) = find((".",), world(tmp_path))
    assert found.project.migrations[0].troubles == ()
