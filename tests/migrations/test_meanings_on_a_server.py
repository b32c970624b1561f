"""What is said of things that change what old queries mean or find, held on a real server."""

from __future__ import annotations

import re

import psycopg
import pytest

from cdkit.core.finding import Severity
from tests.migrations.judging import judged
from tests.migrations.test_made_anew_on_a_server import Change, answer

pytestmark = pytest.mark.needs("postgres")

BASE = """
CREATE TYPE mood AS ENUM ('calm', 'glad');
CREATE TABLE rows (id int PRIMARY KEY, line text, code varchar, mood mood, share float8);
INSERT INTO rows VALUES (1, 'b', 'x', 'calm', 1), (2, 'A', 'y', 'glad', 2);
CREATE FUNCTION label(mood) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''mood''';
CREATE FUNCTION join_(int, text) RETURNS text LANGUAGE sql AS 'SELECT ''joined''';
CREATE FUNCTION same(text, int) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION like_(varchar, varchar) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION short(rows) RETURNS text LANGUAGE sql AS 'SELECT left($1.line, 1)';
CREATE FUNCTION larger(varchar, varchar) RETURNS varchar LANGUAGE sql AS 'SELECT NULL::varchar';
CREATE FUNCTION near(int, float8) RETURNS bool LANGUAGE sql AS 'SELECT false';
"""
CAST = "CREATE CAST ({} AS {}) WITH {};"
OPERATOR = "CREATE OPERATOR {} (LEFTARG = {}, RIGHTARG = {}, FUNCTION = {});"
ASKED = "SELECT {} FROM rows"
FUNCTION = "CREATE FUNCTION {} RETURNS text LANGUAGE sql AS 'SELECT NULL::text';"
NUMBERED = "SELECT id || line FROM rows"
CALM = "SELECT count(*) FROM rows WHERE mood = 'calm'"
CHANGES = [
    Change("number to text", CAST.format("int", "text", "INOUT AS IMPLICIT"), NUMBERED, same=False),
    Change(
        "number to text on assignment",
        CAST.format("int", "text", "INOUT AS ASSIGNMENT"),
        NUMBERED,
        same=True,
    ),
    Change("enum to text", CAST.format("mood", "text", "INOUT AS IMPLICIT"),
           "SELECT max(mood) FROM rows", same=False),
    Change("enum to number", CAST.format("mood", "int", "INOUT AS IMPLICIT"),
           "SELECT mood = mood FROM rows", same=False),
    Change("text to enum", CAST.format("varchar", "mood", "INOUT AS IMPLICIT"), CALM, same=True),
    Change("enum to text, asked for", CAST.format("mood", "text", "FUNCTION label(mood)"),
           "SELECT mood::text FROM rows", same=False),
    Change("enum to text, asked for, by text", CAST.format("mood", "text", "INOUT"),
           "SELECT mood::text FROM rows", same=True),
    Change("cast of a new type",
           f"CREATE TYPE n AS ENUM ('a'); {CAST.format('n', 'text', 'INOUT AS IMPLICIT')}",
           NUMBERED, same=True),
    Change("number and text", OPERATOR.format("||", "int", "text", "join_"), NUMBERED, same=False),
    Change("text is number", OPERATOR.format("=", "text", "int", "same"),
           "SELECT line = 'b' FROM rows ORDER BY id", same=True),
    Change("like of names", OPERATOR.format("~~", "varchar", "varchar", "like_"),
           "SELECT count(*) FROM rows WHERE code LIKE 'x%'", same=False),
    Change("number is share", OPERATOR.format("=", "int", "float8", "near"),
           "SELECT count(*) FROM rows WHERE id = share", same=False),
    *(
        Change(f"{made} for {asked}", FUNCTION.format(made), ASKED.format(asked), same=same)
        for made, asked, same in [
            ("lower(varchar)", "lower(code)", False),
            ("lower(text)", "lower(code)", True),
            ("lower(int)", "lower(code), lower('B')", True),
            ("round(float8, int)", "round(id, 2)", False),
            ("round(int, int, int)", "round(id, 2), round(1.5, 1)", True),
            ("concat(text, text)", "concat(line, line)", False),
            ("concat(VARIADIC text[])", "concat(line, line)", False),
            ("lower(VARIADIC text[])", "lower(line)", True),
            ("age(date)", "age(date '2020-01-01')", False),
            ("abs(text)", "abs('-4')", False),
            ("near(int)", "near(id, share)", True),
            ("label(text)", "label('calm')", False),
        ]
    ),
    Change("max of names",
           "CREATE AGGREGATE max(varchar) (SFUNC = larger, STYPE = varchar);",
           "SELECT max(code) FROM rows", same=False),
    Change("a column in a function's place", "ALTER TABLE rows ADD COLUMN short text;",
           "SELECT rows.short FROM rows", same=False),
    Change("a column in no function's place", "ALTER TABLE rows ADD COLUMN label text;",
           "SELECT label('calm'), rows.short FROM rows", same=True),
    Change("an operator of a new name", OPERATOR.format("<=~=>", "int", "float8", "near"),
           "SELECT count(*) FROM rows WHERE id = share", same=True),
]  # fmt: skip


