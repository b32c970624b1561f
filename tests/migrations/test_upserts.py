"""What a new key does to writes that take the row which is in the way."""

from __future__ import annotations

import pytest

from cdkit.core.finding import Severity
from tests.migrations.judging import judged

MYSQL = "-- server mysql:8.0\nCREATE TABLE o (a int PRIMARY KEY, b int);\n"
SQLITE = "-- server sqlite:3.40\nCREATE TABLE o (a int PRIMARY KEY, b int);\n"
POSTGRES = "-- server postgres:16\nCREATE TABLE o (a int PRIMARY KEY, b int);\n"
ADDED = "-- released\nCREATE UNIQUE INDEX i ON o (b);"


@pytest.mark.parametrize(
    ("before", "code", "said"),
    [
        (MYSQL, "", "REPLACE or ON DUPLICATE KEY UPDATE of it changes another row in silence"),
        (SQLITE, "", "INSERT OR REPLACE of it changes another row in silence"),
        (
            MYSQL,
            "CREATE PROCEDURE p() INSERT INTO `o` (a) VALUES (1) ON DUPLICATE KEY UPDATE b = 2;\n",
            "that of the procedure p changes another row in silence",
        ),
        (
            SQLITE,
            "CREATE TRIGGER t AFTER INSERT ON x BEGIN REPLACE INTO o VALUES (1, 2); END;\n",
            "that of the trigger t changes another row in silence",
        ),
        (
            MYSQL,
            "CREATE PROCEDURE p() REPLACE INTO other (a, o) VALUES (1, 2);\n",
            "ON DUPLICATE KEY UPDATE of it changes another row in silence",
        ),
    ],
)
def test_a_new_key_is_said_to_change_rows_in_silence(before: str, code: str, said: str) -> None:
    text = f"{before}{code}{ADDED}"
    (found,) = (x for x in judged(text).findings if x.rule == "constraint-on-existing-table")
    assert said in found.message


def test_nothing_of_the_kind_is_said_of_postgresql_or_of_a_check() -> None:
    for text in (POSTGRES + ADDED, MYSQL + "-- released\nALTER TABLE o ADD CHECK (b > 0);"):
        (found,) = (x for x in judged(text).findings if x.rule == "constraint-on-existing-table")
        assert "in silence" not in found.message


def test_rows_that_are_replaced_take_along_those_that_refer_to_them() -> None:
    child = "CREATE TABLE c (o int, FOREIGN KEY (o) REFERENCES o (a) ON DELETE CASCADE);\n"
    (found,) = judged(f"{MYSQL}{child}-- released\nREPLACE INTO o (a, b) VALUES (1, 2);").findings
    assert (found.rule, found.severity) == ("changed-rows", Severity.MEDIUM)
    assert "and those of c that refer to them" in found.message


def test_an_update_behind_many_rows_is_read_too() -> None:
    rows = ", ".join(f"({number}, 'on duplicate key')" for number in range(3000))
    upsert = "ON DUPLICATE KEY UPDATE b = VALUES(b)"
    text = f"{MYSQL}-- released\nINSERT INTO o (a, b) VALUES {rows} {upsert};"
    (found,) = judged(text).findings
    assert "overwrites b in some rows of o" in found.message
