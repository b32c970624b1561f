"""Every rule's own examples, and what every rule must have."""

from __future__ import annotations

import re

import msgspec
import pytest

from cdkit.core.finding import Severity
from cdkit.core.rule import Example
from cdkit.migrations.catalogue import described, rules
from cdkit.migrations.tell import UNTOLD
from tests.migrations.judging import judged, places

PASSIVE = {
    "checksum-mismatch", "contract-with-code", "early-contract", "duplicate-version",
    "edited-migration", "forked-history",
    "misnamed-migration", "misplaced-marker", "missing-migration", "mixed-migration",
    "out-of-order-version", "unlisted-migration", "waiting-on-own-lock",
}  # fmt: skip
"""Rules about files, not statements: the tests of the change show them."""

BAD = [(name, example) for name, rule in rules().items() for example in rule.bad]
GOOD = [(name, example) for name, rule in rules().items() for example in rule.good]


def _id(value: object) -> str:
    return value if isinstance(value, str) else re.sub(r"\s+", " ", getattr(value, "text", ""))[:60]


@pytest.mark.parametrize(("name", "example"), BAD, ids=_id)
def test_a_bad_example_is_found_at_its_line(name: str, example: Example) -> None:
    assert (name, example.line) in places(judged(example.text, enabled=[name]).findings)


@pytest.mark.parametrize(("name", "example"), GOOD, ids=_id)
def test_a_good_example_is_left_alone(name: str, example: Example) -> None:
    assert name not in {rule for rule, _ in places(judged(example.text, enabled=[name]).findings)}


@pytest.mark.parametrize("server", ["sqlite:3", "mysql:8.0", "mariadb:10.11"])
@pytest.mark.parametrize(("name", "example"), BAD, ids=_id)
def test_what_is_found_in_any_dialect_can_be_written_down(
    name: str, example: Example, server: str
) -> None:
    found = judged(example.text, enabled=[name], server=server)
    written = msgspec.json.encode((found.findings, found.locks, found.phase))
    assert len(msgspec.json.decode(written)[0]) == len(found.findings)


@pytest.mark.parametrize("name", sorted(rules()))
def test_a_rule_has_examples_of_both_kinds(name: str) -> None:
    rule = rules()[name]
    assert name in PASSIVE or (rule.bad and rule.good)


@pytest.mark.parametrize("rule", described(), ids=lambda rule: rule.id)
def test_a_rule_says_why_and_what_instead(rule: object) -> None:
    title, why, instead = (getattr(rule, field) for field in ("title", "why", "instead"))
    assert title.endswith(".")
    assert len(title) <= 100
    assert instead
    assert why or "\n" not in title


def _carries(name: str, example: Example) -> bool:
    """Whether each finding of a rule has SQL that can be pasted, or edits that make it so."""
    found = [x.fix for x in judged(example.text, enabled=[name]).findings if x.rule == name]
    return all(fix and (fix.replacement or fix.edits) for fix in found)


@pytest.mark.parametrize("name", sorted(rules()))
def test_each_finding_carries_the_safe_way_as_sql_or_its_rule_says_why_not(name: str) -> None:
    rule = rules()[name]
    carries = bool(rule.bad) and all(_carries(name, example) for example in rule.bad)
    assert carries == (rule.by_hand == "")


@pytest.mark.parametrize("name", sorted(rules()))
def test_a_rule_without_an_answer_has_no_severity(name: str) -> None:
    rule = rules()[name]
    assert (rule.severity is Severity.UNKNOWN) == (name in UNTOLD) == (rule.question == "")


@pytest.mark.parametrize("name", sorted(set(rules()) - UNTOLD))
def test_a_rule_answers_one_question_only(name: str) -> None:
    other = {"compatible": "safe-to-run", "safe-to-run": "compatible"}[rules()[name].question]
    for example in rules()[name].bad if rules()[name].on else ():
        found = {
            rule
            for rule, _ in places(judged(example.text, question=other, enabled=[name]).findings)
        }
        assert name not in found


HARMLESS = {
    "a nullable column": "ALTER TABLE orders ADD COLUMN note text;",
    "a column with a constant default": "ALTER TABLE o ADD COLUMN n int NOT NULL DEFAULT 0;",
    "a column made now": "ALTER TABLE o ADD COLUMN t timestamptz DEFAULT now() NOT NULL;",
    "a new table and everything on it": (
        "CREATE TABLE o (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, p bigint "
        "REFERENCES p (id) ON DELETE CASCADE);\nCREATE UNIQUE INDEX i ON o (p);\n"
        "ALTER TABLE o ADD CHECK (p > 0), ALTER p SET NOT NULL;\n"
        "CREATE TRIGGER t BEFORE INSERT ON o FOR EACH ROW EXECUTE FUNCTION f();\n"
        "ALTER TABLE o ENABLE ROW LEVEL SECURITY;\nINSERT INTO o DEFAULT VALUES;"
    ),
    "an index built concurrently": "CREATE INDEX CONCURRENTLY i ON orders (note);",
    "a comment": "COMMENT ON COLUMN orders.note IS 'for the courier';",
    "a grant": "GRANT SELECT ON orders TO reports;",
    "a validation": "ALTER TABLE orders VALIDATE CONSTRAINT c;",
    "an enum value": "ALTER TYPE state ADD VALUE IF NOT EXISTS 'paid';",
    "a view": "CREATE VIEW v AS SELECT 1 AS a;",
    "a backfill": "UPDATE orders SET note = '' WHERE note IS NULL;",
    "rows": "INSERT INTO states (name) VALUES ('paid') ON CONFLICT DO NOTHING;",
    "a statistic": "CREATE STATISTICS s ON a, b FROM orders;",
    "a storage parameter": "ALTER TABLE orders SET (fillfactor = 90);",
    "a dropped foreign key": (
        "CREATE TABLE o (p int CONSTRAINT fk REFERENCES p (id));\n-- released\n"
        "ALTER TABLE o DROP CONSTRAINT fk;"
    ),
    "a new partition": "CREATE TABLE e_2027 PARTITION OF e FOR VALUES IN (2027);",
    "a guarded enum": (
        "DO $$ BEGIN\n  CREATE TYPE state AS ENUM ('open');\n"
        "EXCEPTION WHEN duplicate_object THEN NULL;\nEND $$;"
    ),
    "a procedure that nobody calls yet": (
        "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DROP TABLE a'; END $$;"
    ),
}


@pytest.mark.parametrize("sql", HARMLESS.values(), ids=HARMLESS)
def test_what_breaks_nobody_is_no_failure(sql: str) -> None:
    severe = [x for x in judged(sql).findings if x.severity.rank >= Severity.MEDIUM.rank]
    unread = [x for x in judged(sql).findings if x.rule in UNTOLD]
    assert not severe
    assert not unread
