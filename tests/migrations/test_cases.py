"""The cases: folders of migrations, each with what must be found in them at which line.

A folder `released` in one holds what was there before the change, `since: released` judges what is
new or another since then; a file that is only in `released` is gone.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import msgspec
import pytest
import yaml

from cdkit.core.doors.process import SystemProcesses
from cdkit.core.finding import Finding
from cdkit.core.step import Outcome
from cdkit.core.world import Change
from cdkit.steps.lint_migrations import LintMigrationsOptions, run
from tests.worlds import FakeGit, world

CASES = Path(__file__).parents[1] / "cases" / "migrations"
RELEASED = "released"
OWN = frozenset({"verdict", "findings", "suppressed", "notes", "reasons"})


def shown(finding: Finding) -> str:
    at = finding.locations[0]
    return f"{at.path.rpartition('/')[2]}:{at.line} {finding.rule} {finding.about}".strip()


def by_place(found: list[str]) -> list[str]:
    return sorted(
        found, key=lambda line: (line.split(":")[0], int(line.split(":")[1].split()[0]), line)
    )


def judged(case: Path, folder: Path, expected: dict[str, object]) -> Outcome:
    shutil.copytree(case, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(RELEASED))
    given = {key: value for key, value in expected.items() if key not in OWN}
    given = {"python": sys.executable, **given}
    options = msgspec.convert(given, LintMigrationsOptions)
    return run(options, world(folder, processes=SystemProcesses(), git=git_of(case)))


def git_of(case: Path) -> FakeGit:
    """Return a checkout in which what is released stands at the revision of that name."""
    before = files_of(case / RELEASED)
    after = {name: data for name, data in files_of(case).items() if not name.startswith(RELEASED)}
    differ = (name for name in sorted({*before, *after}) if before.get(name) != after.get(name))
    status = {(True, False): "A", (False, True): "D", (False, False): "M"}
    changed = tuple(
        Change(status=status[name not in before, name not in after], path=name) for name in differ
    )
    return FakeGit(
        changed=changed, contents={(RELEASED, name): data for name, data in before.items()}
    )


def files_of(folder: Path) -> dict[str, bytes]:
    there = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in there}


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_a_case_is_judged_as_expected(case: Path, tmp_path: Path) -> None:
    expected = yaml.safe_load((case / "expect.yaml").read_text(encoding="utf-8"))
    outcome = judged(case, tmp_path, expected)
    assert outcome.verdict.answer.value == expected["verdict"]
    counted = [shown(finding) for finding in outcome.findings if not finding.suppressed]
    assert by_place(counted) == by_place(expected["findings"])
    suppressed = [shown(finding) for finding in outcome.findings if finding.suppressed]
    wanted = expected.get("suppressed", [])
    assert len(suppressed) == len(wanted)
    assert all(any(x.startswith(y) for x in suppressed) for y in wanted)
    for note in expected.get("notes", []):
        assert any(note in said for said in outcome.notes), outcome.notes
    for what in expected.get("reasons", []):
        assert any(what in reason.what for reason in outcome.verdict.reasons)
