"""What is made again in the change under judgement is no news to those who run."""

from __future__ import annotations

from cdkit.core.finding import Severity
from tests.migrations.judging import judged

BASE = """CREATE TABLE o (a int NOT NULL, b text);
CREATE VIEW v AS SELECT a FROM o;
GRANT SELECT ON v TO app;
-- released
"""


def found(change: str, *, in_transaction: bool | None = True) -> set[str]:
    """Return the rules that would fail the default threshold, with their lines."""
    judgement = judged(BASE + change, question="compatible", in_transaction=in_transaction)
    return {
        f"{each.rule}:{each.locations[0].line}"
        for each in judgement.findings
        if each.severity.rank >= 2
    }


MADE_AGAIN = "DROP VIEW v;\nCREATE VIEW v AS SELECT a FROM o;\nGRANT SELECT ON v TO app;\n"


def test_a_view_that_is_made_again_is_no_loss_within_one_transaction() -> None:
    assert found(MADE_AGAIN) == set()


def test_a_view_that_is_made_again_is_a_loss_between_two_transactions() -> None:
    assert found(MADE_AGAIN, in_transaction=False) == {"dropped-object:5"}


def test_a_view_that_is_made_again_and_dropped_after_all_is_a_loss() -> None:
    lost = f"BEGIN;\n{MADE_AGAIN}COMMIT;\nDROP VIEW v;\n"
    assert found(lost, in_transaction=False) == {"dropped-object:10"}


def test_a_column_that_takes_the_name_of_an_old_one_is_not_new() -> None:
    swap = (
        "ALTER TABLE o ADD COLUMN n varchar(9);\nALTER TABLE o DROP COLUMN b;\n"
        "ALTER TABLE o RENAME COLUMN n TO b;\nALTER TABLE o ALTER b SET NOT NULL;\n"
    )
    assert "not-null-added:8" in found(swap)


def test_two_columns_that_change_names_hold_each_other_s_values() -> None:
    base = "CREATE TABLE p (a int, c int);\n-- released\n"
    swap = (
        "ALTER TABLE p RENAME a TO t;\nALTER TABLE p RENAME c TO a;\nALTER TABLE p RENAME t TO c;\n"
    )
    judgement = judged(base + swap, question="compatible", in_transaction=True)
    lines = [x.locations[0].line for x in judgement.findings if x.rule == "renamed-column"]
    assert lines == [3, 4]


def test_a_column_that_gets_its_name_back_is_no_loss() -> None:
    back = "ALTER TABLE o RENAME a TO t;\nALTER TABLE o RENAME t TO a;\n"
    assert found(back) == set()


def test_what_is_made_again_on_mysql_was_gone_for_everybody() -> None:
    base = "-- server mysql:8.0\nCREATE TABLE o (id int PRIMARY KEY, a int);\n-- released\n"
    change = "ALTER TABLE o RENAME COLUMN a TO t;\nALTER TABLE o RENAME COLUMN t TO a;\n"
    judgement = judged(base + change, question="compatible", in_transaction=True)
    assert ("renamed-column", 4) in [(x.rule, x.locations[0].line) for x in judgement.findings]


def test_a_renamed_table_whose_view_may_be_read_by_no_one_is_a_loss() -> None:
    base = "GRANT SELECT ON o TO app;\n-- released\n"
    change = "ALTER TABLE o RENAME TO p;\nCREATE VIEW o AS SELECT * FROM p;\n"
    assert "renamed-table:7" in found(base + change)
    assert "renamed-table:7" not in found(base + change + "GRANT SELECT ON o TO app;\n")


def test_an_own_transaction_ends_where_it_says() -> None:
    change = "BEGIN;\nDROP VIEW v;\nCOMMIT;\nCREATE VIEW v AS SELECT a FROM o;\n"
    assert "dropped-object:6" in found(change, in_transaction=None)


def test_a_key_that_only_new_rows_offend_against_is_said_below_the_threshold() -> None:
    change = "ALTER TABLE o ADD COLUMN c int;\nALTER TABLE o ADD UNIQUE (a, c);\n"
    found = judged(BASE + change, question="compatible").findings
    keys = [each for each in found if each.rule == "constraint-on-existing-table"]
    assert [(each.locations[0].line, each.severity) for each in keys] == [(6, Severity.LOW)]
    assert keys[0].message == (
        "puts a unique constraint on o: what a running version updates may be refused, in rows "
        "that the new version filled"
    )
