"""Which branch's files count, and what came with a checkout: nothing judges itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.brought import brought_along
from cdkit.core.context import BuildContext
from cdkit.core.protected import protected_branch
from tests.worlds import COMMIT, FakeGit, world


@pytest.mark.parametrize(
    ("context", "branch"),
    [
        ({"branch": "feature", "default_branch": "main"}, "main"),
        ({"branch": "main", "default_branch": "main"}, ""),
        ({"branch": "feature", "target_branch": "release", "default_branch": "main"}, "release"),
        ({"branch": "main", "default_branch": "main", "pull_request": "7"}, "main"),
        ({"branch": "main", "target_branch": "main", "pull_request": "7"}, "main"),
        ({"branch": "main", "default_branch": "main", "event": "pull_request_target"}, "main"),
        ({"branch": "main", "default_branch": "main", "commit": COMMIT}, ""),
        ({"branch": "main", "default_branch": "main", "commit": COMMIT[:8]}, ""),
        ({"branch": "main", "default_branch": "main", "commit": "HEAD"}, ""),
        ({"branch": "main", "default_branch": "main", "commit": "d" * 40}, "main"),
        ({"tag": "v1", "default_branch": "main"}, ""),
        ({"branch": "feature"}, ""),
    ],
)
def test_a_changes_own_files_do_not_count(
    tmp_path: Path, context: dict[str, str], branch: str
) -> None:
    """A fork's own main, which wants to enter another's, is a change like any other.

    So is what a job checked out that a change's run started in the name of the default branch.
    """
    told = BuildContext(system="jenkins", **context)  # type: ignore[arg-type]
    assert protected_branch(world(tmp_path, context=told)) == branch


@pytest.mark.parametrize(
    ("path", "brought"),
    [
        ("a/b/c.json", "a/b/c.json"),
        ("a/b", "a/b/c.json"),
        ("./a//b/../b/", "a/b/c.json"),
        ("a", "a/b/c.json"),
        (".", "a/b/c.json"),
        ("link/records", "link"),
        ("a/bb", ""),
        ("a/b/d.json", ""),
        ("nothing", ""),
    ],
)
def test_what_git_has_at_below_or_above_a_path_was_brought_along(
    tmp_path: Path, path: str, brought: str
) -> None:
    files = {("HEAD", name): b"" for name in ("a/b/c.json", "link", "z")}
    found = brought_along(world(tmp_path, git=_Whole(contents=files)))
    assert found(path) == brought
    assert found(str(tmp_path.parent / "records")) == ""


class _Whole(FakeGit):
    """Lists all that it has for `.`, as git does."""

    def files(self, revision: str, folder: str) -> tuple[str, ...]:
        if folder != ".":
            return super().files(revision, folder)
        return tuple(sorted(name for _, name in self.contents))
