"""lint-migrations on tools' projects since a revision: what is late, edited, reworked, in code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.core.world import Change
from cdkit.steps.lint_migrations import STEP, LintMigrationsOptions, run
from tests.worlds import FakeGit, world

GOOSE = "-- +goose Up\nSELECT 1;\n-- +goose Down\n"
DBMATE = "-- migrate:up\nSELECT 1;\n-- migrate:down\n"


def judged(
    folder: Path, files: Mapping[str, str], *, new: str = "", old: Mapping[str, str] | None = None
) -> Outcome:
    """Judge files since a revision: `new` were not there, those of `old` were as said."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    before = old or {}
    changed = [Change(path=path, status="A") for path in new.split()]
    changed += [Change(path=path, status="M") for path in before]
    contents = {("v1", path): text.encode() for path, text in before.items()}
    git = FakeGit(changed=tuple(changed), contents=contents)
    return run(
        LintMigrationsOptions(since="v1", disable=("changed-result-type",)), world(folder, git=git)
    )


def found(outcome: Outcome) -> list[tuple[str, str]]:
    return [(one.rule, one.locations[0].path) for one in outcome.findings]


@pytest.mark.parametrize(
    ("late", "other", "text"),
    [
        ("db/migration/V1.9__a.sql", "db/migration/V1.10__b.sql", "SELECT 1;"),
        ("migrations/2_a.up.sql", "migrations/10_b.up.sql", "SELECT 1;"),
        ("migrations/2_a.sql", "migrations/10_b.sql", GOOSE),
    ],
)
def test_a_new_migration_before_a_released_one_is_late(
    late: str, other: str, text: str, tmp_path: Path
) -> None:
    outcome = judged(tmp_path, {late: text, other: text}, new=late)
    assert found(outcome) == [("out-of-order-version", late)]
    assert outcome.verdict.answer is Answer.NO


@pytest.mark.parametrize(
    ("late", "other", "text"),
    [
        ("migrations/10_a.sql", "migrations/9_b.sql", DBMATE),
        ("prisma/migrations/20260101000000_a/migration.sql",
         "prisma/migrations/20260102000000_b/migration.sql", "SELECT 1;"),
    ],
)  # fmt: skip
def test_a_tool_that_runs_late_ones_all_the_same_has_nothing_to_say(
    late: str, other: str, text: str, tmp_path: Path
) -> None:
    assert found(judged(tmp_path, {late: text, other: text}, new=late)) == []


def test_out_of_order_may_be_allowed_by_configuration(tmp_path: Path) -> None:
    files = {
        "flyway.conf": "flyway.outOfOrder=true\n",
        "migration/V1__a.sql": "SELECT 1;",
        "migration/V2__b.sql": "SELECT 1;",
    }
    assert found(judged(tmp_path, files, new="migration/V1__a.sql")) == []


def test_locations_that_are_not_looked_into_are_told(tmp_path: Path) -> None:
    files = {
        "flyway.conf": "flyway.locations=s3:bucket/more,filesystem:sql\n",
        "sql/V1__a.sql": "SELECT 1;",
        "sql/V2__b.sql": "SELECT 1;",
    }
    told = judged(tmp_path, files, new="sql/V2__b.sql").notes
    assert [x for x in told if "s3:" in x] == ["locations that are not looked into: s3:bucket/more"]


def test_an_edited_migration_is_not_late_and_keeps_new_ones_late(tmp_path: Path) -> None:
    files = {f"migration/V{x}__a.sql": "SELECT 1;" for x in (1, 2, 3)}
    old = {"migration/V1__a.sql": "SELECT 0;", "migration/V3__a.sql": "SELECT 0;"}
    assert found(judged(tmp_path, files, new="migration/V2__a.sql", old=old)) == [
        ("edited-migration", "migration/V1__a.sql"),
        ("edited-migration", "migration/V3__a.sql"),
        ("out-of-order-version", "migration/V2__a.sql"),
    ]


def test_a_repeatable_migration_is_there_to_be_edited(tmp_path: Path) -> None:
    files = {"migration/V1__a.sql": "SELECT 1;", "migration/R__v.sql": "SELECT 2;"}
    assert found(judged(tmp_path, files, old={"migration/R__v.sql": "SELECT 1;"})) == []


def test_an_older_text_has_the_values_of_the_configuration(tmp_path: Path) -> None:
    sql = "CREATE TABLE ${s}.a (b int);\n"
    files = {"flyway.conf": "flyway.placeholders.s=app\n", "migration/V1__a.sql": "-- x\n" + sql}
    outcome = judged(tmp_path, files, old={"migration/V1__a.sql": sql})
    (finding,) = outcome.findings
    assert finding.rule == "edited-migration"
    assert "edits its comments or spaces: Flyway's sum" in finding.message


def test_a_change_that_sqitch_reworked_is_no_edit(tmp_path: Path) -> None:
    old = "CREATE TABLE orders (a int, b int);\n"
    files = {
        "sqitch.plan": "%project=x\n\norders x\n@v1 x\norders [orders@v1] x\n",
        "deploy/orders.sql": "SET lock_timeout = '2s';\nALTER TABLE orders DROP COLUMN b;\n",
        "deploy/orders@v1.sql": old,
    }
    outcome = judged(tmp_path, files, new="deploy/orders@v1.sql", old={"deploy/orders.sql": old})
    assert found(outcome) == [
        ("dropped-column", "deploy/orders.sql"),
        ("missing-down", "deploy/orders.sql"),
    ]


