"""A view that a new column changes, asked of the SQLite that Python has."""

from __future__ import annotations

import sqlite3

import pytest

from cdkit.core.finding import Severity
from tests.migrations.judging import judged

SCHEMA = """
CREATE TABLE c (i INTEGER, email TEXT);
CREATE TABLE o (i INTEGER, n INTEGER);
CREATE TABLE more (email TEXT);
INSERT INTO c VALUES (1, 'x');
INSERT INTO o VALUES (1, 2);
"""
ADDED = "ALTER TABLE o ADD COLUMN email TEXT"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT n, email FROM o JOIN c ON o.i = c.i",
        'SELECT n, "email" AS e FROM o, c',
        "SELECT n, c.i FROM o NATURAL JOIN c",
        "SELECT n, c.email FROM o JOIN c ON o.i = c.i",
        "SELECT n, c.email AS email FROM o JOIN c USING (i)",
        "SELECT n FROM o JOIN c USING (i)",
    ],
)
def test_a_view_is_said_to_change_where_it_does(query: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(f"{SCHEMA}CREATE VIEW v AS {query};")
    before = connection.execute("SELECT * FROM v").fetchall()
    connection.execute(ADDED)
    try:
        after = connection.execute("SELECT * FROM v").fetchall()
    except sqlite3.OperationalError:
        after = []
    connection.close()
    text = f"-- server sqlite:3.40\n{SCHEMA}CREATE VIEW v AS {query};\n-- released\n{ADDED};\n"
    found = judged(text).findings
    said = {each.severity for each in found if each.rule == "ambiguous-column"}
    assert (said == {Severity.HIGH}) == (before != after)
