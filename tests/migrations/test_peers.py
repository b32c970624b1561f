"""Coming from other linters: ours for each of their rules, or why none; some by example."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.migrations.catalogue import rules
from cdkit.migrations.peer import Peer, Row, peers, rows_of
from tests.migrations.judging import judged

ROWS = [(name, row) for name, peer in peers().items() for row in peer.rows]
TASTES = [name for name, rule in rules().items() if rule.opinion]
SQUAWK = peers()["squawk"]
LINES = SQUAWK.schema.count("\n") + 1
EXAMPLES = Path(__file__).parents[1] / "cases/migrations-flagged-elsewhere.sql"
SCHEMA, *FLAGGED = EXAMPLES.read_text().partition("-- schema\n")[2].split("-- flagged ")
NO_SQL = {"unused-ignore"}
"""Names of squawk's that are about its own comments."""


def _id(value: object) -> str:
    return value.name if isinstance(value, Row) else str(value)


@pytest.mark.parametrize(("name", "row"), ROWS, ids=_id)
def test_what_answers_a_rule_of_theirs_is_a_rule_of_ours(name: str, row: Row) -> None:
    assert name in peers()
    assert set(row.ours) <= set(rules())


@pytest.mark.parametrize(("name", "row"), ROWS, ids=_id)
def test_a_rule_without_ours_says_why(name: str, row: Row) -> None:
    assert row.ours or row.note.endswith("."), name


@pytest.mark.parametrize("peer", peers().values(), ids=lambda peer: peer.title)
def test_a_rule_of_theirs_is_named_once(peer: Peer) -> None:
    names = [row.name for row in peer.rows]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("row", [x for x in peers()["atlas"].rows if x.sql], ids=_id)
def test_what_atlas_flags_on_mysql_is_found_by_the_rule_that_is_named(row: Row) -> None:
    assert row.ours[0] in {each.rule for each in judged(row.sql).findings}


@pytest.mark.parametrize("row", [x for x in SQUAWK.rows if x.name not in NO_SQL], ids=_id)
def test_what_squawk_flags_is_found_by_the_rule_that_is_named(row: Row) -> None:
    found = judged(f"{SQUAWK.schema}\n-- released\n{row.sql}", enabled=TASTES).findings
    lines = {(each.rule, each.locations[0].line - LINES) for each in found}
    (first, *_) = row.ours or ("",)
    if first:
        assert first in {rule for rule, line in lines if line > 0}
    else:
        assert not {x.rule for x in found if x.rule not in {*TASTES, "missing-lock-timeout"}}


@pytest.mark.parametrize("flagged", FLAGGED, ids=lambda text: text.partition("\n")[0])
def test_what_another_linter_flags_is_found_by_the_rule_that_is_named(flagged: str) -> None:
    name, _, sql = flagged.partition("\n")
    ((_, row),) = ((peer, row) for peer, row in ROWS if f"{peer}:{row.name}" == name)
    text = sql if sql.startswith("-- server") else f"{SCHEMA}-- released\n{sql}"
    assert row.ours[0] in {each.rule for each in judged(text, enabled=TASTES).findings}


def test_a_rule_of_theirs_is_found_by_its_name() -> None:
    found = rows_of("squawk:ban-drop-column")
    assert found
    assert found[0].ours == ("dropped-column",)
    assert rows_of("strong_migrations:remove_column") == rows_of("strong-migrations:remove_column")


def test_a_linter_that_nobody_knows_has_no_rows() -> None:
    assert rows_of("nobody:rule") is None
    assert rows_of("dropped-column") is None


def test_a_rule_that_they_do_not_have_gives_no_row() -> None:
    assert rows_of("squawk:ban-nothing") == ()
