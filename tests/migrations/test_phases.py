"""Phases: what is inferred, what a contract excuses, what no phase excuses."""

from __future__ import annotations

import pytest

from cdkit.core.finding import Finding, Location, Severity
from cdkit.migrations.lint import Judged
from tests.migrations.judging import judged, places

TABLE = "CREATE TABLE orders (id bigint PRIMARY KEY, note text, old text);\n-- released\n"
CONTRACT = "-- cdkit: phase contract since v1.4: orders.note (unused)\n"
DROP = "SET lock_timeout = '2s';\nALTER TABLE orders DROP COLUMN note;\n"
FELT = ("changed-result-type", 5)
"""What connections that are open across the migration feel of `DROP`, whatever the phase."""


def by_rule(found: Judged, rule: str) -> Finding:
    (finding,) = (each for each in found.findings if each.rule == rule)
    return finding


PHASES = {
    "ALTER TABLE orders ADD COLUMN a int;": "expand",
    "CREATE TABLE t (a int); INSERT INTO t VALUES (1); DROP TABLE t;": "expand",
    "CREATE INDEX CONCURRENTLY i ON orders (note);": "expand",
    "ALTER TABLE orders ALTER id DROP NOT NULL;": "expand",
    "ALTER TABLE orders ALTER note TYPE varchar;": "expand",
    "CREATE VIEW v AS SELECT 1;": "expand",
    "UPDATE orders SET old = note WHERE old IS NULL;": "migrate",
    "UPDATE orders SET old = note;": "migrate",
    "DELETE FROM orders WHERE id < 9;": "contract",
    "ALTER TABLE orders DROP COLUMN note;": "contract",
    "DROP TABLE orders;": "contract",
    "ALTER TABLE orders RENAME TO purchases;": "contract",
    "ALTER TABLE orders ALTER note SET NOT NULL;": "contract",
    "ALTER TABLE orders ALTER note TYPE varchar(9);": "contract",
    "ALTER TABLE orders ADD CHECK (note <> '');": "contract",
    "ALTER TABLE orders ADD a int, DROP note;": "mixed: expand, contract",
    "ALTER TABLE orders ADD a int; UPDATE orders SET a = 1 WHERE id = 1;": "mixed: expand, migrate",
    "ALTER TABLE orders ADD a int; ALTER TABLE orders DROP a;": "expand",
    "DROP INDEX CONCURRENTLY i;": "none",
    "SELECT 1;": "none",
}


@pytest.mark.parametrize("sql", PHASES)
def test_a_phase_is_inferred_from_what_the_operations_do(sql: str) -> None:
    assert judged(TABLE + sql).phase == PHASES[sql]


def test_a_contract_excuses_the_break_that_it_names_and_says_so() -> None:
    found = judged(TABLE + CONTRACT + DROP)
    assert places(found.findings) == [FELT]
    excused = by_rule(found, "dropped-column").suppressed
    assert excused
    assert (excused.reason, excused.source) == ("contract since v1.4: unused", "0002.sql:3")
    assert found.phase == "contract since v1.4 (declared)"


def test_what_a_contract_rests_on_is_kept() -> None:
    contract = judged(TABLE + CONTRACT + DROP).contract
    assert contract
    assert (contract.release, contract.commit, contract.objects, contract.reason) == (
        "v1.4", "4" * 40, ("orders.note",), "unused",
    )  # fmt: skip
    assert contract.where == Location(path="0002.sql", line=3)


@pytest.mark.parametrize(
    ("declaration", "rules", "why"),
    [
        ("contract", ["contract-without-release"], "names no release that stopped using"),
        ("contract since v9.9", ["unknown-release"], "git knows no revision"),
        ("contract since v2.0", ["early-contract"], "it is no part of what runs"),
        ("contract since v1.4: orders.old", [], "names orders.old, and not orders.note"),
        ("contract since v1.4 or so", ["unclear-phase"], ""),
    ],
)
def test_a_contract_without_its_evidence_excuses_nothing(
    declaration: str, rules: list[str], why: str
) -> None:
    found = judged(f"{TABLE}-- cdkit: phase {declaration}\n{DROP}")
    assert places(found.findings) == [
        *((rule, 3) for rule in rules), FELT, ("dropped-column", 5),
    ]  # fmt: skip
    assert why in by_rule(found, "dropped-column").message
    assert found.contract is None


UNEXCUSED = {
    "what is unsafe to run": ("CREATE INDEX i ON orders (note);", "blocking-index"),
    "a lock that waits": ("ALTER TABLE orders DROP COLUMN note;", "missing-lock-timeout"),
    "a new column that must not be null": (
        "ALTER TABLE orders ADD COLUMN a int NOT NULL;", "required-column",
    ),
    "what nobody can read": ("SELECT tidy_up();", "unread-code"),
    "what nobody can parse": ("ALTER TABLE orders DROP COLUM a;", "syntax-error"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNEXCUSED)
def test_no_phase_excuses(case: str) -> None:
    sql, rule = UNEXCUSED[case]
    found = judged(f"{TABLE}-- cdkit: phase contract since v1.4\n{sql}")
    assert by_rule(found, rule).suppressed is None


def test_an_allowance_counts_before_the_contract_and_is_no_condition() -> None:
    found = judged(f"{TABLE}{CONTRACT}-- cdkit: allow dropped-column (looked at)\n"
                   "ALTER TABLE orders DROP COLUMN note;")  # fmt: skip
    suppressed = by_rule(found, "dropped-column").suppressed
    assert suppressed
    assert suppressed.reason == "looked at"
    assert found.contract is None


def test_what_the_change_itself_made_needs_no_contract() -> None:
    found = judged(TABLE + "ALTER TABLE orders ADD COLUMN a int;\nALTER TABLE orders DROP a;")
    assert {each.rule for each in found.findings} == {"changed-result-type", "missing-lock-timeout"}


def test_a_contract_that_names_too_much_is_told() -> None:
    said = "-- cdkit: phase contract since v1.4: orders.note, orders.gone\n"
    note = "0002.sql:3: nothing here needs a contract about orders.gone"
    assert judged(TABLE + said + DROP).notes == (note,)


def test_a_contract_that_nothing_needs_is_told() -> None:
    found = judged(f"{TABLE}{CONTRACT}DROP INDEX CONCURRENTLY i;")
    assert found.notes == ("0002.sql:3: nothing here needs a contract",)
    assert found.contract is None


def test_a_contract_that_adds_is_mixed() -> None:
    found = judged(f"{TABLE}{CONTRACT}ALTER TABLE orders ADD COLUMN a int;")
    assert ("mixed-phases", 4) in places(found.findings)
    assert found.phase == "contract since v1.4 (declared, does expand)"


def test_rows_written_beside_a_change_of_the_schema_are_for_information() -> None:
    found = judged(TABLE + "ALTER TABLE orders ADD a int;\nUPDATE orders SET a = 1 WHERE id = 1;")
    assert by_rule(found, "mixed-phases").severity is Severity.INFO


def test_a_declared_expand_that_breaks_stays_a_break() -> None:
    found = judged(f"{TABLE}-- cdkit: phase expand\n{DROP}")
    assert places(found.findings) == [FELT, ("contradicted-phase", 5), ("dropped-column", 5)]


def test_a_phase_is_asked_for_with_the_question_of_compatibility_only() -> None:
    found = judged(f"{TABLE}-- cdkit: phase expand\n{DROP}", question="safe-to-run")
    assert places(found.findings) == []
