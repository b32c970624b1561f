"""Records that a change brought along in its own checkout do not let it in."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from msgspec import structs

from cdkit.core.context import BuildContext
from cdkit.core.doors.git import GitRepository
from cdkit.core.doors.process import SystemProcesses
from cdkit.core.errors import CannotTell
from cdkit.core.verdict import Answer
from cdkit.core.world import World
from cdkit.gate.policy import Policy
from cdkit.steps.gate_planted import planted
from tests.worlds import FakeGit, world

NOBODY = Policy(version=1)


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a checkout with a record in planted/, where it is committed, and none in left/."""
    checkout = tmp_path / "checkout"
    for name in ("planted/records", "left/records", "app"):
        (checkout / name).mkdir(parents=True)
    (checkout / "planted/records/a.json").write_text("{}")
    (checkout / "app/main.py").write_text("")
    (checkout / "link").symlink_to("left")
    git(checkout, "init", "-q", "-b", "main")
    git(checkout, "add", "-A")
    git(checkout, "commit", "-q", "-m", "one")
    (checkout / "left/records/b.json").write_text("{}")
    return checkout


def around(folder: Path, system: str = "github") -> World:
    found = GitRepository(SystemProcesses(), str(folder))
    return world(folder, git=found, context=BuildContext(system=system))


@pytest.mark.parametrize(
    ("records", "brought"),
    [
        ("planted/records", "planted/records/a.json"),
        ("./planted/records/", "planted/records/a.json"),
        ("left/records, planted/records", "planted/records/a.json"),
        ("left/../planted/records", "planted/records/a.json"),
        ("planted", "planted/records/a.json"),
        (".", "app/main.py"),
        ("link/records", "link"),
    ],
)
def test_records_that_git_has_may_be_the_changes_own(
    folder: Path, records: str, brought: str
) -> None:
    (reason,) = planted(records, NOBODY, around(folder))
    assert reason.answer is Answer.CANNOT_TELL
    assert reason.what == (
        f"records came with the checkout ({brought}): the change under judgement may have written"
        " them itself"
    )


def test_an_absolute_path_into_the_checkout_is_one_too(folder: Path) -> None:
    (reason,) = planted(f"{folder}/planted/records", NOBODY, around(folder))
    assert "planted/records/a.json" in reason.what
    (reason,) = planted(f"{folder}/planted/records", NOBODY, around(folder / "app"))
    assert "../planted/records/a.json" in reason.what


@pytest.mark.parametrize(
    "records", ["left/records", "nothing", "oci://registry.example/a", "left/records,s3://b/p"]
)
def test_what_the_steps_of_this_run_left_is_fine(folder: Path, records: str) -> None:
    assert planted(records, NOBODY, around(folder)) == ()


def test_a_folder_outside_of_the_checkout_is_fine(folder: Path) -> None:
    (folder.parent / "records").mkdir()
    assert planted(f"{folder.parent}/records", NOBODY, around(folder)) == ()
    assert planted("../records", NOBODY, around(folder)) == ()


def test_on_a_laptop_or_where_all_is_signed_nobody_plants_anything(folder: Path) -> None:
    assert planted("planted/records", NOBODY, around(folder, "terminal")) == ()
    signed = structs.replace(NOBODY, signed_by=("ci",))
    assert planted("planted/records", signed, around(folder)) == ()


def test_without_a_checkout_nothing_came_with_it(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    assert planted("records", NOBODY, around(tmp_path)) == ()


class Deaf(FakeGit):
    def files(self, revision: str, folder: str) -> tuple[str, ...]:
        raise CannotTell(f"git ls-tree failed at {revision}:{folder}", remedy="mend it")


def test_a_git_that_cannot_say_is_a_doubt(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    deaf = world(tmp_path, git=Deaf(), context=BuildContext(system="github"))
    (reason,) = planted("records", NOBODY, deaf)
    assert reason.what.startswith("nobody can tell whether records came with the checkout: ")
