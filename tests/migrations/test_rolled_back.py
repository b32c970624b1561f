"""What a file rolls back itself: nobody sees it, and what comes later finds it undone."""

from __future__ import annotations

import pytest

from tests.migrations.judging import RELEASED, judged, places

THERE = "CREATE TABLE o (id bigint PRIMARY KEY, a int, b text);\nCREATE SEQUENCE s;\n" + RELEASED
FIRST = THERE.count("\n") + 1


def breaks(text: str, *, server: str = "postgres", wrapped: bool | None = None) -> list[int]:
    """Return the lines of a change after `THERE` that break a running version."""
    found = judged(
        THERE + text, server=server, question="compatible", in_transaction=wrapped
    ).findings
    return sorted({line - FIRST + 1 for _, line in places(found)})


@pytest.mark.parametrize("server", ["postgres", "sqlite"])
@pytest.mark.parametrize(
    "text",
    [
        "BEGIN;\nDROP TABLE o;\nROLLBACK;",
        "BEGIN;\nALTER TABLE o RENAME TO p;\nDROP TABLE p;\nROLLBACK;",
        "BEGIN;\nSAVEPOINT x;\nDROP TABLE o;\nROLLBACK TO SAVEPOINT x;\nCOMMIT;",
        "BEGIN;\nSAVEPOINT x;\nSAVEPOINT y;\nDROP TABLE o;\nROLLBACK TO x;\nCOMMIT;",
        "BEGIN;\nSAVEPOINT x;\nDROP TABLE o;\nRELEASE x;\nROLLBACK;",
        "BEGIN;\nALTER TABLE o ADD c int;\nSAVEPOINT x;\nDROP TABLE o;\nROLLBACK TO x;\nROLLBACK;",
    ],
)
def test_what_a_file_rolls_back_breaks_nobody(text: str, server: str) -> None:
    assert breaks(text, server=server) == []


@pytest.mark.parametrize("server", ["postgres", "sqlite"])
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("DROP TABLE o;\nROLLBACK;", 1),
        ("BEGIN;\nDROP TABLE o;\nCOMMIT;\nROLLBACK;", 2),
        ("DROP TABLE o;\nBEGIN;\nROLLBACK;", 1),
        ("BEGIN;\nROLLBACK;\nDROP TABLE o;", 3),
        ("BEGIN;\nDROP TABLE o;\nSAVEPOINT x;\nROLLBACK TO x;\nCOMMIT;", 2),
        ("BEGIN;\nSAVEPOINT x;\nROLLBACK TO x;\nDROP TABLE o;\nCOMMIT;", 4),
        ("BEGIN;\nSAVEPOINT x;\nDROP TABLE o;\nRELEASE x;\nCOMMIT;", 3),
        ("BEGIN;\nSAVEPOINT x;\nDROP TABLE o;\nSAVEPOINT y;\nROLLBACK TO y;\nCOMMIT;", 3),
        ("BEGIN;\nDROP TABLE o;\nROLLBACK;\nDROP TABLE o;", 4),
    ],
)
def test_what_is_not_rolled_back_for_sure_breaks(text: str, line: int, server: str) -> None:
    assert breaks(text, server=server) == [line]


def test_a_rollback_ends_the_transaction_of_the_tool() -> None:
    text = "DROP TABLE o;\nROLLBACK;\nALTER TABLE o DROP COLUMN a;"
    assert breaks(text, wrapped=True) == [3]
    assert breaks(text, wrapped=False)[0] == 1


def test_mysql_commits_each_change_of_the_schema_by_itself() -> None:
    text = THERE.replace("CREATE SEQUENCE s;\n", "") + "BEGIN;\nDROP TABLE o;\nROLLBACK;"
    found = judged(text, server="mysql:8.0", question="compatible").findings
    assert ("dropped-table", FIRST) in places(found)


def test_what_was_rolled_back_is_there_for_what_comes_later() -> None:
    assert breaks("BEGIN;\nDROP TABLE o;\nROLLBACK;\nALTER TABLE o DROP COLUMN a;") == [4]
    made = "BEGIN;\nCREATE TABLE n (a int);\nROLLBACK;\nALTER TABLE n DROP COLUMN a;"
    assert breaks(made) == [4], "the table is not the one that was made and undone"
    released = "BEGIN;\nALTER TABLE o RENAME TO n;\nROLLBACK;\n" + RELEASED
    found = judged(THERE + released + "ALTER TABLE o DROP COLUMN a;", question="compatible")
    assert ("dropped-column", FIRST + 4) in places(found.findings)


def test_a_transaction_counts_without_what_a_savepoint_takes_back() -> None:
    """The column is not made again: only a part that is undone does so."""
    text = (
        "BEGIN;\nALTER TABLE o RENAME a TO z;\nSAVEPOINT x;\nALTER TABLE o RENAME z TO a;\n"
        "ROLLBACK TO x;\nCOMMIT;"
    )
    assert breaks(text) == [2]


def test_a_sequence_that_setval_moved_stays_where_it_is() -> None:
    assert breaks("BEGIN;\nSELECT setval('s', 1, false);\nROLLBACK;") == [2]
    assert breaks("BEGIN;\nALTER SEQUENCE s RESTART WITH 1;\nROLLBACK;") == []


def test_what_is_rolled_back_blocks_all_the_same() -> None:
    text = THERE + "BEGIN;\nCREATE INDEX i ON o (b);\nROLLBACK;"
    found = judged(text)
    assert ("blocking-index", FIRST + 1) in places(found.findings)
    assert found.locks == ("SHARE on o",)
    assert found.notes[0].startswith(f"0002.sql: lines {FIRST} to {FIRST + 2} are rolled back")


def test_a_timeout_that_was_rolled_back_is_none() -> None:
    text = "BEGIN;\nSET lock_timeout = '2s';\nROLLBACK;\nALTER TABLE o ADD c int;"
    found = judged(THERE + text, disabled=("changed-result-type",)).findings
    assert ("missing-lock-timeout", FIRST + 3) in places(found)


def test_a_savepoint_that_nobody_knows_cannot_be_told() -> None:
    text = "BEGIN;\nDROP TABLE o;\nROLLBACK TO x;\nCOMMIT;"
    for server in ("postgres", "sqlite"):
        found = judged(THERE + text, server=server, question="compatible").findings
        assert ("unread-code", FIRST + 2) in places(found)


def test_a_part_that_cannot_be_read_may_end_the_transaction() -> None:
    text = "BEGIN;\nDROP TABLE o;\n\\i more.sql\nROLLBACK;"
    assert 2 in breaks(text)


def test_a_savepoint_of_sqlite_is_a_transaction_where_there_is_none() -> None:
    assert breaks("SAVEPOINT x;\nDROP TABLE o;\nROLLBACK;", server="sqlite") == []
    text = "SAVEPOINT x;\nDROP TABLE o;\nRELEASE x;\nROLLBACK;"
    assert breaks(text, server="sqlite") == [2]
    assert breaks("SAVEPOINT x;\nDROP TABLE o;\nROLLBACK TO x;") != [], "PostgreSQL refuses it"
