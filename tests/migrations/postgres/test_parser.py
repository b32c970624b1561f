"""Files of every kind of badness: each part that cannot be read is told, the rest is read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdkit.core.doors.pg_query import SAFE_LENGTH
from cdkit.core.doors.process import SystemProcesses
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.postgres.parser import parse
from cdkit.migrations.text import Text
from tests.worlds import NoProcesses

READABLE = b"DROP TABLE seen;"


def parsed(data: bytes) -> Parsed:
    return parse(Text("m.sql", data), SystemProcesses())


def sources(data: bytes) -> list[str]:
    return [statement.source for statement in parsed(data).statements]


def troubles(data: bytes) -> list[tuple[str, str]]:
    text = Text("m.sql", data)
    return [(x.rule, str(text.place(x.offset))) for x in parse(text, NoProcesses()).troubles]


def test_statements_stand_where_their_first_word_is() -> None:
    data = b"-- one\nSELECT 1; /* two\n */ SELECT 'caf\xc3\xa9', 2;\r\n\tSELECT 3"
    found = [str(statement.place()) for statement in parsed(data).statements]
    assert found == ["m.sql:2:1", "m.sql:3:5", "m.sql:4:2"]
    assert sources(data)[1] == "SELECT 'café', 2"


def test_a_byte_order_mark_is_no_part_of_the_first_statement() -> None:
    assert sources(b"\xef\xbb\xbfSELECT 1;\r\nSELECT 2;\r\n") == ["SELECT 1", "SELECT 2"]


def test_a_syntax_error_hides_no_other_statement() -> None:
    data = b"SELECT 1;\nALTER TABEL x;\nSELECT '\xc3\xa9' FROM FROM;\n" + READABLE
    assert sources(data) == ["SELECT 1", "DROP TABLE seen"]
    assert troubles(data) == [("syntax-error", "m.sql:2:7"), ("syntax-error", "m.sql:3:17")]


def test_an_open_parenthesis_hides_no_other_statement() -> None:
    data = b"CREATE TABLE a (b int;\n" + READABLE
    assert sources(data) == ["DROP TABLE seen"]
    assert [rule for rule, _ in troubles(data)] == ["syntax-error"]


def test_an_open_quote_is_told_where_it_begins() -> None:
    data = b"DROP TABLE seen;\nSELECT 'a;\nDROP TABLE hidden;"
    assert sources(data) == ["DROP TABLE seen"]
    assert troubles(data) == [("syntax-error", "m.sql:2:8")]


def test_an_open_comment_is_told() -> None:
    assert troubles(b"SELECT 1; /* DROP TABLE a;") == [("syntax-error", "m.sql:1:11")]


def test_a_semicolon_in_a_body_ends_no_statement() -> None:
    body = b"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; "
    assert len(parsed(body + READABLE).statements) == 2


@pytest.mark.parametrize(
    "data",
    [
        *(b"DROP TABLE ${schema}.a;", b"DROP TABLE {{ a }};", b"DROP TABLE <%= a %>;"),
        *(b"{% if a %}", b"DROP TABLE <?= $a ?>;", b"<?php if ($a): ?>", b"DROP TABLE #{a};"),
        *(b"@foreach ($all as $a)", b"CREATE TABLE a (b $%SERIAL%$);"),
    ],
)
def test_a_template_is_told_to_be_one(data: bytes) -> None:
    (trouble,) = parsed(data).troubles
    assert trouble.rule == "syntax-error"
    assert "template" in trouble.what
    assert "render" in trouble.remedy


def test_a_template_is_told_once_a_file() -> None:
    marks = b"<?php if ($a): ?>\nDROP TABLE a;\n<?php else: ?>\nDROP TABLE b;\n<?php endif ?>\n"
    (trouble,) = parsed(b"SELECT 1;\n" + marks).troubles
    assert trouble.offset == 10
    assert trouble.what.endswith("more places")
    first, second = parsed(marks + b";\nDROP TABEL c;").troubles
    assert first.what.startswith("this is a template, not SQL")
    assert second.what.startswith("PostgreSQL's grammar says")


def test_commands_of_psql_are_left_out_of_the_sql() -> None:
    data = b"\\set ON_ERROR_STOP on\n\\echo 'a;b'\n" + READABLE + b"\n\\unrestrict abc\n"
    assert sources(data) == ["DROP TABLE seen"]
    assert troubles(data) == []


def test_a_command_that_brings_in_sql_is_told() -> None:
    data = READABLE + b"\n\\i other.sql\n"
    assert sources(data) == ["DROP TABLE seen"]
    assert troubles(data) == [("unread-command", "m.sql:2:1")]


def test_what_psql_decides_as_it_runs_is_told_once_for_a_whole_if() -> None:
    data = b"\\if :x\n" + READABLE + b"\n\\else\nDROP TABLE b;\n\\endif\n"
    assert sources(data) == ["DROP TABLE seen", "DROP TABLE b"]
    assert troubles(data) == [("unread-command", "m.sql:1:1")]


def test_an_end_of_nothing_is_told() -> None:
    assert troubles(READABLE + b"\n\\endif\n") == [("unread-command", "m.sql:2:1")]


def test_sql_behind_a_command_on_its_line_is_read() -> None:
    assert sources(b"\\set a 1 \\\\ DROP TABLE seen;\n") == ["DROP TABLE seen"]


def test_rows_end_at_the_first_line_that_ends_them() -> None:
    data = b"COPY a FROM stdin;\r\n1\r\n\\.\r\nDROP TABLE b;\r\nCOPY a FROM stdin;\n1\n\\.\n"
    assert sources(data) == ["COPY a FROM stdin", "DROP TABLE b", "COPY a FROM stdin"]


def test_rows_that_never_end_are_told() -> None:
    data = b"COPY a FROM stdin;\n1\tone\nDROP TABLE b;\n"
    assert troubles(data) == [("syntax-error", "m.sql:1:19")]


def test_rows_after_copy_are_no_sql() -> None:
    data = b"COPY a FROM stdin;\n1\tit's\n;DROP TABLE b;\n\\.\n" + READABLE
    assert sources(data) == ["COPY a FROM stdin", "DROP TABLE seen"]
    assert troubles(data) == []


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"SELECT 1;\nSELECT 2\0; DROP TABLE a;", "m.sql:2:9"),
        ("SELECT 'é';".encode("latin-1"), "m.sql:1:9"),
        ("SELECT 1;".encode("utf-16"), "m.sql:1:1"),
    ],
    ids=["a NUL byte", "Latin-1", "UTF-16"],
)
def test_what_is_no_utf_8_is_not_read_at_all(data: bytes, place: str) -> None:
    assert troubles(data) == [("unreadable-file", place)]
    assert not parsed(data).statements


def test_a_deep_expression_is_still_a_statement_of_its_kind() -> None:
    data = b"SELECT 1" + b"+1" * 2000 + b";" + READABLE
    assert [statement.kind for statement in parsed(data).statements] == ["SelectStmt", "DropStmt"]


def test_an_expression_too_deep_for_the_grammar_costs_only_its_statement() -> None:
    deep = b"SELECT " + b"a+" * SAFE_LENGTH + b"a;\n"
    found = parsed(READABLE + deep + READABLE)
    assert [statement.source for statement in found.statements] == ["DROP TABLE seen"] * 2
    assert [trouble.rule for trouble in found.troubles] == ["unread-code"]


def test_a_long_statement_is_parsed_in_a_child() -> None:
    rows = b"INSERT INTO a VALUES (1)" + b",(2)" * (SAFE_LENGTH // 4) + b";"
    assert [statement.kind for statement in parsed(rows + READABLE).statements] == [
        "InsertStmt",
        "DropStmt",
    ]


def test_a_fault_in_a_long_statement_stands_at_its_place() -> None:
    rows = b"INSERT INTO a VALUES (1)" + b",(2)" * (SAFE_LENGTH // 4) + b" FROM;\n"
    found = parsed(rows + READABLE)
    (trouble,) = found.troubles
    assert trouble.rule == "syntax-error"
    assert rows[trouble.offset : trouble.offset + 4] == b"FROM"


WORDS = st.sampled_from(
    """
    DROP_TABLE_a SELECT_'a ' " $$ $a$ ; ~ -- /* */ ( ) \\i_x~ \\\\ COPY_a_FROM_STDIN \\.~
    BEGIN_ATOMIC END E'\\ é {{ ${a} , ALTER_TABLE_a_DROP_b DO_$$_BEGIN
    """.replace("~", "\n").split(" ")
).map(lambda word: word.replace("_", " ").encode())


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.lists(WORDS, max_size=12).map(b" ".join)))
def test_no_byte_of_a_file_is_passed_over(data: bytes) -> None:
    """Each byte that is no space or comment is in a statement, in a trouble's, or psql's."""
    found = parsed(data)
    if found.troubles:
        return
    covered = bytearray(data)
    for statement in found.statements:
        covered[statement.start : statement.end] = b" " * (statement.end - statement.start)
    from cdkit.migrations.lexer import tokens

    left = bytes(covered[3:] if data.startswith(b"\xef\xbb\xbf") else covered)
    rest = [token.text for token in tokens(left) if token.text != b";"]
    assert not rest or b"\\" in data or b"COPY" in data
