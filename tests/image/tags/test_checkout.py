"""What tags, labels and notes make of the checkout: shallow, unreadable, of another commit."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdkit.core.context import BuildContext
from cdkit.core.errors import CannotTell
from cdkit.core.world import Head
from cdkit.steps.tag_image import TagImageOptions, TagImageOutputs, run
from tests.worlds import COMMIT, TREE, FakeGit, world

TAG = Head(commit=COMMIT, tree=TREE)


def test_a_shallow_clone_tells_no_distance_from_a_git_tag(tmp_path: Path) -> None:
    shallow = Head(commit=COMMIT, tree=TREE, shallow=True)
    asked = TagImageOptions(repository="ghcr.io/acme/orders", tag_from=("describe",))

    for described in (COMMIT[:7], "v1.2.3-4-gabcdef0"):
        with pytest.raises(CannotTell, match="the clone is shallow") as caught:
            run(asked, world(tmp_path, git=FakeGit(at=shallow, tag=described)))
        assert "fetch-depth: 0" in caught.value.remedy
    assert run(asked, world(tmp_path, git=FakeGit(at=shallow, tag="v1.2.3"))).data.endswith(
        ":v1.2.3"
    )


class _Refusing(FakeGit):
    """A checkout of another user's, which git does not read."""

    def head(self) -> Head:
        raise CannotTell("git rev-parse failed: fatal: detected dubious ownership", remedy="own it")


@pytest.mark.parametrize(
    "rule", ["type=sha", "type=ref,event=branch", "type=raw,value=x,prefix={{sha}}-"]
)
def test_no_tag_claims_a_commit_where_git_does_not_read_the_checkout(
    rule: str, tmp_path: Path
) -> None:
    context = BuildContext(system="github", run="7", attempt=1, commit=COMMIT, branch="main")
    outside = world(tmp_path, git=_Refusing(), context=context)

    with pytest.raises(CannotTell, match="the state of the working tree is not known") as caught:
        run(TagImageOptions(repository="ghcr.io/acme/orders", tags=(rule,)), outside)
    assert "detected dubious ownership" in caught.value.what
    assert "safe.directory" in caught.value.remedy


def test_what_claims_no_commit_is_named_where_git_does_not_read_the_checkout(
    tmp_path: Path,
) -> None:
    context = BuildContext(system="github", run="7", attempt=1, commit=COMMIT)
    outside = world(tmp_path, git=_Refusing(), context=context)

    found = run(TagImageOptions(repository="ghcr.io/acme/orders"), outside)

    assert found.data == "ghcr.io/acme/orders:build-7-1"
    assert isinstance(found.outputs, TagImageOutputs)
    assert COMMIT not in found.outputs.labels
    assert found.notes[1] == (
        "Git does not tell what is checked out, so no commit is claimed: "
        "git rev-parse failed: fatal: detected dubious ownership."
    )


def test_a_git_tags_run_on_another_commit_is_told(tmp_path: Path) -> None:
    asked = TagImageOptions(repository="ghcr.io/acme/orders", tags=("type=ref,event=tag",))
    tagged = BuildContext(system="github", tag="v1.2.3", commit="d" * 40)

    found = run(asked, world(tmp_path, git=FakeGit(at=TAG), context=tagged))

    assert found.notes[-1] == (
        f"The run is of the git tag 'v1.2.3' on {'d' * 40}, and {COMMIT} is checked out: "
        "a name of it misleads."
    )
    same = BuildContext(system="github", tag="v1.2.3", commit=COMMIT)
    assert not any(
        "checked out" in note
        for note in run(asked, world(tmp_path, git=FakeGit(at=TAG), context=same)).notes
    )
