"""Splitting a file as the mysql client does, and what of it cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdkit.migrations.mysql.parser import parse
from cdkit.migrations.mysql.read import operations
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.server import server_of
from cdkit.migrations.text import Text


def read(sql: str | bytes, server: str = "mysql:8.0") -> Parsed:
    data = sql if isinstance(sql, bytes) else sql.encode()
    return parse(Text("m.sql", data), data, server_of(server))


def sources(sql: str, server: str = "mysql:8.0") -> list[str]:
    parsed = read(sql, server)
    assert not parsed.troubles
    return [" ".join(each.node.decode().split()) for each in parsed.statements]


IN_BLOCK = (
    "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN IF NEW.a THEN SET NEW.b = IF(1, 2, 3); "
    "END IF; SET NEW.c = CASE WHEN 1 THEN 2 END; END"
)
BARE = "CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW SET @a = 1"


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT ';'; SELECT `;`", ["SELECT ';'", "SELECT `;`"]),
        ('SELECT "a\\";"; SELECT 2', ['SELECT "a\\";"', "SELECT 2"]),
        ("SELECT 1; # ; x\nSELECT 2 -- ;\n;/* ; */", ["SELECT 1", "SELECT 2"]),
        ("SELECT 1--2;", ["SELECT 1--2"]),
        ("DELIMITER //\nSELECT 1; SELECT 2//\n", ["SELECT 1; SELECT 2"]),
        ("DELIMITER //\nSELECT 1//\ndelimiter ;\nSELECT 3;", ["SELECT 1", "SELECT 3"]),
        ("DELIMITER $$\nBEGIN; END$$\nSELECT 1$$", ["BEGIN; END", "SELECT 1"]),
        ("SELECT 'DELIMITER //';\nSELECT 1;", ["SELECT 'DELIMITER //'", "SELECT 1"]),
        (";;SELECT 1;;", ["SELECT 1"]),
        (f"{IN_BLOCK}; SELECT 1", [IN_BLOCK, "SELECT 1"]),
        (f"{BARE}; SELECT 1", [BARE, "SELECT 1"]),
    ],
)
def test_a_file_is_split_where_its_delimiter_stands(sql: str, found: list[str]) -> None:
    assert sources(sql) == found


@pytest.mark.parametrize(
    ("comment", "mysql5", "mysql8", "mariadb"),
    [
        ("/*! SELECT 1 */", True, True, True),
        ("/*!50700 SELECT 1 */", True, True, False),
        ("/*!80016 SELECT 1 */", False, True, False),
        ("/*!40101 SELECT 1 */", True, True, True),
        ("/*!100500 SELECT 1 */", False, False, True),
        ("/*M!100600 SELECT 1 */", False, False, True),
        ("/*M!110000 SELECT 1 */", False, False, False),
        ("/* SELECT 1 */", False, False, False),
    ],
)
def test_a_version_comment_runs_where_the_server_is_meant(
    comment: str, *, mysql5: bool, mysql8: bool, mariadb: bool
) -> None:
    ran = [bool(sources(comment, x)) for x in ("mysql:5.7", "mysql:8.0", "mariadb:10.11")]
    assert ran == [mysql5, mysql8, mariadb]


@pytest.mark.parametrize(
    ("sql", "rule", "offset", "left"),
    [
        ("DROP TABLE a;\nSELECT 'b;\nDROP TABLE c;", "syntax-error", 21, 1),
        ("DROP TABLE a;\n/* b;\nDROP TABLE c;", "syntax-error", 14, 0),
        (f"SELECT 1; {BARE[:-11]} BEGIN SET @a = 1; DROP TABLE b;", "syntax-error", 10, 1),
        ("SELECT 1;\nsource other.sql;", "unread-command", 10, 1),
        ("\\. other.sql", "unread-command", 0, 0),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_where_it_begins(
    sql: str, rule: str, offset: int, left: int
) -> None:
    parsed = read(sql)
    assert [(each.rule, each.offset) for each in parsed.troubles] == [(rule, offset)]
    assert len(parsed.statements) == left


@pytest.mark.parametrize("data", [b"SELECT '\xe9'", b"SELECT 1;\0", "SELECT 1".encode("utf-16")])
def test_bytes_that_are_no_text_are_no_sql(data: bytes) -> None:
    assert [each.rule for each in read(data).troubles] == ["unreadable-file"]


def test_a_byte_order_mark_and_other_line_ends_are_nothing() -> None:
    parsed = read(b"\xef\xbb\xbfDROP TABLE a;\r\nDROP TABLE b;\r\n")
    assert [each.place().line for each in parsed.statements] == [1, 2]
    assert [each.start for each in parsed.statements] == [3, 18]


WORDS = """
    ALTER TABLE ADD DROP COLUMN a `b` 'c' ( ) , ; int NOT NULL DEFAULT 1 CREATE TRIGGER BEGIN END IF
    CASE MODIFY INSERT INTO VALUES SELECT FROM WHERE = . /* */ -- # DELIMITER // ' " ` /*! SET @a
    PARTITION BY RENAME TO KEY UNIQUE INDEX CONSTRAINT CHECK FOREIGN REFERENCES UPDATE DELETE LOCK
"""


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*WORDS.split(), "\n"]), max_size=40).map(" ".join))
def test_whatever_stands_in_a_file_each_piece_is_read_or_told(sql: str) -> None:
    parsed = read(sql)
    position = -1
    for statement in parsed.statements:
        assert position < statement.start < statement.end <= len(sql)
        position = statement.end - 1
        assert operations(statement)
