"""A large file that two processes walk through: what they find is what one finds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cdkit.migrations.catalogue import rules
from cdkit.migrations.reader import LARGE

ROOT = Path(__file__).resolve().parents[2]
RELEASED = """\
CREATE TABLE orders (id bigint PRIMARY KEY, note text, total int);
CREATE TYPE mood AS ENUM ('good');
CREATE FUNCTION wiped() RETURNS void LANGUAGE sql AS 'DELETE FROM orders';
-- released
"""
PIECE = f"SELECT '{'x' * 60_000}';\n"
"""A line that says nothing, 18 of which are a large file."""
ONE = RELEASED.count("\n") + 1
"""The line of what comes first."""

forked = pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")


def two(first: str, second: str, *arguments: str) -> tuple[bool, bool, dict[int, set[str]]]:
    """Return whether both find the same, whether two came to the end, and the rules by text.

    The second text stands in what the parent judges.
    """
    text = f"{RELEASED}{first}\n{PIECE * 14}{second}\n{PIECE * 6}"
    assert len(text) > LARGE
    said = arguments or ("None",)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.migrations.judged_abreast", *said],
        input=text.encode(),
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    alike, heard, found = json.loads(done.stdout)
    lines: dict[int, set[str]] = {1: set(), 2: set()}
    for rule, line in found:
        lines[1 if line == ONE else 2 if line == ONE + 15 else line].add(rule)
    return alike, heard, lines


@forked
@pytest.mark.parametrize("wrapped", ["None", "True", "False"])
def test_what_the_first_part_makes_is_new_to_the_second(wrapped: str) -> None:
    made = "CREATE TABLE made (id int);"
    alike, heard, lines = two(made, "CREATE INDEX i ON made (id);", wrapped)
    assert (alike, heard) == (True, True)
    assert "blocking-index" not in lines[2]
    alike, heard, lines = two(made, "CREATE INDEX i ON orders (total);", wrapped)
    assert (alike, heard) == (True, True)
    assert "blocking-index" in lines[2]


@forked
def test_what_is_said_once_a_file_is_said_in_the_part_where_it_is_first() -> None:
    changed = "ALTER TABLE orders ADD COLUMN a int;", "ALTER TABLE orders ADD COLUMN b int;"
    alike, heard, lines = two(*changed)
    assert (alike, heard) == (True, True)
    assert "missing-lock-timeout" in lines[1]
    assert "missing-lock-timeout" not in lines[2]
    assert "missing-lock-timeout" in two("SELECT 1;", changed[1])[2][2]


@forked
def test_what_the_first_part_sets_holds_in_the_second() -> None:
    changed = "ALTER TABLE orders ADD COLUMN b int;"
    alike, heard, lines = two("SET lock_timeout = '2s';", changed)
    assert (alike, heard) == (True, True)
    assert "missing-lock-timeout" not in lines[2]


@forked
def test_what_the_second_part_calls_the_first_part_may_have_made() -> None:
    made = (
        "CREATE FUNCTION gone() RETURNS void LANGUAGE sql AS 'ALTER TABLE orders DROP COLUMN note';"
    )
    alike, heard, lines = two(made, "SELECT gone();")
    assert (alike, heard) == (True, True)
    assert "dropped-column" in lines[2]


@forked
def test_what_the_rest_of_a_transaction_may_take_back_one_process_judges() -> None:
    alike, heard, lines = two("ALTER TABLE orders DROP COLUMN total;", "SELECT 1;")
    assert (alike, heard) == (True, False)
    assert "dropped-column" in lines[1]
    back = "ALTER TABLE orders RENAME total TO t;", "ALTER TABLE orders RENAME t TO total;"
    alike, heard, lines = two(*back, "True")
    assert (alike, heard) == (True, False)
    assert "renamed-column" not in lines[1] | lines[2]


@forked
def test_a_transaction_that_the_second_part_ends_is_one_for_sure() -> None:
    used = "ALTER TYPE mood ADD VALUE 'bad'; UPDATE orders SET note = 'bad' WHERE id < 9;"
    alike, _, lines = two(used, "COMMIT;")
    assert alike
    assert "unusable-enum-value" in lines[1]


@forked
def test_what_was_judged_by_another_session_does_not_count() -> None:
    changed = "ALTER TABLE orders ADD COLUMN a int;", "ALTER TABLE orders ADD COLUMN b int;"
    alike, heard, lines = two(*changed, "None", "forgetful")
    assert (alike, heard) == (True, True)
    assert "missing-lock-timeout" in lines[1]
    assert "missing-lock-timeout" not in lines[2]


@forked
@pytest.mark.parametrize("broken", [("SELECT 1;", "CREATE TABEL a;"), ("SELEC 1;", "SELECT 1;")])
def test_what_the_grammar_refuses_in_either_part_is_found(broken: tuple[str, str]) -> None:
    alike, _, lines = two(*broken)
    assert alike
    assert "syntax-error" in lines[1] | lines[2]


WRITES = re.compile(r"session\.\w+(?: = |\.(?:add|update|setdefault|clear)\()")


@pytest.mark.parametrize("rule_id", sorted(rules()))
def test_a_rule_that_writes_into_the_session_says_so(rule_id: str) -> None:
    path = ROOT / f"cdkit/migrations/rules/{rule_id.replace('-', '_')}.py"
    assert rules()[rule_id].remembers is bool(WRITES.search(path.read_text()))