def test_a_change_before_the_last_of_the_plan_is_never_deployed(tmp_path: Path) -> None:
    files = {
        "sqitch.plan": "%project=x\n\na x\nlate x\nb x\n",
        **{f"deploy/{name}.sql": "SELECT 1;" for name in ("a", "late", "b")},
    }
    assert found(judged(tmp_path, files, new="deploy/late.sql")) == [
        ("out-of-order-version", "deploy/late.sql")
    ]


def test_an_old_complaint_about_a_file_is_history_and_about_the_whole_is_not(
    tmp_path: Path,
) -> None:
    files = {
        "migration/V1__a.sql": "SELECT 1;",
        "migration/V1.0__again.sql": "SELECT 1;",
        "migration/V2_b.sql": "SELECT 1;",
    }
    assert found(judged(tmp_path, files)) == [("duplicate-version", "migration/V1__a.sql")]


def test_migrations_in_code_are_history_unless_they_are_new(tmp_path: Path) -> None:
    code = "exports.up = (knex) => knex.schema.dropTable('a');\n"
    files = {"migrations/1_a.js": code, "migrations/2_b.js": code}
    outcome = judged(tmp_path, files)
    assert outcome.verdict.answer is Answer.YES
    assert "migrations: 2 earlier files cannot be read: what they made is not known" in (
        outcome.notes
    )
    outcome = judged(tmp_path, files, new="migrations/2_b.js")
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert [reason.where and reason.where.path for reason in outcome.verdict.reasons] == [
        "migrations/2_b.js"
    ]


@pytest.mark.parametrize(
    ("files", "gone", "said"),
    [
        ({"sqitch.plan": "%project=x\n\na x\n", "deploy/a.sql": "SELECT 1;"},
         ["deploy/b.sql"], ["deploy/b.sql"]),
        ({"sqitch.plan": "%project=x\n\na x\n", "deploy/a.sql": "SELECT 1;"},
         ["verify/b.sql", "reports/c.sql"], []),
        ({"flyway.conf": "flyway.locations=filesystem:sql\n", "sql/V1__a.sql": "SELECT 1;"},
         ["sql/V2__b.sql", "seed.sql"], ["sql/V2__b.sql"]),
        ({"migrations/1_a.up.sql": "SELECT 1;"},
         ["migrations/2_b.up.sql", "migrations/old/1_c.up.sql"], ["migrations/2_b.up.sql"]),
        ({"p/migrations/20260101000000_a/migration.sql": "SELECT 1;"},
         ["p/migrations/20260102000000_b/migration.sql", "p/migrations/notes.sql"],
         ["p/migrations/20260102000000_b/migration.sql"]),
    ],
)  # fmt: skip
def test_what_was_taken_away_counts_where_it_was_a_migration(
    files: dict[str, str], gone: list[str], said: list[str], tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    changed = tuple(Change(path=path, status="D") for path in gone)
    git = FakeGit(changed=changed, contents={("v1", path): b"SELECT 1;" for path in gone})
    outcome = run(
        LintMigrationsOptions(since="v1", disable=("changed-result-type",)),
        world(tmp_path, git=git),
    )
    edited = [path for rule, path in found(outcome) if rule == "edited-migration"]
    assert edited == said


def test_another_database_is_no_matter_where_nothing_of_it_is_new(tmp_path: Path) -> None:
    files = {
        "a/migrations/migration_lock.toml": 'provider = "sqlserver"\n',
        "a/migrations/1_a/migration.sql": "SELECT 1;",
        "b/migrations/1.sql": "SELECT 1;",
    }
    assert judged(tmp_path, files, new="b/migrations/1.sql").verdict.answer is Answer.YES


def test_a_database_that_nobody_here_reads_cannot_be_told(tmp_path: Path) -> None:
    files = {
        "a/migrations/migration_lock.toml": 'provider = "sqlserver"\n',
        "a/migrations/1_a/migration.sql": "SELECT 1;",
        "b/migrations/1.sql": "SELECT 1;",
    }
    outcome = judged(tmp_path, files, new="a/migrations/1_a/migration.sql b/migrations/1.sql")
    (reason,) = outcome.verdict.reasons
    assert (reason.answer, "sqlserver" in reason.what) == (Answer.CANNOT_TELL, True)
    assert outcome.findings == ()


@pytest.mark.parametrize(
    ("path", "runs"),
    [
        ("db/migrations/1.sql", True),
        ("Migrations/2026_a/migration.SQL", True),
        ("drizzle/0000_a.sql", True),
        ("deploy/a.sql", True),
        ("src/main/resources/sql/V1.2__a.sql", True),
        ("R__views.sql", True),
        ("reports/monthly.sql", False),
        ("migrations/a.ts", False),
    ],
)
def test_the_hook_runs_for_what_tools_call_migrations(path: str, *, runs: bool) -> None:
    assert STEP.hook is not None
    assert bool(re.search(STEP.hook.files, path)) is runs
