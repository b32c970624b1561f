"""The door to PostgreSQL's grammar: what it refuses, where, and that nothing kills us."""

from __future__ import annotations

import json

import pytest

from cdkit.core.doors.pg_query import (
    SAFE_LENGTH,
    GrammarFault,
    library,
    parse,
    parse_apart,
    parse_plpgsql,
    split,
)
from cdkit.core.doors.process import SystemProcesses
from cdkit.core.errors import CannotTell


def test_a_tree_comes_as_json() -> None:
    (statement,) = json.loads(parse(b"DROP TABLE a"))["stmts"]
    assert statement["stmt"]["DropStmt"]["removeType"] == "OBJECT_TABLE"


def test_a_fault_stands_at_its_byte_behind_letters_of_two_bytes() -> None:
    sql = "SELECT 'éé' FROM FROM".encode()
    with pytest.raises(GrammarFault, match="syntax error") as caught:
        parse(sql)
    assert caught.value.offset == sql.rindex(b"FROM")


@pytest.mark.parametrize("call", [parse, parse_plpgsql, split])
def test_a_nul_byte_is_refused_rather_than_taken_for_the_end(call: object) -> None:
    with pytest.raises(GrammarFault) as caught:
        call(b"SELECT 1;\0 DROP TABLE a")  # type: ignore[operator]
    assert caught.value.offset == 9


def test_the_scanner_splits_what_the_grammar_refuses() -> None:
    sql = b"SELECT 1; DROP NONSENSE ((; x)); SELECT 2"
    assert [sql[at : at + size].strip() for at, size in split(sql)] == [
        b"SELECT 1",
        b"DROP NONSENSE ((; x))",
        b"SELECT 2",
    ]


def test_the_scanner_gives_up_on_an_open_quote() -> None:
    with pytest.raises(GrammarFault, match="unterminated"):
        split(b"SELECT 'a")


def test_the_deepest_statement_that_is_parsed_here_does_no_harm() -> None:
    assert parse(b"SELECT a" + b"+a" * (SAFE_LENGTH // 2 - 8))


@pytest.mark.parametrize("word", [b"(", b"NOT ", b"- ", b"(SELECT ", b"ARRAY[", b"CASE WHEN "])
def test_nesting_that_the_grammar_bounds_is_a_fault(word: bytes) -> None:
    with pytest.raises(GrammarFault):
        parse(b"SELECT " + word * (SAFE_LENGTH // len(word) - 8))


def test_a_child_parses_what_is_longer() -> None:
    tree = parse_apart(b"SELECT 1" + b",1" * SAFE_LENGTH, SystemProcesses())
    assert tree.startswith(b'{"version":18')


def test_a_child_tells_a_fault_at_its_byte() -> None:
    with pytest.raises(GrammarFault) as caught:
        parse_apart("SELECT 'é' FROM FROM".encode(), SystemProcesses())
    assert caught.value.offset == 17


def test_a_child_that_dies_cannot_tell() -> None:
    with pytest.raises(CannotTell, match="gave up"):
        parse_apart(b"SELECT a" + b"+a" * 1_000_000, SystemProcesses())


def test_code_in_plpgsql_comes_as_json() -> None:
    tree = parse_plpgsql(b"DO $$ BEGIN DROP TABLE a; END $$")
    assert b'"query":"DROP TABLE a"' in tree


def test_the_library_is_found_without_its_package() -> None:
    assert "libpg_query" in library() or "pg_query.dll" in library()
