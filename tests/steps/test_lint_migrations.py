"""lint-migrations: what counts as the change, and what its answer is."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdkit.core.documents.document import Origin, Replay
from cdkit.core.documents.kinds import Deployment, Findings
from cdkit.core.documents.statement import state
from cdkit.core.doors.pg_query import GrammarFault, parse
from cdkit.core.doors.process import SystemProcesses
from cdkit.core.errors import CannotTell, NoInput, RequestError
from cdkit.core.finding import Severity
from cdkit.core.step import Outcome
from cdkit.core.subject import Subject
from cdkit.core.verdict import Answer
from cdkit.core.world import Change, World
from cdkit.evidence.store import open_store
from cdkit.steps.lint_migrations import STEP, LintMigrationsOptions, LintMigrationsOutputs, run
from tests.worlds import FakeGit, world

NEW = "CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n"
DROP = "SET lock_timeout = '2s';\nALTER TABLE orders DROP COLUMN note;\n"
ADD = "SET lock_timeout = '2s';\nALTER TABLE orders ADD COLUMN total bigint;\n"


def laid_out(folder: Path, files: Mapping[str, str]) -> World:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return world(folder)


def found(outcome: Outcome) -> list[tuple[str, str]]:
    return [(finding.rule, finding.where) for finding in outcome.findings if not finding.suppressed]


def with_git(folder: Path, git: FakeGit) -> World:
    return world(folder, git=git)


def deployed(folder: Path, *, service: str = "orders", commit: str = "a1", hour: int = 1,
             status: str = "deployed", replay: Replay | None = None) -> None:  # fmt: skip
    origin = Origin(
        recorded_at=f"2026-11-20T{hour:02}:00:00Z", tool="cdkit", step="emit-event", replay=replay
    )
    document = Deployment(
        origin=origin,
        image=f"registry.example.com/{service}@sha256:{'a' * 64}",
        environment="production",
        service=service,
        status=status,
        commit=commit,
    )
    subject = Subject(name=service, digest={"sha256": f"{hour:064x}"})
    open_store(".cdkit/records", world(folder)).put(state(document, subject))


def test_a_folder_without_migrations_is_no_input(tmp_path: Path) -> None:
    with pytest.raises(NoInput):
        run(LintMigrationsOptions(), world(tmp_path))


def test_an_empty_folder_that_is_named_is_no_input(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    with pytest.raises(NoInput):
        run(LintMigrationsOptions(paths=("migrations",)), world(tmp_path))


def test_a_file_that_is_not_there_cannot_be_told(tmp_path: Path) -> None:
    outcome = run(LintMigrationsOptions(paths=("migrations/0001.sql",)), world(tmp_path))
    assert outcome.verdict.answer is Answer.CANNOT_TELL
    assert outcome.verdict.reasons[0].where


def test_the_answer_never_says_safe(tmp_path: Path) -> None:
    outcome = run(LintMigrationsOptions(), laid_out(tmp_path, {"migrations/1.sql": NEW}))
    assert outcome.verdict.answer is Answer.YES
    assert [reason.what for reason in outcome.verdict.reasons] == ["no known break in 1 migration"]


def test_a_named_file_is_judged_on_what_the_others_made(tmp_path: Path) -> None:
    there = laid_out(tmp_path, {"migrations/1.sql": NEW, "migrations/2.sql": DROP})
    outcome = run(LintMigrationsOptions(paths=("migrations/2.sql",)), there)
    assert found(outcome) == [
        ("changed-result-type", "migrations/2.sql:2:20"),
        ("dropped-column", "migrations/2.sql:2:20"),
    ]
    assert outcome.verdict.answer is Answer.NO
    document = outcome.document
    assert isinstance(document, Findings)
    assert document.examined == {"files": 1, "statements": 2, "history": 1}
    assert document.evidence == "migrations"


def test_without_a_baseline_a_new_break_is_found_in_a_named_folder(tmp_path: Path) -> None:
    there = laid_out(tmp_path, {"migrations/1.sql": NEW, "migrations/2.sql": DROP})
    outcome = run(LintMigrationsOptions(paths=("migrations",)), there)
    assert outcome.verdict.answer is Answer.NO
    assert any("judged as a release of its own" in note for note in outcome.notes)


def test_since_nothing_all_migrations_are_one_change(tmp_path: Path) -> None:
    there = laid_out(tmp_path, {"migrations/1.sql": NEW, "migrations/2.sql": DROP})
    outcome = run(LintMigrationsOptions(since="nothing"), there)
    assert outcome.verdict.answer is Answer.YES


def test_where_nothing_runs_yet_nothing_is_there_to_be_dropped(tmp_path: Path) -> None:
    again = "DROP TABLE IF EXISTS a;\nCREATE TABLE a (id int PRIMARY KEY);\n"
    there = laid_out(tmp_path, {"migrations/1.sql": again, "migrations/2.sql": DROP})
    outcome = run(LintMigrationsOptions(since="nothing", paths=("migrations/1.sql",)), there)
    assert outcome.verdict.answer is Answer.YES
    outcome = run(LintMigrationsOptions(paths=("migrations/1.sql",)), there)
    assert outcome.verdict.answer is Answer.NO


def test_since_a_revision_only_new_files_are_judged(tmp_path: Path) -> None:
    laid_out(tmp_path, {"migrations/1.sql": NEW, "migrations/2.sql": DROP, "migrations/3.sql": ADD})
    git = FakeGit(changed=(Change(status="A", path="migrations/3.sql"),))
    outcome = run(LintMigrationsOptions(since="main"), with_git(tmp_path, git))
    assert outcome.verdict.answer is Answer.YES
    assert [row[0] for row in outcome.tables[0].rows] == ["migrations/3.sql"]


def test_no_new_migration_is_a_yes_that_says_so(tmp_path: Path) -> None:
    laid_out(tmp_path, {"migrations/1.sql": NEW})
    outcome = run(LintMigrationsOptions(since="main"), with_git(tmp_path, FakeGit()))
    assert outcome.verdict.answer is Answer.YES
    assert outcome.verdict.reasons[0].what.startswith("no migration is new since main")


def test_an_edited_migration_is_a_finding(tmp_path: Path) -> None:
    laid_out(tmp_path, {"migrations/1.sql": NEW + "ALTER TABLE orders DROP COLUMN note;\n"})
    git = FakeGit(
        changed=(Change(status="M", path="migrations/1.sql"),),
        contents={("main", "migrations/1.sql"): NEW.encode()},
    )
    outcome = run(LintMigrationsOptions(since="main"), with_git(tmp_path, git))
    assert set(found(outcome)) == {
        ("edited-migration", "migrations/1.sql:1:1"),
        ("changed-result-type", "migrations/1.sql:2:20"),
        ("dropped-column", "migrations/1.sql:2:20"),
        ("missing-lock-timeout", "migrations/1.sql:2:20"),
    }


def test_an_edited_comment_in_a_migration_is_a_low_finding(tmp_path: Path) -> None:
    laid_out(tmp_path, {"migrations/1.sql": "-- orders\n" + NEW})
    git = FakeGit(
        changed=(Change(status="M", path="migrations/1.sql"),),
        contents={("main", "migrations/1.sql"): NEW.encode()},
    )
    outcome = run(LintMigrationsOptions(since="main"), with_git(tmp_path, git))
    assert [(x.rule, x.severity) for x in outcome.findings] == [("edited-migration", Severity.LOW)]


def test_a_renamed_migration_is_an_edited_one(tmp_path: Path) -> None:
    laid_out(tmp_path, {"migrations/2.sql": NEW})
    git = FakeGit(
        changed=(Change(status="R", path="migrations/2.sql", old_path="migrations/1.sql"),),
        contents={("main", "migrations/1.sql"): NEW.encode()},
    )
    outcome = run(LintMigrationsOptions(since="main"), with_git(tmp_path, git))
    assert [(x.rule, x.severity) for x in outcome.findings] == [
        ("edited-migration", Severity.MEDIUM)
    ]


def test_a_migration_that_is_gone_is_a_finding(tmp_path: Path) -> None:
    laid_out(tmp_path, {"migrations/2.sql": ADD})
    git = FakeGit(
        changed=(
            Change(status="D", path="migrations/1.sql"),
            Change(status="A", path="migrations/2.sql"),
        ),
        contents={("main", "migrations/1.sql"): NEW.encode()},
    )
    outcome = run(LintMigrationsOptions(since="main"), with_git(tmp_path, git))
    assert ("edited-migration", "migrations/1.sql:1:1") in found(outcome)
    assert outcome.verdict.answer is Answer.NO


def test_against_an_environment_the_change_is_what_is_new_there(tmp_path: Path) -> None:
    laid_out(tmp_path, {"migrations/1.sql": NEW, "migrations/2.sql": ADD})
    deployed(tmp_path)
    git = FakeGit(changed=(Change(status="A", path="migrations/2.sql"),))
    outcome = run(LintMigrationsOptions(against="production"), with_git(tmp_path, git))
    assert outcome.verdict.answer is Answer.YES
    assert outcome.outputs == LintMigrationsOutputs(migrations="1", findings="1", since="a1")


def test_the_newest_deployment_counts(tmp_path: Path) -> None:
    laid_out(tmp_path, {"migrations/1.sql": NEW})
    deployed(tmp_path, commit="old", hour=1)
    deployed(tmp_path, commit="new", hour=2)
    deployed(tmp_path, commit="other", hour=3, status="removed")
    outcome = run(LintMigrationsOptions(against="production"), world(tmp_path))
    assert getattr(outcome.outputs, "since", "") == "new"


def test_a_store_that_knows_no_deployment_does_not_make_everything_new(tmp_path: Path) -> None:
    laid_out(tmp_path, {"migrations/1.sql": NEW, "migrations/2.sql": DROP})
    outcome = run(LintMigrationsOptions(against="production"), world(tmp_path))
    assert outcome.verdict.answer is Answer.NO
    assert any("no record says what runs in production" in note for note in outcome.notes)


def test_a_replayed_deployment_is_no_baseline(tmp_path: Path) -> None:
    laid_out(tmp_path, {"migrations/1.sql": NEW})
    deployed(tmp_path, replay=Replay(run="7", at="2026-11-20T00:00:00Z"))
    outcome = run(LintMigrationsOptions(against="production"), world(tmp_path))
    assert getattr(outcome.outputs, "since", "?") == ""


def test_several_services_in_one_environment_want_a_name(tmp_path: Path) -> None:
    laid_out(tmp_path, {"migrations/1.sql": NEW})
    deployed(tmp_path, service="orders", commit="o", hour=1)
    deployed(tmp_path, service="billing", commit="b", hour=2)
    with pytest.raises(CannotTell, match="several services"):
        run(LintMigrationsOptions(against="production"), world(tmp_path))
    options = LintMigrationsOptions(against="production", service="orders")
    assert getattr(run(options, world(tmp_path)).outputs, "since", "") == "o"


def test_a_deployment_without_a_commit_is_no_baseline(tmp_path: Path) -> None:
    laid_out(tmp_path, {"migrations/1.sql": NEW})
    deployed(tmp_path, commit="")
    with pytest.raises(CannotTell, match="from which commit"):
        run(LintMigrationsOptions(against="production"), world(tmp_path))


def test_what_runs_at_a_commit_of_another_repository_cannot_be_told(tmp_path: Path) -> None:
    laid_out(tmp_path, {"migrations/1.sql": NEW})
    deployed(tmp_path, commit="b2")
    with pytest.raises(CannotTell, match="production runs orders at b2, and this") as caught:
        run(LintMigrationsOptions(against="production"),
            with_git(tmp_path, FakeGit(unknown=frozenset({"b2"}))))  # fmt: skip
    assert "--service NAME" in caught.value.remedy


def test_an_unreadable_record_of_the_environment_keeps_the_answer_open(tmp_path: Path) -> None:
    laid_out(tmp_path, {"migrations/1.sql": NEW})
    deployed(tmp_path)
    (record,) = (tmp_path / ".cdkit/records/environments").rglob("*.json")
    record.write_text("{}")
    outcome = run(LintMigrationsOptions(against="production"), world(tmp_path))
    assert outcome.verdict.answer is Answer.CANNOT_TELL


def test_git_that_does_not_know_the_revision_cannot_tell(tmp_path: Path) -> None:
    laid_out(tmp_path, {"migrations/1.sql": NEW})
    with pytest.raises(CannotTell):
        run(LintMigrationsOptions(since="main"), with_git(tmp_path, FakeGit(at=None)))


@pytest.mark.parametrize(
    "options",
    [
        LintMigrationsOptions(since="a", against="b"),
        LintMigrationsOptions(server="oracle:23"),
        LintMigrationsOptions(server="postgres:9"),
        LintMigrationsOptions(server="postgres:20"),
        LintMigrationsOptions(disable=("dropped-colum",)),
        LintMigrationsOptions(disable=("syntax-error",)),
    ],
    ids=[
        *("two baselines", "another database", "an old version", "a version to come"),
        *("no such rule", "never left out"),
    ],
)
def test_a_wrong_request_is_refused(options: LintMigrationsOptions, tmp_path: Path) -> None:
    with pytest.raises(RequestError):
        run(options, laid_out(tmp_path, {"migrations/1.sql": NEW}))


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        (NEW, Answer.YES),
        ("ALTER TABLE orders ALTER note SET NOT NULL;", Answer.NO),
        ("REPACK orders;", Answer.CANNOT_TELL),
    ],
)
def test_a_version_that_is_newer_than_the_facts_is_judged_by_those_and_says_so(
    sql: str, answer: Answer, tmp_path: Path
) -> None:
    here = laid_out(tmp_path, {"migrations/0001_a.sql": sql})
    outcome = run(LintMigrationsOptions(since="nothing", server="postgres:19"), here)
    assert outcome.verdict.answer == answer
    assert any("by what is known of PostgreSQL 18" in note for note in outcome.notes)
    outcome = run(LintMigrationsOptions(since="nothing", server="postgres:18"), here)
    assert not any("by what is known of" in note for note in outcome.notes)


def test_a_finding_below_the_threshold_is_shown_and_decides_nothing(tmp_path: Path) -> None:
    there = laid_out(tmp_path, {"migrations/1.sql": "ALTER TABLE o ADD COLUMN a int;"})
    outcome = run(LintMigrationsOptions(), there)
    assert found(outcome) == [
        ("changed-result-type", "migrations/1.sql:1:15"),
        ("missing-lock-timeout", "migrations/1.sql:1:15"),
    ]
    assert outcome.verdict.answer is Answer.YES
    stricter = run(LintMigrationsOptions(fail_on="low"), there)
    assert stricter.verdict.answer is Answer.NO


def test_a_yes_says_what_it_passes_over_where_only_the_worst_counts(tmp_path: Path) -> None:
    there = laid_out(tmp_path, {"migrations/1.sql": "DROP TABLE o;"})
    outcome = run(LintMigrationsOptions(fail_on="critical"), there)
    assert outcome.verdict.answer is Answer.YES
    (reason,) = outcome.verdict.reasons
    assert reason.what == "no known break in 1 migration but for what is less than critical (1)"


def test_one_question_alone_can_be_asked(tmp_path: Path) -> None:
    there = laid_out(tmp_path, {"migrations/1.sql": "CREATE UNIQUE INDEX i ON orders (a);"})
    compatible = run(LintMigrationsOptions(question="compatible"), there)
    assert [rule for rule, _ in found(compatible)] == ["constraint-on-existing-table"]
    running = run(LintMigrationsOptions(question="safe-to-run"), there)
    assert sorted(rule for rule, _ in found(running)) == ["blocking-index", "missing-lock-timeout"]


def test_a_fingerprint_survives_a_move_of_the_line(tmp_path: Path) -> None:
    before = laid_out(tmp_path / "a", {"migrations/1.sql": "DROP TABLE orders;"})
    after = laid_out(tmp_path / "b", {"migrations/1.sql": "-- why\n\nDROP  TABLE orders;"})
    prints = [
        [finding.fingerprint for finding in run(LintMigrationsOptions(), each).findings]
        for each in (before, after)
    ]
    assert prints[0] == prints[1]
    assert len(set(prints[0])) == 2


def test_equal_findings_have_fingerprints_of_their_own(tmp_path: Path) -> None:
    there = laid_out(tmp_path, {"migrations/1.sql": "DELETE FROM a;\nDELETE FROM a;\n"})
    prints = [finding.fingerprint for finding in run(LintMigrationsOptions(), there).findings]
    assert len(prints) == 6
    assert len(set(prints)) == 6


def test_an_allowance_expires_at_the_clock_of_the_world(tmp_path: Path) -> None:
    text = "DROP TABLE a; -- cdkit: allow dropped-table (unused) until 2026-11-23\n"
    files = {"migrations/1.sql": "SET lock_timeout='1s';\n" + text}
    laid_out(tmp_path, files)
    today = world(tmp_path, now=datetime(2026, 11, 23, 23, 59, tzinfo=UTC))
    assert run(LintMigrationsOptions(), today).verdict.answer is Answer.YES
    tomorrow = world(tmp_path, now=datetime(2026, 11, 24, tzinfo=UTC))
    assert run(LintMigrationsOptions(), tomorrow).verdict.answer is Answer.NO


def test_the_record_is_about_the_source(tmp_path: Path) -> None:
    outcome = run(LintMigrationsOptions(), laid_out(tmp_path, {"migrations/1.sql": NEW}))
    assert outcome.subjects[0].digest["gitTree"] == "7" * 40


def test_the_hook_leaves_no_record_and_sees_what_a_commit_takes_away() -> None:
    assert STEP.hook
    assert STEP.hook.args == ("--records", "none", "--allow-empty", "--staged")
    assert STEP.hook.always


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=120))
def test_what_cannot_be_parsed_never_gets_a_yes(data: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir(exist_ok=True)
    (folder / "1.sql").write_bytes(data)
    there = world(tmp_path, processes=SystemProcesses())
    outcome = run(LintMigrationsOptions(), there)
    with contextlib.suppress(GrammarFault, UnicodeDecodeError):
        data.decode()
        parse(data.removeprefix(b"\xef\xbb\xbf"))
        return
    assert outcome.verdict.answer is not Answer.YES or b"\\" in data
