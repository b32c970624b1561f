"""lint-migrations in real checkouts: what git says is new, and what it cannot know."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.steps.lint_migrations import LintMigrationsOptions, run
from tests.core.test_git import door, git
from tests.steps.test_lint_migrations import deployed
from tests.worlds import world

TABLES = "CREATE TABLE orders (id int PRIMARY KEY, note text);\nCREATE TABLE old (id int);\n"
DROP = "SET lock_timeout = '2s';\nDROP TABLE old;\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / "migrations").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / "migrations" / "0001_tables.sql").write_text(TABLES)
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "some")


def linted(folder: Path, *paths: str, since: str = "main") -> Outcome:
    options = LintMigrationsOptions(paths=paths, since=since)
    return run(options, world(folder, git=door(folder)))


def found(outcome: Outcome) -> list[tuple[str, str, str]]:
    return [(x.rule, x.where, str(x.severity)) for x in outcome.findings]


def reasons(outcome: Outcome) -> list[str]:
    return [str(each) for each in outcome.verdict.reasons]


DROPPED = ("dropped-table", "migrations/0002_drop.sql:2:1", "high")


@pytest.mark.parametrize(
    "named", ["{}/migrations", "../shop/migrations", "migrations/../migrations"]
)
def test_a_folder_is_the_same_by_whatever_name_it_is_called(shop: Path, named: str) -> None:
    (shop / "migrations" / "0002_drop.sql").write_text(DROP)
    assert found(linted(shop, named.format(shop))) == [DROPPED]


def test_a_migration_behind_a_link_is_new_where_its_file_is(shop: Path) -> None:
    (shop / "shared").mkdir()
    (shop / "migrations").rename(shop / "shared" / "db")
    (shop / "migrations").symlink_to("shared/db")
    commit(shop)
    (shop / "shared" / "db" / "0002_drop.sql").write_text(DROP)
    assert DROPPED in found(linted(shop, "migrations"))
    commit(shop)
    assert linted(shop, "migrations").verdict.answer is Answer.YES


def test_whether_what_git_does_not_keep_is_new_nobody_can_tell(shop: Path) -> None:
    (shop / ".gitignore").write_text("*local*\n")
    (shop / "migrations" / "0002_local.sql").write_text(DROP)
    outcome = linted(shop)
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "git does not keep this file" in " ".join(reasons(outcome))


def test_a_change_in_a_submodule_is_no_yes(shop: Path, tmp_path: Path) -> None:
    service = tmp_path / "service"
    service.mkdir()
    git(service, "init", "-q", "-b", "main")
    git(service, "-c", "protocol.file.allow=always", "submodule", "add", "-q", shop.as_uri(), "db")
    commit(service)
    (service / "db" / "migrations" / "0002_drop.sql").write_text(DROP)
    commit(service / "db")
    commit(service)
    outcome = linted(service, since="HEAD~1")
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert "(and 1 more of db/migrations)" in " ".join(reasons(outcome))


def test_a_branch_that_is_behind_takes_no_migration_away(shop: Path) -> None:
    git(shop, "checkout", "-q", "-b", "feature")
    (shop / "migrations" / "0003_note.sql").write_text("SELECT 1;\n")
    commit(shop)
    git(shop, "checkout", "-q", "main")
    (shop / "migrations" / "0002_other.sql").write_text("CREATE TABLE other (id int);\n")
    commit(shop)
    git(shop, "checkout", "-q", "feature")
    outcome = linted(shop)
    assert outcome.verdict.answer is Answer.YES
    assert found(outcome) == [("edited-migration", "migrations/0002_other.sql:1:1", "low")]
    assert "left main before it came" in outcome.findings[0].message
    (shop / "migrations" / "0001_tables.sql").unlink()
    assert ("edited-migration", "migrations/0001_tables.sql:1:1", "medium") in found(linted(shop))


def test_what_is_older_than_what_runs_is_no_yes(shop: Path) -> None:
    git(shop, "checkout", "-q", "-b", "newer")
    (shop / "migrations" / "0002_other.sql").write_text("CREATE TABLE other (id int);\n")
    commit(shop)
    deployed(shop, commit=git(shop, "rev-parse", "HEAD"))
    git(shop, "checkout", "-q", "main")
    (shop / "migrations" / "0003_note.sql").write_text("SELECT 1;\n")
    outcome = run(LintMigrationsOptions(against="production"), world(shop, git=door(shop)))
    assert outcome.verdict.answer is Answer.NO
    assert found(outcome) == [("edited-migration", "migrations/0002_other.sql:1:1", "medium")]


def test_a_branch_that_is_behind_still_comes_out_of_order(shop: Path) -> None:
    (shop / "db" / "migration").mkdir(parents=True)
    (shop / "db" / "migration" / "V1__a.sql").write_text("CREATE TABLE a (id int);\n")
    commit(shop)
    git(shop, "checkout", "-q", "-b", "feature")
    (shop / "db" / "migration" / "V2__b.sql").write_text("CREATE TABLE b (id int);\n")
    commit(shop)
    git(shop, "checkout", "-q", "main")
    (shop / "db" / "migration" / "V3__c.sql").write_text("CREATE TABLE c (id int);\n")
    commit(shop)
    git(shop, "checkout", "-q", "feature")
    assert "out-of-order-version" in [rule for rule, *_ in found(linted(shop, "db/migration"))]


def test_code_that_only_main_changed_comes_with_no_contract(shop: Path) -> None:
    (shop / "app.py").write_text("one\n")
    commit(shop)
    git(shop, "tag", "v1")
    git(shop, "checkout", "-q", "-b", "feature")
    said = "-- cdkit: phase contract since v1: old (unused)\n"
    (shop / "migrations" / "0002_drop.sql").write_text(said + DROP)
    commit(shop)
    git(shop, "checkout", "-q", "main")
    (shop / "app.py").write_text("two\n")
    commit(shop)
    git(shop, "checkout", "-q", "feature")
    outcome = linted(shop)
    assert outcome.verdict.answer is Answer.YES
    assert [rule for rule, *_ in found(outcome)] == ["dropped-table"]  # which the contract excuses


def test_a_baseline_is_no_application_code(shop: Path) -> None:
    git(shop, "tag", "v1")
    said = "-- cdkit: phase contract since v1: old (unused)\n"
    (shop / "migrations" / "0002_drop.sql").write_text(said + DROP)
    accepted = '{"kind": "lint-baseline", "version": 1}'
    (shop / "lint.json").write_text(accepted)
    asked = LintMigrationsOptions(since="main", baseline="lint.json")
    outcome = run(asked, world(shop, git=door(shop)))
    assert "contract-with-code" not in [rule for rule, *_ in found(outcome)]
    (shop / "other.json").write_text(accepted)
    outcome = run(asked, world(shop, git=door(shop)))
    assert "contract-with-code" in [rule for rule, *_ in found(outcome)]
