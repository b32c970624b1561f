"""Hostile migrations: each costs one clear finding, and what stands behind it is judged."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec import structs

from cdkit.core.doors.pg_query import SAFE_LENGTH
from cdkit.core.doors.process import SystemProcesses
from cdkit.core.verdict import Answer
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import CreateObject
from cdkit.migrations.reader import Reader
from cdkit.migrations.replay import apply
from cdkit.migrations.schema import Routine, Schema
from cdkit.migrations.server import engines, server_of
from cdkit.migrations.statement import Statement
from cdkit.migrations.tell import UNTOLD
from cdkit.migrations.text import Text
from cdkit.steps.lint_migrations import LintMigrationsOptions, run
from tests.migrations.judging import judged
from tests.worlds import NoProcesses, world

DROP = b"DROP TABLE seen;\n"
LONG = "unread-code"
WRONG = "syntax-error"


def told(data: bytes, *, server: str = "postgres") -> list[tuple[str, str]]:
    """Return by rule and line what nobody can tell, and whether the last statement is judged."""
    found = judged(data, server=server, processes=SystemProcesses()).findings
    wanted = UNTOLD | {"dropped-table"}
    places = [(x.rule, x.locations[0].line) for x in found if x.rule in wanted]
    return [(rule, str(line)) for rule, line in sorted(places, key=lambda one: one[1])]


def nested(before: str, inside: str, behind: str, times: int) -> bytes:
    return f"SELECT {before * times}{inside}{behind * times};\n".encode()


DEEP = {
    "100,000 terms": (b"SELECT " + b"+".join([b"a"] * 100_000) + b";\n", LONG),
    "50,000 parentheses": (nested("(", "1", ")", 50_000), WRONG),
    "400,000 parentheses, parsed in a child": (nested("(", "1", ")", 400_000), WRONG),
    "CASE in CASE": (nested("CASE WHEN a THEN ", "1", " END", 20_000), WRONG),
    "ARRAY in ARRAY": (nested("ARRAY[", "1", "]", 50_000), WRONG),
    "SELECT in SELECT": (nested("(SELECT ", "1", ")", 20_000), WRONG),
    "NOT NOT": (nested("NOT ", "true", "", 50_000), WRONG),
    "UNION of 20,000": (b" UNION ALL ".join([b"SELECT 1"] * 20_000) + b";\n", LONG),
    "a DO block": (b"DO $$ BEGIN PERFORM " + b"(" * 9_999 + b"1" + b")" * 9_999
                   + b"; END $$;\n", LONG),
    "blocks in a DO block": (b"DO $$ " + b"BEGIN " * 9_999 + b"NULL;" + b" END;" * 9_999
                             + b" $$;\n", LONG),
    "IF in IF": (b"DO $$ BEGIN " + b"IF a THEN " * 9_999 + b"NULL;" + b" END IF;" * 9_999
                 + b" END $$;\n", LONG),
    "a text of EXECUTE": (b"DO $$ BEGIN EXECUTE 'SELECT " + b"(" * 9_999 + b"1" + b")" * 9_999
                          + b"'; END $$;\n", LONG),
    "a default": (b"ALTER TABLE t ADD COLUMN c text DEFAULT " + b"||".join([b"'x'"] * 50_000)
                  + b";\n", LONG),
    "signs that a scanner works on for ever": (b"SELECT 1 " + b"+" * 100_000 + b" 1;\n", LONG),
}  # fmt: skip


@pytest.mark.parametrize("name", DEEP)
def test_what_is_nested_too_deeply_costs_its_own_statement_alone(name: str) -> None:
    data, rule = DEEP[name]
    found = told(data + DROP)
    assert (rule, "1") in found
    assert ("dropped-table", "2") in found
    assert {line for kind, line in found if kind in UNTOLD} == {"1"}


@pytest.mark.parametrize("name", DEEP)
def test_what_is_nested_too_deeply_in_the_history_is_not_known_and_no_more(name: str) -> None:
    data, _ = DEEP[name]
    history = data + b"CREATE TABLE seen (id bigint);\n"
    found = judged(history + b"-- released\n" + DROP, processes=SystemProcesses())
    assert [x.rule for x in found.findings if x.rule in UNTOLD | {"dropped-table"}] == [
        "dropped-table"
    ]


def test_many_statements_just_too_deep_are_each_told_of() -> None:
    one = nested("(", "1", ")", 30_000)
    assert told(one * 5 + DROP) == [*((WRONG, str(n)) for n in range(1, 6)), ("dropped-table", "6")]


def test_the_body_of_a_function_that_is_called_may_be_too_deep() -> None:
    body = "(" * 9_999 + "1" + ")" * 9_999
    made = f"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT {body} $$;\n".encode()
    assert told(made + b"SELECT f();\n" + DROP) == [(LONG, "2"), ("dropped-table", "3")]


ENDS = {
    "a quote that never ends": b"SELECT 'abc;\n",
    "a name that never ends": b'SELECT "abc;\n',
    "a dollar quote that never ends": b"DO $$ BEGIN;\n",
    "a comment that never ends": b"/* abc;\n",
    "a parenthesis that never ends": b"SELECT (1;\n",
    "rows that never end": b"COPY t FROM stdin;\n1\t2\n",
}


@pytest.mark.parametrize("name", ENDS)
def test_what_stands_before_something_that_never_ends_is_judged(name: str) -> None:
    found = told(DROP + ENDS[name])
    assert ("dropped-table", "1") in found
    assert {rule for rule, _ in found} & UNTOLD


UNREADABLE = {
    "a NUL byte": (b"SELECT 1;\0\n", "1"),
    "Latin-1": (b"\nSELECT '\xe9';\n", "2"),
    "UTF-16": ("DROP TABLE seen;".encode("utf-16"), "1"),
    "binary": (bytes(range(256)) * 40, "1"),
    "a pointer of Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\n", "1"),
    "a merge": (b"SELECT 1;\n<<<<<<< HEAD\nDROP TABLE a;\n=======\n>>>>>>> b\n", "2"),
    "a merge from the start": (b"<<<<<<< ours\r\n=======\r\nSELECT 1;\r\n>>>>>>> b\r\n", "1"),
}


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize("server", ["postgres", "mysql", "sqlite"])
def test_what_is_no_text_is_one_finding(name: str, server: str) -> None:
    data, line = UNREADABLE[name]
    assert told(data, server=server) == [("unreadable-file", line)]


def test_what_looks_like_a_merge_in_a_text_is_none() -> None:
    assert told(b"SELECT $$\n<<<<<<< a\n$$;\n") == []


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf\n" + DROP,
        b"-- one\r\n" + DROP.replace(b"\n", b"\r\n"),
        b"SELECT 1; -- \xe2\x82\xac\n" + DROP,
        b"\\set a 1\n" + DROP,
        b"\\copy t from 'x.csv'\n" + DROP,
    ],
    ids=["BOM", "CRLF", "multibyte", "set", "copy"],
)
def test_a_place_is_where_it_is_in_the_file_that_people_wrote(data: bytes) -> None:
    assert ("dropped-table", "2") in told(data)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("SELECT '€'; DROP TABLE seen;", 13),
        ("\tDROP TABLE seen;", 2),
        ("/* 🎉 */ DROP TABLE seen;", 9),
        ("\ufeffDROP TABLE seen;", 1),
        ("\ufeffSELECT 1; DROP TABLE seen;", 11),
        ("\ufeffSELECT 1;\n DROP TABLE seen;", 2),
    ],
)
def test_a_column_counts_characters(text: str, column: int) -> None:
    (found,) = [x for x in judged(text).findings if x.rule == "dropped-table"]
    assert found.locations[0].column == column


MYSQL = b"CREATE TABLE `a` (`id` int unsigned NOT NULL AUTO_INCREMENT) ENGINE=InnoDB;\n"
TSQL = b"CREATE TABLE [dbo].[a] ([id] int IDENTITY(1,1), n nvarchar(max));\nGO\n"


@pytest.mark.parametrize(("data", "whose"), [(MYSQL, "MySQL"), (TSQL, "SQL Server")])
def test_the_sql_of_another_database_is_one_finding_that_says_so(data: bytes, whose: str) -> None:
    (found,) = judged(data * 200).findings
    assert (found.rule, found.locations[0].line) == (WRONG, 1)
    assert f"SQL of {whose}" in found.message


def test_many_syntax_errors_are_told_one_by_one_up_to_a_number_and_then_together() -> None:
    data = b"CREATE TABEL a;\n" * 50 + DROP
    found = told(data)
    assert found == [*((WRONG, str(line)) for line in range(1, 22)), ("dropped-table", "51")]
    last = [x.message for x in judged(data).findings if x.rule == WRONG][-1]
    assert last == "and 30 more syntax errors in this file, from here on"


def test_one_statement_longer_than_is_parsed_here_is_parsed_in_a_child() -> None:
    long = b"INSERT INTO t VALUES ('" + b"x" * SAFE_LENGTH + b"');\n"
    assert told(long + DROP) == [("dropped-table", "2")]


@pytest.mark.parametrize("size", [1_000, 20_000])
def test_each_statement_of_a_file_of_many_ranges_is_judged(size: int) -> None:
    data = b"SELECT 1;\n" * size + DROP
    assert told(data) == [("dropped-table", str(size + 1))]
    assert judged(data).statements == size + 1


def test_a_syntax_error_in_a_file_of_many_ranges_leaves_the_rest_judged() -> None:
    data = b"SELECT 1;\n" * 20_000 + b"CREATE TABEL a;\n" + b"SELECT 1;\n" * 20_000 + DROP
    assert told(data) == [(WRONG, "20001"), ("dropped-table", "40002")]


def test_a_body_of_begin_atomic_stays_whole_in_a_file_of_many_ranges() -> None:
    made = b"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;\n"
    assert told(made * 5_000 + DROP) == [("dropped-table", "5001")]


def test_allowances_by_the_thousand_speak_of_the_next_statement() -> None:
    allowed = b"-- cdkit: allow dropped-table (nobody uses it)\n" * 20_000
    (found,) = [x for x in judged(allowed + DROP).findings if x.rule == "dropped-table"]
    assert found.suppressed
    assert found.suppressed.source == "0002.sql:1"


def test_functions_that_call_functions_are_read_a_bounded_number_of_times() -> None:
    bodies: list[str] = []
    dialect = engines()["postgres"].dialect()

    def routine(called: Routine, statement: Statement) -> Iterable[object]:
        bodies.append(called.body)
        assert dialect.routine
        return dialect.routine(called, statement)

    reader = Reader(server_of("postgres"), structs.replace(dialect, routine=routine), NoProcesses())
    sql = "CREATE FUNCTION f0() RETURNS int LANGUAGE sql AS 'SELECT 1';\n"
    for number in range(1, 6):
        calls = "+".join([f"f{number - 1}()", f"f{number - 1}(1)"])
        twenty = "; ".join([f"SELECT {calls}"] * 20)
        sql += f"CREATE FUNCTION f{number}() RETURNS int LANGUAGE sql AS '{twenty}';\n"
    sql += "SELECT f5();\n"
    schema = Schema("public")
    text = Text("m.sql", sql.encode())
    for statement in reader.read(text, text.data).statements:
        for operation in reader.operations(statement, schema):
            if isinstance(operation, CreateObject):
                apply(schema, operation)
    assert schema.thing(Name("", "f5"))
    assert 100 < len(bodies) <= 500


def answer(folder: Path, *paths: str) -> tuple[Answer, list[str]]:
    outcome = run(LintMigrationsOptions(paths=paths, records="none"), world(folder))
    reasons = [f"{x.where}: {x.what}" for x in outcome.verdict.reasons]
    return outcome.verdict.answer, reasons


@pytest.mark.skipif(os.name != "posix", reason="pipes and links are POSIX's here")
def test_a_pipe_that_is_called_sql_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "1.sql")
    found, reasons = answer(tmp_path, "1.sql")
    assert found is Answer.CANNOT_TELL
    assert reasons == ["1.sql: is not a regular file"]


@pytest.mark.skipif(os.name != "posix", reason="pipes and links are POSIX's here")
def test_links_in_a_circle_end(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "1.sql").write_bytes(DROP)
    (folder / "again").symlink_to(folder)
    (folder / "2.sql").symlink_to("2.sql")
    found, reasons = answer(tmp_path, "migrations")
    assert found is not Answer.YES
    assert any("drops" in reason for reason in reasons)


def test_a_file_larger_than_any_migration_is_cannot_tell(tmp_path: Path) -> None:
    with (tmp_path / "1.sql").open("wb") as stream:
        stream.truncate(100 * 1024 * 1024)
    found, reasons = answer(tmp_path, "1.sql")
    assert found is Answer.CANNOT_TELL
    assert reasons == ["1.sql: is larger than 64 MiB"]
