"""What each tool makes of the word that says whether it makes a transaction, spelt well or not.

Written from the sources of the tools, which the modules of `cdkit/migrations/sources/` name.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.steps.lint_migrations import LintMigrationsOptions, run
from tests.migrations.test_cases import shown
from tests.worlds import world

INDEX = "CREATE INDEX CONCURRENTLY i ON orders (a);\n"
RULES = ("misplaced-marker", "concurrently-in-transaction")
MARK, IN_ONE = RULES

ATLAS = {"m/atlas.sum": ""}
CRATE = {"Cargo.toml": '[dependencies]\nsqlx = "0.8"\n'}
FLYWAY = {"flyway.conf": "flyway.locations=filesystem:sql\n"}
LIQUIBASE = "--liquibase formatted sql\n--changeset a:1 runInTransaction:{}\n" + INDEX
DOWN = "-- migrate:down\nDROP INDEX CONCURRENTLY i;\n"

CASES: list[tuple[dict[str, str], str, str, list[str]]] = [
    (ATLAS, "m/1.sql", f"-- atlas:txmode none\n\n{INDEX}", []),
    (ATLAS, "m/1.sql", f"-- atlas:txmode file\n\n{INDEX}", [f"3 {IN_ONE}"]),
    (ATLAS, "m/1.sql", f"-- atlas:txmode nonee\n\n{INDEX}", [f"1 {MARK}"]),
    (ATLAS, "m/1.sql", f"-- atlas:txmode all\n\n{INDEX}", [f"1 {MARK}"]),
    (ATLAS, "m/1.sql", f"-- atlas:txmode none\n-- atlas:txmode none\n\n{INDEX}", [f"1 {MARK}"]),
    (ATLAS, "m/1.sql", f"-- atlas:txmode none\n{INDEX}", [f"1 {MARK}", f"2 {IN_ONE}"]),
    ({}, "m/1_a.sql", f"-- migrate:up transaction:false\n{INDEX}{DOWN}", []),
    ({}, "m/1_a.sql", f"-- migrate:up transaction:no\n{INDEX}{DOWN}",
     [f"1 {MARK}", f"2 {IN_ONE}"]),
    ({}, "m/1_a.sql", f"-- migrate:up transaction:true\n{INDEX}{DOWN}", [f"2 {IN_ONE}"]),
    ({}, "m/1.sql", f"-- +migrate Up notransaction\n{INDEX}-- +migrate Down\n", []),
    ({}, "m/1.sql", f"-- +migrate Up no-transaction\n{INDEX}-- +migrate Down\n",
     [f"1 {MARK}", f"2 {IN_ONE}"]),
    ({}, "m/001_a.sql", f"---- tern: disable-tx ----\n{INDEX}", []),
    ({}, "m/001_a.sql", f"--- tern: disable-tx ---\n{INDEX}---- create above / drop below ----\n",
     [f"1 {MARK}", f"2 {IN_ONE}"]),
    ({}, "m/001_a.sql", f"---- tern: disable-tx ---- \n{INDEX}---- create above / drop below ----",
     [f"1 {MARK}", f"2 {IN_ONE}"]),
    (CRATE, "migrations/1_a.sql", f"-- no-transaction\n{INDEX}", []),
    (CRATE, "migrations/1_a.sql", f"\n-- no-transaction\n{INDEX}", [f"2 {MARK}", f"3 {IN_ONE}"]),
    (CRATE, "migrations/1_a.sql", f"--no-transaction\n{INDEX}", [f"1 {MARK}", f"2 {IN_ONE}"]),
    ({"diesel.toml": "", "migrations/1_a/metadata.toml": "run_in_transaction = true\n"},
     "migrations/1_a/up.sql", INDEX, [f"1 {IN_ONE}"]),
    ({"diesel.toml": "", "migrations/1_a/metadata.toml": "note = 1\n"},
     "migrations/1_a/up.sql", INDEX, []),
    (FLYWAY | {"sql/V1__a.sql.conf": "executeInTransaction=false"}, "sql/V1__a.sql", INDEX, []),
    (FLYWAY | {"sql/V1__a.sql.conf": "executeInTransaction=no"}, "sql/V1__a.sql", INDEX,
     [f"0 {MARK}"]),
]  # fmt: skip


XML = """<databaseChangeLog><changeSet id="1" author="a" runInTransaction="{}">
<sql>CREATE INDEX CONCURRENTLY i ON orders (a)</sql></changeSet></databaseChangeLog>"""
UNSURE = [
    ({}, "changelog.sql", LIQUIBASE.format("maybe"), "a changeset says 'runintransaction:maybe'"),
    ({}, "changelog.sql", LIQUIBASE.format("yes"), "a changeset says 'runintransaction:yes'"),
    ({}, "changelog.xml", XML.format("no"), "a changeset says 'runInTransaction:no'"),
    ({"diesel.toml": "", "migrations/1_a/metadata.toml": "run_in_transaction = 'no'\n"},
     "migrations/1_a/up.sql", INDEX, "metadata.toml says 'no' for run_in_transaction"),
    ({"flyway.conf": "flyway.locations=filesystem:sql\nflyway.executeInTransaction=no"},
     "sql/V1__a.sql", INDEX, "flyway.conf says 'no' for executeInTransaction"),
    ({"flyway.conf": "flyway.locations=filesystem:sql\nflyway.outOfOrder=on"},
     "sql/V1__a.sql", INDEX, "flyway.conf says 'on' for outOfOrder"),
]  # fmt: skip


@pytest.mark.parametrize(("beside", "path", "text", "expected"), UNSURE)
def test_a_word_that_leaves_it_open_lets_nobody_tell(
    tmp_path: Path, beside: dict[str, str], path: str, text: str, expected: str
) -> None:
    answer, _, reasons = found(tmp_path, {**beside, path: text})
    assert answer != "yes"
    assert [each for each in reasons if expected in each]


@pytest.mark.parametrize("word", ["true", "false", "FALSE"])
def test_a_word_that_liquibase_knows_is_taken(tmp_path: Path, word: str) -> None:
    _, mine, reasons = found(tmp_path, {"changelog.sql": LIQUIBASE.format(word)})
    assert mine == ([f"3 {IN_ONE}"] if word == "true" else [])
    assert not [each for each in reasons if "a changeset says" in each]


def found(folder: Path, files: dict[str, str]) -> tuple[str, list[str], list[str]]:
    """Return the verdict, what is found at which line, and the reasons of what nobody can tell."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    outcome = run(LintMigrationsOptions(), world(folder))
    lines = [shown(each).partition(":")[2].split() for each in outcome.findings]
    mine = sorted(f"{line} {rule}" for line, rule, *_ in lines if rule in RULES)
    return outcome.verdict.answer, mine, [each.what for each in outcome.verdict.reasons]


@pytest.mark.parametrize(("beside", "path", "text", "expected"), CASES)
def test_a_word_that_the_tool_does_not_know_is_told(
    tmp_path: Path, beside: dict[str, str], path: str, text: str, expected: list[str]
) -> None:
    assert found(tmp_path, {**beside, path: text})[1] == expected
