"""What writes a table by the place of its columns, and is known: a trigger or routine of MySQL."""

from __future__ import annotations

import pytest

from cdkit.core.finding import Severity
from tests.migrations.judging import judged

ADDED = "ALTER TABLE log ADD COLUMN b int;"


def severity(before: str, change: str = "") -> Severity:
    text = f"-- server mariadb:10.11\nCREATE TABLE log (a int);\n{before}\n-- released\n"
    found = judged(f"{text}{change}{ADDED}").findings
    (one,) = [each for each in found if each.rule == "changed-column-count"]
    return one.severity


@pytest.mark.parametrize(
    "body",
    [
        "INSERT INTO log VALUES (1)",
        "INSERT IGNORE log VALUES (1)",
        "REPLACE INTO `log` SELECT 1",
        "BEGIN INSERT INTO shop.log VALUE (1); END",
    ],
)
def test_a_routine_that_names_no_columns_fails_for_sure(body: str) -> None:
    assert severity(f"CREATE PROCEDURE p() {body};") is Severity.HIGH


@pytest.mark.parametrize(
    "body", ["INSERT INTO log (a) VALUES (1)", "INSERT INTO logs VALUES (1)", "SELECT a FROM log"]
)
def test_one_that_names_them_tells_nothing_of_the_application(body: str) -> None:
    assert severity(f"CREATE PROCEDURE p() {body};") is Severity.LOW


def test_one_that_the_change_makes_again_is_not_held_against_it() -> None:
    mended = "CREATE OR REPLACE PROCEDURE p() INSERT INTO log (a) VALUES (1);\n"
    before = "CREATE PROCEDURE p() INSERT INTO log VALUES (1);"
    assert severity(before, mended) is Severity.LOW