ROLES = """
CREATE ROLE shop_reader LOGIN;
GRANT SELECT ON rows TO shop_reader;
CREATE SCHEMA first; GRANT USAGE ON SCHEMA first TO shop_reader;
"""
ITS_OWN = "CREATE SCHEMA shop_reader AUTHORIZATION shop_reader;"
PATH = "ALTER ROLE shop_reader SET search_path = {}, public;"
USER = '"$user", first'
FIRST = PATH.format("first")
LABEL = "CREATE FUNCTION first.label({}) RETURNS text LANGUAGE sql AS 'SELECT ''first''';"
COUNTED = "SELECT count(*) FROM rows"
LABELLED = "SELECT label('calm'::mood)"
HIDDEN = [
    ("", f"{ITS_OWN} CREATE TABLE shop_reader.rows (id int);", COUNTED, False),
    ("", "CREATE SCHEMA AUTHORIZATION shop_reader; CREATE TABLE shop_reader.rows (id int);",
     COUNTED, False),
    ("", f"{ITS_OWN} CREATE TABLE shop_reader.others (id int);", COUNTED, True),
    ("", "CREATE TABLE first.rows (id int);", COUNTED, True),
    (FIRST, "CREATE TABLE first.rows (id int);", COUNTED, False),
    (FIRST, LABEL.format("mood"), LABELLED, False),
    (FIRST, LABEL.format("int"), LABELLED, True),
    (FIRST, "CREATE TYPE first.mood AS ENUM ('glad');", "SELECT 'calm'::mood", False),
    (f"{PATH.format(USER)} {ITS_OWN}", "CREATE TABLE shop_reader.rows (id int);",
     COUNTED, False),
]  # fmt: skip
OPEN = """GRANT SELECT ON ALL TABLES IN SCHEMA first TO shop_reader;
DO $$ BEGIN GRANT SELECT ON ALL TABLES IN SCHEMA shop_reader TO shop_reader;
EXCEPTION WHEN undefined_object OR invalid_schema_name THEN NULL; END $$;"""


@pytest.mark.parametrize(("before", "change", "asked", "same"), HIDDEN)
def test_what_stands_first_on_a_path_hides_what_stands_behind(
    postgres: str, before: str, change: str, asked: str, *, same: bool
) -> None:
    base = f"{BASE}{ROLES}{before}"
    reader = re.sub(r"user=\S+", "user=shop_reader", postgres)
    with psycopg.connect(postgres, autocommit=True) as connection:
        try:
            connection.execute(base.encode())
            with psycopg.connect(reader) as old:
                answers = [answer(old, asked)]
            connection.execute(f"{change}{OPEN}".encode())
            with psycopg.connect(reader) as old:
                answers.append(answer(old, asked))
        finally:
            connection.execute("DROP OWNED BY shop_reader CASCADE; DROP ROLE shop_reader")
    assert (answers[0] == answers[1]) == same
    found = judged(f"{base}-- released\n{change}", question="compatible").findings
    assert bool([x for x in found if x.rule == "shadowing-table"]) != same


