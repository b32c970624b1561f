"""lint-migrations: fixing in place, as a diff; allowances, severities, and a baseline."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.context import BuildContext
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.finding import Suppression
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.core.world import Change, World
from cdkit.migrations.fixing import Rewritten
from cdkit.steps.lint_migrations import LintMigrationsOptions, LintMigrationsOutputs, run
from cdkit.steps.rewriting import diff, write
from tests.worlds import FakeGit, world

OLD = "CREATE TABLE orders (id bigint PRIMARY KEY, a int, note text);\n"
NEW = "CREATE INDEX i ON orders (a);\n"
FIXED = "CREATE INDEX CONCURRENTLY i ON orders (a);\n"
DROP = "SET lock_timeout = '2s';\nALTER TABLE orders DROP COLUMN note;\n"
ALLOWED = DROP.replace("ALTER", "-- cdkit: allow dropped-column (nobody reads it)\nALTER")
PULL_REQUEST = BuildContext(system="github", branch="feature", target_branch="main")


def there(
    folder: Path, *new: str, contents: dict[tuple[str, str], bytes] | None = None,
    context: BuildContext | None = None,
) -> World:  # fmt: skip
    """Lay out a released migration and new ones after it, 2.sql and so on."""
    (folder / "migrations").mkdir(exist_ok=True)
    (folder / "migrations/1.sql").write_text(OLD)
    paths = [f"migrations/{number}.sql" for number in range(2, 2 + len(new))]
    for path, text in zip(paths, new, strict=True):
        (folder / path).write_text(text, newline="")
    changed = tuple(Change(status="A", path=path) for path in paths)
    git = FakeGit(changed=changed, contents=contents or {})
    return world(folder, git=git, context=context)


def outputs(outcome: Outcome) -> LintMigrationsOutputs:
    assert isinstance(outcome.outputs, LintMigrationsOutputs)
    return outcome.outputs


def suppressed(outcome: Outcome) -> dict[str, Suppression]:
    return {each.rule: each.suppressed for each in outcome.findings if each.suppressed}


def test_fix_writes_the_new_file_and_judges_what_it_has_become(tmp_path: Path) -> None:
    outcome = run(LintMigrationsOptions(since="main", fix=True), there(tmp_path, NEW))
    assert (tmp_path / "migrations/2.sql").read_text() == FIXED
    assert (tmp_path / "migrations/1.sql").read_text() == OLD
    assert outcome.verdict.answer is Answer.YES
    assert outputs(outcome).fixed == "migrations/2.sql"


def test_a_way_back_in_a_file_of_its_own_stays_with_what_is_fixed(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    for name, text in {
        "1.up.sql": "CREATE TABLE orders (id int);\n",
        "1.down.sql": "DROP TABLE orders;\n",
        "2.up.sql": "ALTER TABLE orders ADD COLUMN a int;\n",
        "2.down.sql": "ALTER TABLE orders DROP COLUMN a;\n",
    }.items():
        (tmp_path / "migrations" / name).write_text(text)
    outcome = run(
        LintMigrationsOptions(paths=("migrations/2.up.sql",), fix=True, records="none"),
        world(tmp_path),
    )
    assert outputs(outcome).fixed == "migrations/2.up.sql"
    assert (tmp_path / "migrations/2.up.sql").read_text() == (
        "SET lock_timeout = '2s';\nALTER TABLE orders ADD COLUMN a int;\n"
    )
    assert "missing-down" not in {finding.rule for finding in outcome.findings}


def test_diff_writes_nothing_and_judges_what_is_there(tmp_path: Path) -> None:
    outcome = run(LintMigrationsOptions(since="main", diff=True, fix=True), there(tmp_path, NEW))
    assert (tmp_path / "migrations/2.sql").read_text() == NEW
    assert outcome.verdict.answer is Answer.NO
    assert outputs(outcome).fixed == ""
    assert outcome.data.splitlines() == [
        "--- a/migrations/2.sql", "+++ b/migrations/2.sql", "@@ -1 +1 @@", f"-{NEW.strip()}",
        f"+{FIXED.strip()}",
    ]  # fmt: skip


@pytest.mark.parametrize("way", ["fix", "diff"])
def test_nothing_is_fixed_where_nobody_says_what_is_new(way: str, tmp_path: Path) -> None:
    asked = LintMigrationsOptions(fix=way == "fix", diff=way == "diff")
    with pytest.raises(RequestError, match="a released one is never rewritten"):
        run(asked, there(tmp_path, NEW))
    assert (tmp_path / "migrations/2.sql").read_text() == NEW


def test_without_fix_it_is_told_what_could_be_mended(tmp_path: Path) -> None:
    notes = run(LintMigrationsOptions(since="main"), there(tmp_path, NEW)).notes
    assert (
        "2 findings can be mended by `--fix`, which changes no meaning; `--diff` shows it" in notes
    )


def test_what_is_left_is_told_with_the_reason(tmp_path: Path) -> None:
    text = "SET lock_timeout = '1s';\n" + NEW
    outcome = run(LintMigrationsOptions(since="main", fix=True), there(tmp_path, text))
    assert (tmp_path / "migrations/2.sql").read_text() == text
    (told,) = (note for note in outcome.notes if "is left to you" in note)
    assert told.startswith("migrations/2.sql:2:1: blocking-index is left to you: other statements")


def test_what_is_allowed_is_not_fixed(tmp_path: Path) -> None:
    text = "-- cdkit: allow blocking-index (small)\n" + NEW
    run(LintMigrationsOptions(since="main", fix=True, disable=("missing-lock-timeout",)),
        there(tmp_path, text))  # fmt: skip
    assert (tmp_path / "migrations/2.sql").read_text() == text


def test_a_file_that_somebody_changed_meanwhile_stays(tmp_path: Path) -> None:
    doors = there(tmp_path, NEW)
    rewritten = Rewritten(path="migrations/2.sql", before=b"SELECT 1;", after=b"SELECT 2;")
    with pytest.raises(CannotTell, match="has changed since it was read"):
        write([rewritten], doors.files)
    assert (tmp_path / "migrations/2.sql").read_text() == NEW


def test_a_diff_holds_no_line_that_a_ci_system_obeys() -> None:
    before = b"::error::x\n##vso[task]x\n\x1b[31mred\nSELECT 1"
    shown = diff([Rewritten(path="m/1.sql", before=before, after=before + b";\n")])
    assert "\x1b" not in shown
    assert shown.endswith("+SELECT 1;")
    assert "\\ No newline at end of file" in shown
    assert not any(line.lstrip().startswith(("::", "##")) for line in shown.splitlines())


def test_an_allowance_of_the_change_itself_is_shown_as_such(tmp_path: Path) -> None:
    outcome = run(LintMigrationsOptions(since="main"), there(tmp_path, ALLOWED))
    assert outcome.verdict.answer is Answer.YES
    assert suppressed(outcome)["dropped-column"].owner == "this change"


def test_an_allowance_of_the_change_itself_can_be_refused(tmp_path: Path) -> None:
    asked = LintMigrationsOptions(since="main", allowances="refuse")
    outcome = run(asked, there(tmp_path, ALLOWED))
    assert outcome.verdict.answer is Answer.NO
    assert "brings it itself" in outcome.verdict.reasons[0].what


def test_an_allowance_that_was_released_counts_though_new_ones_are_refused(tmp_path: Path) -> None:
    text = ALLOWED + "SELECT 1;\n"
    git = FakeGit(
        changed=(Change(status="M", path="migrations/2.sql"),),
        contents={("main", "migrations/2.sql"): ALLOWED.replace("DROP COLUMN", "DROP").encode()},
    )
    there(tmp_path, text)
    asked = LintMigrationsOptions(since="main", allowances="refuse", disable=("edited-migration",))
    outcome = run(asked, world(tmp_path, git=git))
    assert suppressed(outcome)["dropped-column"].owner == ""


def test_a_severity_of_the_teams_own_decides(tmp_path: Path) -> None:
    asked = LintMigrationsOptions(since="main", severity={"dropped-column": "low"})
    assert run(asked, there(tmp_path, DROP)).verdict.answer is Answer.YES
    asked = LintMigrationsOptions(since="main", severity={"missing-lock-timeout": "critical"})
    outcome = run(asked, there(tmp_path, "ALTER TABLE orders ADD COLUMN z int;"))
    assert outcome.verdict.answer is Answer.NO


def test_a_rule_that_is_off_is_counted_as_allowed(tmp_path: Path) -> None:
    asked = LintMigrationsOptions(since="main", severity={"dropped-column": "off (unused)"})
    outcome = run(asked, there(tmp_path, DROP))
    assert outcome.verdict.reasons[0].what == (
        "no known break in 1 migration but for what is allowed (1)"
    )


def test_a_matter_of_taste_is_found_when_it_is_asked_for(tmp_path: Path) -> None:
    text = "CREATE TABLE lines (n int);"
    asked = LintMigrationsOptions(since="main", enable=("narrow-integer",))
    found = run(asked, there(tmp_path, text)).findings
    assert [each.rule for each in found] == ["narrow-integer"]
    assert run(LintMigrationsOptions(since="main"), there(tmp_path, text)).findings == ()


def test_a_baseline_accepts_what_was_there_and_nothing_new(tmp_path: Path) -> None:
    asked = LintMigrationsOptions(since="main", baseline="base.json", write_baseline=True)
    assert run(asked, there(tmp_path, DROP)).verdict.answer is Answer.YES
    asked = LintMigrationsOptions(since="main", baseline="base.json")
    assert run(asked, there(tmp_path, DROP)).verdict.answer is Answer.YES
    outcome = run(asked, there(tmp_path, DROP, NEW))
    assert outcome.verdict.answer is Answer.NO
    assert set(suppressed(outcome)) == {"changed-result-type", "dropped-column"}


def test_a_baseline_counts_as_it_stands_on_the_target_branch(tmp_path: Path) -> None:
    asked = LintMigrationsOptions(since="main", baseline="base.json", write_baseline=True)
    run(asked, there(tmp_path, DROP))
    written = (tmp_path / "base.json").read_bytes()
    asked = LintMigrationsOptions(since="main", baseline="base.json")
    new = there(tmp_path, DROP, context=PULL_REQUEST)
    assert run(asked, new).verdict.answer is Answer.NO
    old = there(
        tmp_path, DROP, contents={("origin/main", "base.json"): written}, context=PULL_REQUEST
    )
    assert run(asked, old).verdict.answer is Answer.YES


def test_writing_a_baseline_in_a_pull_request_accepts_nothing_yet(tmp_path: Path) -> None:
    asked = LintMigrationsOptions(since="main", baseline="base.json", write_baseline=True)
    outcome = run(asked, there(tmp_path, DROP, context=PULL_REQUEST))
    assert outcome.verdict.answer is Answer.NO
    assert b"dropped-column" in (tmp_path / "base.json").read_bytes()


def test_a_baseline_that_is_not_there_cannot_be_told(tmp_path: Path) -> None:
    with pytest.raises(CannotTell):
        run(LintMigrationsOptions(since="main", baseline="none.json"), there(tmp_path, DROP))


def test_writing_a_baseline_wants_a_file(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no file is named"):
        run(LintMigrationsOptions(since="main", write_baseline=True), there(tmp_path, DROP))


def test_a_finding_says_where_it_ends_on_its_line(tmp_path: Path) -> None:
    outcome = run(LintMigrationsOptions(since="main"), there(tmp_path, f"-- é\n{NEW}"))
    (place,) = next(x.locations for x in outcome.findings if x.rule == "blocking-index")
    assert (place.line, place.column, place.end_line, place.end_column) == (2, 1, 2, 29)
