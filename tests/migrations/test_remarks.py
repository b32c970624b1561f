"""Words of ours: those in comments are heard, the others are values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.migrations.remarks import WORD, heard
from cdkit.migrations.server import engines
from cdkit.migrations.text import Text
from tests.migrations.judging import judged, places

SAID = "cdkit: allow dropped-table (why)"


def is_heard(text: str, path: str = "1.sql", engine: str = "postgres") -> list[bool]:
    """Return of each word of ours whether it is heard; all else stays as it is."""
    data = text.encode()
    after = heard(Text(path, data), engines()[engine].dialect()).data
    assert len(after) == len(data)
    assert after.replace(b" ", b"").replace(b"cdkit:", b"") == data.replace(b" ", b"").replace(
        b"cdkit:", b""
    )
    starts = [at for at in range(len(data)) if data.startswith(WORD, at)]
    return [after.startswith(WORD, at) for at in starts]


@pytest.mark.parametrize("engine", ["postgres", "mysql", "mariadb", "sqlite"])
@pytest.mark.parametrize(
    ("text", "heard_"),
    [
        (f"-- {SAID}", [True]),
        (f"SELECT 1; -- why -- {SAID}\r\n", [True]),
        (f"/* one\n-- {SAID}\n*/ SELECT '-- {SAID}';", [True, False]),
        (f"VALUES ('it''s\n-- {SAID}\n');\n-- {SAID}", [False, True]),
        (f"SELECT 'a' AS \"-- {SAID}\" -- {SAID}", [False, True]),
        (f"-- it's\nSELECT 1; -- {SAID}", [True]),
        (f"SELECT 4 / 2 - 1; -- {SAID}", [True]),
        (f"SELECT '-- {SAID}", [False]),
    ],
)
def test_a_word_counts_in_a_comment_and_not_in_a_string(
    text: str, heard_: list[bool], engine: str
) -> None:
    assert is_heard(text, engine=engine) == heard_


@pytest.mark.parametrize(
    ("text", "heard_"),
    [
        (f"SELECT $q$\n-- {SAID}\n$q$; -- {SAID}", [False, True]),
        (f"VALUES ($$\n-- {SAID}\n$$, a$b$); -- {SAID}", [False, True]),
        (f"DO $$ BEGIN\n-- {SAID}\nEXECUTE $q$\n-- {SAID}\n$q$; END $$", [True, False]),
        (f"DO LANGUAGE plpgsql $$ BEGIN -- don't\n-- {SAID}\nEND $$; -- {SAID}", [True, True]),
        (f"CREATE FUNCTION f() RETURNS int AS $f$\n-- {SAID}\n$f$ LANGUAGE sql;", [True]),
        (f"CREATE FUNCTION f() RETURNS int AS '\n-- {SAID}\n' LANGUAGE sql;", [True]),
        (f"SELECT E'\\'\n-- {SAID}\n'; -- {SAID}", [False, True]),
        (f"SELECT '\\'; -- {SAID}", [True]),
        (f"SELECT type'\\'; -- {SAID}", [True]),
        (f"/* a /* b */\n-- {SAID}\n*/ SELECT '-- {SAID}'", [True, False]),
        (f"COPY a FROM stdin;\nit's\n-- {SAID}\n\\.\n-- {SAID}", [False, True]),
    ],
)
def test_postgres_has_quotes_and_comments_of_its_own(text: str, heard_: list[bool]) -> None:
    assert is_heard(text) == heard_


def test_mysql_has_quotes_and_comments_of_its_own() -> None:
    assert is_heard(f"SELECT 'it\\'s -- {SAID}'; # {SAID}", engine="mysql") == [False, True]
    assert is_heard(f"SELECT `'`; -- {SAID}", engine="mysql") == [True]
    assert is_heard(f"DELIMITER $$\nSELECT 1$$\n-- {SAID}\n$$", engine="mysql") == [True]


def test_sqlite_has_quotes_of_its_own() -> None:
    assert is_heard(f"SELECT [it's]; -- {SAID}", engine="sqlite") == [True]
    assert is_heard(f"SELECT [-- {SAID}]", engine="sqlite") == [False]


@pytest.mark.parametrize(
    ("text", "heard_"),
    [
        (f"a = 1  # {SAID}", [True]),
        (f'op.execute("""it\'s "\n# {SAID}\n""")  # {SAID}', [False, True]),
        (f"a = r'\\'# {SAID}'  # {SAID}", [False, True]),
        (f"a = '''\n# {SAID}\n'''\n# don't\n# {SAID}", [False, True]),
    ],
)
def test_in_python_a_word_counts_in_a_comment(text: str, heard_: list[bool]) -> None:
    assert is_heard(text, "1.py") == heard_


@pytest.mark.parametrize(
    ("text", "heard_"),
    [
        (f"<a b=\"it's\">don't</a><!-- {SAID} -->", [True]),
        (f"<a><![CDATA[<!-- {SAID} -->]]></a><!-- {SAID} -->", [False, True]),
        (f'<a b="<!-- {SAID} -->"/>', [False]),
        (f"<!-- it's -->\n<!-- {SAID} -->", [True]),
    ],
)
def test_in_xml_a_word_counts_in_a_comment(text: str, heard_: list[bool]) -> None:
    assert is_heard(text, "1.xml") == heard_


@pytest.mark.parametrize(
    ("text", "heard_"),
    [
        (f"ä: 'ü # {SAID}'  # {SAID}", [False, True]),
        (f"a:\n  sql: |\n    # {SAID}\n    b\n  # {SAID}\n  c: 1", [False, True]),
        (f"# {SAID}\na: [b, c] # {SAID}", [True, True]),
        (f"a: [ # {SAID}", [False]),
    ],
)
def test_in_yaml_a_word_counts_in_a_comment(text: str, heard_: list[bool]) -> None:
    assert is_heard(text, "1.yaml") == heard_


def test_json_has_no_comments_so_that_a_word_counts_anywhere() -> None:
    assert is_heard(f'{{"sql": "-- {SAID}"}}', "1.json") == [True]


PIECES = ["'", '"', "`", "$$", "$q$", "--", "#", "/*", "*/", "\\", "\n", " DO ", "E", SAID, "["]


@given(
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
    st.sampled_from(["1.sql", "1.py", "1.xml", "1.yml"]),
    st.sampled_from(["postgres", "mysql", "sqlite"]),
)
def test_whatever_stands_there_only_words_are_made_blank(text: str, path: str, engine: str) -> None:
    is_heard(text, path, engine)


TABLES = "CREATE TABLE a (id int); CREATE TABLE notes (text text);\n-- released\n"
NOTES = "INSERT INTO notes (text) VALUES ({}\n{}\n{});{}DROP TABLE a;\n"


@pytest.mark.parametrize(
    ("text", "server"),
    [
        (NOTES.format("$q$", f"-- {SAID}", "$q$", " "), "postgres"),
        (NOTES.format("'", f"-- {SAID}", "'", " "), "mysql"),
        (NOTES.format("'", f"-- {SAID}", "'", " "), "sqlite"),
        (NOTES.format("'", "-- cdkit: phase contract since v1.4", "'", "\n"), "postgres"),
    ],
)
def test_nothing_in_a_string_excuses_a_break(text: str, server: str) -> None:
    found = judged(TABLES + text, server=server, question="compatible")
    assert "dropped-table" in [rule for rule, _ in places(found.findings)]