WRITER = "CREATE ROLE shop_reader LOGIN; GRANT SELECT, INSERT ON rows TO shop_reader;"
LATER = """CREATE TABLE kinds (id int PRIMARY KEY);
ALTER TABLE rows ADD COLUMN kind int REFERENCES kinds;
ALTER TABLE rows ALTER kind SET DEFAULT 7; {}"""
MADE = """CREATE FUNCTION code_of() RETURNS text LANGUAGE sql AS 'SELECT 1';
REVOKE EXECUTE ON FUNCTION code_of() FROM PUBLIC;
ALTER TABLE rows ADD COLUMN made text DEFAULT code_of(); {}"""
WRITTEN = "INSERT INTO rows (id) VALUES (9)"
EACH = """REVOKE ALL ON rows FROM shop_reader;
GRANT SELECT (id, line, code, mood, share) ON rows TO shop_reader;"""
READING = [
    (EACH, "ALTER TABLE rows ADD COLUMN kind int;", "SELECT * FROM rows", False),
    (EACH, "ALTER TABLE rows ADD COLUMN kind int; GRANT SELECT (kind) ON rows TO shop_reader;",
     "SELECT id FROM rows", True),
    ("", "ALTER TABLE rows ADD COLUMN kind int;", "SELECT id FROM rows", True),
]  # fmt: skip


@pytest.mark.parametrize(("before", "change", "asked", "same"), READING)
def test_who_may_read_each_column_may_read_the_next(
    postgres: str, before: str, change: str, asked: str, *, same: bool
) -> None:
    base = f"{BASE}{WRITER}{before}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        try:
            connection.execute(f"{base}{change}".encode())
            with psycopg.connect(re.sub(r"user=\S+", "user=shop_reader", postgres)) as old:
                assert isinstance(answer(old, asked), str) != same
        finally:
            connection.execute("DROP OWNED BY shop_reader CASCADE; DROP ROLE shop_reader")
    found = judged(f"{base}\n-- released\n{change}", question="compatible").findings
    assert bool([x for x in found if x.rule == "ungranted-column"]) != same


RIGHT = """CREATE FUNCTION fits(int) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS
'BEGIN RETURN true; END'; REVOKE EXECUTE ON FUNCTION fits(int) FROM PUBLIC; {}"""
GIVEN = f"{RIGHT} GRANT EXECUTE ON FUNCTION fits TO shop_reader;"
FIRED = """CREATE FUNCTION done() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
REVOKE EXECUTE ON FUNCTION done() FROM PUBLIC;
CREATE TRIGGER after_all AFTER INSERT ON rows FOR EACH ROW WHEN ({}) EXECUTE FUNCTION done();"""
PER_ROW = [
    "CREATE INDEX ON rows (fits(id));",
    "CREATE INDEX ON rows (id) WHERE fits(id);",
    "ALTER TABLE rows ADD COLUMN made bool GENERATED ALWAYS AS (fits(id)) STORED;",
    FIRED.format("fits(NEW.id)"),
]
LEADING = [
    *((RIGHT.format(each), WRITTEN, False) for each in PER_ROW),
    *((GIVEN.format(each), WRITTEN, True) for each in PER_ROW),
    (FIRED.format("NEW.id > 0"), WRITTEN, True),
    (LATER.format(""), WRITTEN, False),
    (LATER.format("INSERT INTO kinds VALUES (7);"), WRITTEN, True),
    (MADE.format(""), WRITTEN, False),
    (MADE.format("GRANT EXECUTE ON FUNCTION code_of() TO shop_reader;"), WRITTEN, True),
]


@pytest.mark.parametrize(("change", "asked", "same"), LEADING)
def test_what_a_default_leads_to_or_calls_is_there_for_who_writes(
    postgres: str, change: str, asked: str, *, same: bool
) -> None:
    base = f"{BASE}{WRITER}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        try:
            connection.execute(f"{base}{change}".encode())
            with psycopg.connect(re.sub(r"user=\S+", "user=shop_reader", postgres)) as old:
                assert (answer(old, asked) == 1) == same
        finally:
            connection.execute("DROP OWNED BY shop_reader CASCADE; DROP ROLE shop_reader")
    found = judged(f"{base}\n-- released\n{change}", question="compatible").findings
    assert bool([x for x in found if x.severity.rank >= Severity.MEDIUM.rank]) != same


@pytest.mark.parametrize("case", CHANGES, ids=lambda case: case.name)
def test_what_is_flagged_is_what_others_see(postgres: str, case: Change) -> None:
    with psycopg.connect(postgres) as connection:
        connection.execute(BASE.encode())
        connection.commit()
        before = answer(connection, case.asked)
        connection.execute(case.change.encode())
        connection.commit()
        assert (answer(connection, case.asked) == before) == case.same
    text = f"{BASE}-- released\n{case.change}"
    found = judged(text, question="compatible").findings
    assert bool([x for x in found if x.severity.rank >= Severity.MEDIUM.rank]) != case.same
