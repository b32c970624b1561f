"""Changes out of git: real histories, with merges and a squash."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cdkit.core.doors.git import GitRepository
from cdkit.core.doors.process import SystemProcesses
from cdkit.core.world import Commit
from cdkit.dora.commits import changes_of
from cdkit.dora.source import Merge


class Repository:
    """A repository in which each commit is made at a given hour."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, hour: int = 0) -> str:
        at = f"2026-11-23T{hour:02}:00:00Z"
        who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a"}
        times = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at, "GIT_COMMITTER_EMAIL": "a@b"}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder), **who, **times},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, hour: int) -> str:
        self.git("commit", "-q", "--allow-empty", "-m", f"at {hour}", hour=hour)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def found(repository: Repository, since: str, until: str) -> dict[str, tuple[int, int]]:
    door = GitRepository(SystemProcesses(), str(repository.folder))
    commits = door.history(since, until)
    return {
        one.commit: (one.committed_at.hour, one.merged_at.hour if one.merged_at else -1)
        for one in changes_of(commits, until=until, service="s", deployment="d")
    }


def test_a_commit_of_a_branch_was_merged_when_the_merge_was_made(repository: Repository) -> None:
    first = repository.commit(1)
    repository.git("checkout", "-q", "-b", "feature")
    one, two = repository.commit(2), repository.commit(3)
    repository.git("checkout", "-q", "main")
    direct = repository.commit(4)
    repository.git("merge", "-q", "--no-ff", "-m", "merge", "feature", hour=6)
    last = repository.commit(7)
    assert found(repository, first, last) == {
        one: (2, 6),
        two: (3, 6),
        direct: (4, 4),
        last: (7, 7),
    }


def test_without_a_beginning_everything_is_a_change(repository: Repository) -> None:
    first, last = repository.commit(1), repository.commit(2)
    assert found(repository, "", last) == {first: (1, 1), last: (2, 2)}


def test_a_commit_that_was_rebased_was_written_when_it_was_written(repository: Repository) -> None:
    first = repository.commit(1)
    repository.git(
        "commit", "-q", "--allow-empty", "-m", "x", "--date", "2026-11-23T02:00:00Z", hour=9
    )
    last = repository.git("rev-parse", "HEAD")
    assert found(repository, first, last) == {last: (2, 9)}


def test_times_carry_their_zone(repository: Repository) -> None:
    last = repository.commit(5)
    door = GitRepository(SystemProcesses(), str(repository.folder))
    (commit,) = door.history("", last)
    assert commit.committed_at == datetime(2026, 11, 23, 5, tzinfo=UTC)


def test_a_forge_knows_when_a_change_was_merged_and_what_a_squash_holds(
    repository: Repository,
) -> None:
    first, one, two = repository.commit(1), repository.commit(2), repository.commit(3)
    door = GitRepository(SystemProcesses(), str(repository.folder))
    at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    (written,) = door.history("", first)
    merge = Commit(name="m", parents=("x", "y"), authored_at=at, committed_at=at)
    merges = {
        one: Merge(commit=one, at=at, written=(merge, written)),
        two: Merge(commit=two, at=at.replace(hour=10)),
    }
    changes = changes_of(
        door.history(first, two), until=two, service="s", deployment="d", merges=merges
    )
    assert {each.commit: each.committed_at.hour for each in changes} == {first: 1, two: 3}
    assert {each.commit: each.merged_at for each in changes} == {
        first: at,
        two: at.replace(hour=10),
    }
