"""lint-migrations as a pre-commit hook: what the next commit deletes or renames."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.errors import NoInput
from cdkit.core.verdict import Answer
from cdkit.core.world import Change
from cdkit.steps.lint_migrations import LintMigrationsOptions, run
from tests.worlds import FakeGit, world

NEW = "CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n"
STAGED = LintMigrationsOptions(staged=True)


def deleted(path: str) -> FakeGit:
    return FakeGit(away=(Change(status="D", path=path),))


def renamed(old: str, new: str) -> FakeGit:
    return FakeGit(away=(Change(status="R", path=new, old_path=old),))


@pytest.mark.parametrize(
    "path", ["migrations/0001_a.sql", "db/migrate/20260101_a.up.sql", "sql/V1__a.sql"]
)
def test_a_migration_that_is_deleted_is_told(path: str, tmp_path: Path) -> None:
    outcome = run(STAGED, world(tmp_path, git=deleted(path)))
    assert outcome.verdict.answer is Answer.NO
    assert [(each.rule, each.where) for each in outcome.findings] == [("edited-migration", path)]


@pytest.mark.parametrize(
    "path",
    [
        "migrations/0001_a.down.sql", "migrations/1_a/down.sql", "sql/U1__a.sql", "sql/R__v.sql",
        "migrations/readme.md", "src/queries/a.sql", "revert/a.sql",
    ],
)  # fmt: skip
def test_what_is_no_migration_by_its_path_may_go(path: str, tmp_path: Path) -> None:
    with pytest.raises(NoInput):
        run(STAGED, world(tmp_path, git=deleted(path)))


def test_a_migration_with_another_name_is_told_beside_what_it_does(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations/2_a.sql").write_text(NEW)
    git = renamed("migrations/1_a.sql", "migrations/2_a.sql")
    options = LintMigrationsOptions(staged=True, paths=("migrations/2_a.sql",))
    outcome = run(options, world(tmp_path, git=git))
    assert outcome.verdict.answer is Answer.NO
    assert "migrations/2_a.sql" in outcome.findings[0].message
    assert outcome.outputs.migrations == "1"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("migrations/1_a.sql", "db/migrations/1_a.sql"),
        ("prisma/migrations/1_a/migration.sql", "packages/db/prisma/migrations/1_a/migration.sql"),
    ],
)
def test_a_folder_may_move_with_what_is_in_it(old: str, new: str, tmp_path: Path) -> None:
    with pytest.raises(NoInput):
        run(STAGED, world(tmp_path, git=renamed(old, new)))


def test_a_folder_that_is_the_migrations_name_may_not_get_another(tmp_path: Path) -> None:
    git = renamed("prisma/migrations/1_a/migration.sql", "prisma/migrations/2_a/migration.sql")
    assert run(STAGED, world(tmp_path, git=git)).verdict.answer is Answer.NO


def test_nothing_is_looked_for_where_nothing_is_staged(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations/1.sql").write_text("DROP TABLE orders;")
    with pytest.raises(NoInput):
        run(STAGED, world(tmp_path))


def test_who_sees_it_otherwise_may_say_so(tmp_path: Path) -> None:
    options = LintMigrationsOptions(
        staged=True, severity={"edited-migration": "off (we squash them at each release)"}
    )
    outcome = run(options, world(tmp_path, git=deleted("migrations/1_a.sql")))
    assert outcome.verdict.answer is Answer.YES
    assert outcome.findings[0].suppressed


def commit(folder: Path, edited: str, own: str) -> tuple[LintMigrationsOptions, FakeGit]:
    """A commit that brings two files, the first of which others have."""
    (folder / "migrations").mkdir()
    (folder / "migrations/1_a.sql").write_text(edited)
    (folder / "migrations/2_b.sql").write_text(own)
    paths = ("migrations/1_a.sql", "migrations/2_b.sql")
    git = FakeGit(
        trunk="t" * 40,
        changed=(Change(status="M", path=paths[0]), Change(status="A", path=paths[1])),
        contents={("t" * 40, paths[0]): NEW.encode()},
    )
    return LintMigrationsOptions(staged=True, paths=paths), git


def test_an_edit_of_what_others_have_is_told(tmp_path: Path) -> None:
    options, git = commit(tmp_path, NEW.replace("note", "notes"), "CREATE TABLE p (a int);\n")
    outcome = run(options, world(tmp_path, git=git))
    assert outcome.verdict.answer is Answer.NO
    told = [(x.rule, x.where) for x in outcome.findings if x.rule == "edited-migration"]
    assert told == [("edited-migration", "migrations/1_a.sql:1:1")]


def test_an_edit_of_its_comments_is_no_reason(tmp_path: Path) -> None:
    options, git = commit(tmp_path, f"-- orders\n{NEW}", "CREATE TABLE p (a int);\n")
    outcome = run(options, world(tmp_path, git=git))
    assert outcome.verdict.answer is Answer.YES
    assert [str(x.severity) for x in outcome.findings if x.rule == "edited-migration"] == ["low"]


def test_what_else_others_have_by_now_is_not_the_commits_doing(tmp_path: Path) -> None:
    options, git = commit(tmp_path, NEW.replace("note", "notes"), "CREATE TABLE p (a int);\n")
    gone = "migrations/0_gone.sql"
    git.changed = (*git.changed, Change(status="D", path=gone))
    git.contents = {**git.contents, ("t" * 40, gone): b"CREATE TABLE gone (a int);"}
    outcome = run(options, world(tmp_path, git=git))
    assert gone not in {x.where.partition(":")[0] for x in outcome.findings}
