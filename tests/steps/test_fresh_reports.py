"""A report that was there before the tests ran proves nothing of this run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cdkit.core.context import BuildContext
from cdkit.core.doors.git import GitRepository
from cdkit.core.doors.process import SystemProcesses
from cdkit.core.errors import CannotTell
from cdkit.core.step import Outcome
from cdkit.core.verdict import Answer
from cdkit.core.world import World
from cdkit.steps.record_evidence import STEP, RecordEvidenceOptions
from tests.evidence.doubles import IMAGE
from tests.worlds import FakeGit, world

PASSED = '<testsuite tests="1"><testcase classname="a" name="b" time="0.1"/></testsuite>\n'


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a checkout that holds a report, which a link leads to, and an empty folder."""
    checkout = tmp_path / "checkout"
    for name in ("old", "new", "app"):
        (checkout / name).mkdir(parents=True)
    (checkout / "old/junit.xml").write_text(PASSED)
    (checkout / "link").symlink_to("old")
    git(checkout, "init", "-q", "-b", "main")
    git(checkout, "add", "-A")
    git(checkout, "commit", "-q", "-m", "one")
    return checkout


def around(folder: Path, system: str = "github") -> World:
    found = GitRepository(SystemProcesses(), str(folder))
    return world(folder, git=found, context=BuildContext(system=system))


def record(outside: World, path: str) -> Outcome:
    return STEP.run(RecordEvidenceOptions(reports={"unit": path}, image=IMAGE), outside)


@pytest.mark.parametrize("path", ["old/junit.xml", "old/*.xml", "link/junit.xml", "**/junit.xml"])
def test_a_report_that_came_with_the_checkout_is_none_of_this_run(folder: Path, path: str) -> None:
    verdict = record(around(folder), path).verdict
    assert verdict.answer is Answer.CANNOT_TELL
    assert {reason.what for reason in verdict.reasons} == {
        "unit: came with the checkout, and no test of this run wrote it"
    }
    assert verdict.reasons[0].remedy.endswith("`git rm --cached old/junit.xml`")


def test_from_a_folder_of_the_checkout_it_is_known_too(folder: Path) -> None:
    verdict = record(around(folder / "app"), f"{folder}/old/junit.xml").verdict
    assert verdict.answer is Answer.CANNOT_TELL


def test_a_report_that_the_tests_wrote_counts(folder: Path) -> None:
    (folder / "new/junit.xml").write_text(PASSED)
    assert record(around(folder), "new/junit.xml").verdict.answer is Answer.YES
    (folder / "old/junit.xml").write_text(PASSED.replace("0.1", "0.2"))
    assert record(around(folder), "old/junit.xml").verdict.answer is Answer.YES


def test_on_a_laptop_or_outside_of_git_a_report_is_what_it_is(folder: Path) -> None:
    assert record(around(folder, "terminal"), "old/junit.xml").verdict.answer is Answer.YES
    (folder.parent / "junit.xml").write_text(PASSED)
    assert record(around(folder), f"{folder.parent}/junit.xml").verdict.answer is Answer.YES
    assert record(around(folder.parent), "junit.xml").verdict.answer is Answer.YES


class Deaf(FakeGit):
    def files(self, revision: str, folder: str) -> tuple[str, ...]:
        raise CannotTell(f"git ls-tree failed at {revision}:{folder}", remedy="mend it")


def test_where_git_does_not_say_nobody_can_tell(tmp_path: Path) -> None:
    """As where the checkout is another user's, whom git does not trust."""
    (tmp_path / "junit.xml").write_text(PASSED)
    deaf = world(tmp_path, git=Deaf(), context=BuildContext(system="github"))
    verdict = record(deaf, "junit.xml").verdict
    assert verdict.answer is Answer.CANNOT_TELL
    assert "nobody can tell whether it came with the checkout" in verdict.reasons[0].what
    assert "safe.directory" in verdict.reasons[0].remedy
