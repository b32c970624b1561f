"""Ways back that leave what was there: without a word of it, or under another name."""

from __future__ import annotations

import pytest

from cdkit.core.finding import Severity
from tests.migrations.test_back import back

RETYPED = (
    "ALTER TYPE state RENAME TO old;\nCREATE TYPE state AS ENUM ('a');\n"
    "ALTER TABLE unknown ALTER c TYPE state USING c::text::state;\nDROP TYPE old;"
)
NAMED = (
    "CREATE TABLE orders (note text, total int CONSTRAINT few CHECK (total < 9));\n"
    "CREATE INDEX by_note ON orders (note);\n-- released\n"
)
SERIAL = "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int);\n-- released\n"


@pytest.mark.parametrize(
    ("up", "down"),
    [
        (
            "ALTER TABLE t DROP id;\nALTER TABLE t ADD id text PRIMARY KEY;",
            "ALTER TABLE t DROP id, ADD id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY;",
        ),
        (
            "DROP TABLE unknown;",
            "CREATE TABLE unknown (id serial PRIMARY KEY, a int);\nCREATE INDEX i ON unknown (a);",
        ),
        ("ALTER TYPE state ADD VALUE 'x';", RETYPED),
    ],
)
def test_what_was_there_without_a_word_of_it_is_not_left_over(up: str, down: str) -> None:
    found = back(up, down, history=SERIAL)
    assert "dishonest-down" not in {each.rule for each in found.findings}


def test_a_name_that_a_framework_makes_anew_counts_less() -> None:
    up = "ALTER TABLE orders DROP CONSTRAINT few;\nDROP INDEX by_note;"
    down = (
        "ALTER TABLE orders ADD CONSTRAINT orders_total_1a2b3c4d_check CHECK (total < 9);\n"
        "CREATE INDEX orders_note_5e6f7a8b ON orders (note);"
    )
    for more, severity in (
        ("", Severity.LOW),
        ("ALTER TABLE orders ADD a int;\n", Severity.MEDIUM),
    ):
        found = back(more + up, down, history=NAMED).findings
        (finding,) = (each for each in found if each.rule == "dishonest-down")
        assert finding.severity is severity


@pytest.mark.parametrize(
    ("up", "down", "said"),
    [
        (
            "DROP INDEX by_note;",
            "CREATE INDEX note_by ON orders (note);",
            "the name of index by_note is note_by, and was by_note",
        ),
        (
            "DROP INDEX by_note;",
            "CREATE UNIQUE INDEX note_by ON orders (note);",
            "the index by_note is missing; the index note_by is left over",
        ),
        (
            "ALTER TABLE orders DROP CONSTRAINT few;",
            "ALTER TABLE orders ADD CONSTRAINT less CHECK (total < 9);",
            "the name of constraint few of orders is less, and was few",
        ),
    ],
)
def test_what_only_has_another_name_is_told_as_that(up: str, down: str, said: str) -> None:
    found = back(up, down, history=NAMED).findings
    (finding,) = (each for each in found if each.rule == "dishonest-down")
    assert finding.message == f"does not undo the migration: {said}"
    assert finding.severity is Severity.MEDIUM
