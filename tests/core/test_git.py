from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cdkit.core.doors.git import GitRepository
from cdkit.core.doors.process import SystemProcesses
from cdkit.core.errors import CannotTell, Missing
from cdkit.core.world import Change
from tests.worlds import NoProcesses


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, under a made-up name."""
    who = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    git(checkout, "init", "-q", "-b", "main")
    (checkout / "app").mkdir()
    (checkout / "app" / "a.sql").write_text("SELECT 1;\n")
    git(checkout, "add", "-A")
    git(checkout, "commit", "-q", "-m", "one")
    return checkout


def door(folder: Path) -> GitRepository:
    return GitRepository(SystemProcesses(), str(folder))


def test_a_clean_checkout_tells_commit_tree_and_branch(folder: Path) -> None:
    head = door(folder).head()
    assert head.commit == git(folder, "rev-parse", "HEAD")
    assert head.tree == git(folder, "rev-parse", "HEAD^{tree}")
    assert (head.branch, head.dirty, head.shallow) == ("main", False, False)


def test_a_changed_file_makes_it_dirty(folder: Path) -> None:
    (folder / "app" / "a.sql").write_text("SELECT 2;\n")
    head = door(folder).head()
    assert (head.dirty, head.untracked) == (True, False)


def test_a_new_file_is_told_apart_from_a_changed_one(folder: Path) -> None:
    (folder / "new file\n.sql").write_text("SELECT 2;\n")
    head = door(folder).head()
    assert (head.dirty, head.untracked) == (False, True)


@pytest.mark.parametrize("place", [".cdkit/records", "app/.cdkit"])
def test_what_cdkit_itself_keeps_makes_nothing_dirty(folder: Path, place: str) -> None:
    (folder / place).mkdir(parents=True)
    (folder / place / "fact.json").write_text("{}\n")
    head = door(folder).head()
    assert (head.dirty, head.untracked) == (False, False)


def test_a_detached_head_has_no_branch(folder: Path) -> None:
    git(folder, "checkout", "-q", "--detach")
    assert door(folder).head().branch == ""


def test_a_shallow_clone_says_so_and_what_to_fetch(folder: Path, tmp_path: Path) -> None:
    (folder / "b").write_text("")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "two")
    git(tmp_path, "clone", "-q", "--depth", "1", folder.as_uri(), "shallow")
    shallow = door(tmp_path / "shallow")
    assert shallow.head().shallow
    with pytest.raises(CannotTell) as caught:
        shallow.changes("HEAD~1")
    assert "--unshallow" in caught.value.remedy


def test_no_repository_is_cannot_tell_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(CannotTell) as caught:
        door(tmp_path).head()
    assert "checkout" in caught.value.remedy


def test_no_commit_yet_is_cannot_tell(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    with pytest.raises(CannotTell):
        door(tmp_path).head()


def test_changes_are_those_of_commits_working_tree_and_new_files(folder: Path) -> None:
    first = git(folder, "rev-parse", "HEAD")
    (folder / "app" / "b.sql").write_text("SELECT 2;\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "two")
    (folder / "app" / "a.sql").write_text("SELECT 3;\n")
    (folder / "app" / "c 'x'\n.sql").write_text("SELECT 4;\n")
    assert set(door(folder).changes(first)) == {
        Change(status="A", path="app/b.sql"),
        Change(status="M", path="app/a.sql"),
        Change(status="A", path="app/c 'x'\n.sql"),
    }


@pytest.fixture
def behind(folder: Path) -> Path:
    """A branch that adds, edits and removes files, and left main before it did the same."""
    for name in "bcd":
        (folder / name).write_text(f"{name}\n" * 5)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "common")
    git(folder, "branch", "feature")
    (folder / "b").write_text("edited by main\n")
    (folder / "d").unlink()
    (folder / "main's").write_text("the same text in both of them\n" * 9)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "main")
    git(folder, "checkout", "-q", "feature")
    (folder / "c").unlink()
    (folder / "ours").write_text("the same text in both of them\n" * 9 + "nearly\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "feature")
    return folder


def test_what_only_main_changed_since_a_branch_left_is_no_change_of_the_branch(
    behind: Path,
) -> None:
    assert set(door(behind).changes("main")) == {
        Change(status="D", path="c"),
        Change(status="A", path="ours"),
    }
    assert door(behind).missing("main") == ("main's",)
    assert not door(behind).missing("HEAD~1")


def test_after_the_merge_nothing_of_main_is_missing(behind: Path) -> None:
    git(behind, "merge", "-q", "--no-edit", "main")
    assert not door(behind).missing("main")
    assert {each.path for each in door(behind).changes("main")} == {"c", "ours"}


def test_of_branches_that_crossed_the_change_is_what_differs_from_each_base(folder: Path) -> None:
    for name in ("one", "two"):
        git(folder, "checkout", "-q", "-b", name, "main")
        (folder / name).write_text(name)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", name)
    git(folder, "merge", "-q", "--no-edit", "one")
    git(folder, "checkout", "-q", "one")
    git(folder, "merge", "-q", "--no-edit", "two^1")
    (folder / "three").write_text("three")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "three")
    assert len(git(folder, "merge-base", "--all", "one", "two").split()) == 2
    assert door(folder).changes("two") == (Change(status="A", path="three"),)


def test_a_shallow_clone_leaves_nothing_out(behind: Path, tmp_path: Path) -> None:
    options = ("-q", "--depth", "1", "--no-single-branch", "-b", "feature")
    git(tmp_path, "clone", *options, behind.as_uri(), "shallow")
    shallow = door(tmp_path / "shallow")
    assert Change(status="M", path="b") in shallow.changes("origin/main")
    assert not shallow.missing("origin/main")


def test_files_that_git_does_not_keep_are_strangers(behind: Path) -> None:
    (behind / ".gitignore").write_text("ignored\n")
    (behind / "ignored").write_text("")
    (behind / "other").mkdir()
    git(behind / "other", "init", "-q")
    (behind / "other" / "a.sql").write_text("")
    asked = ["app/a.sql", "./b", "d", "ignored", "other/a.sql", "../x", "/x"]
    assert door(behind).strangers("main", asked) == ("../x", "/x", "ignored", "other/a.sql")


def test_in_a_folder_of_the_checkout_paths_are_relative_to_it(folder: Path) -> None:
    first = git(folder, "rev-parse", "HEAD")
    (folder / "app" / "b.sql").write_text("SELECT 2;\n")
    inside = door(folder / "app")
    assert inside.changes(first) == (Change(status="A", path="b.sql"),)
    assert inside.read("HEAD", "a.sql") == b"SELECT 1;\n"
    assert inside.files("HEAD", ".") == ("a.sql",)


def test_a_file_above_the_working_directory_is_read_by_its_way_there(folder: Path) -> None:
    (folder / "top.yaml").write_text("top\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "two")
    assert door(folder / "app").read("HEAD", "../top.yaml") == b"top\n"
    assert door(folder).read("HEAD", "./app/../top.yaml") == b"top\n"


@pytest.mark.parametrize("path", ["app/nothing.sql", "../top.yaml", "/app/a.sql", "..", ""])
def test_a_file_of_a_revision_is_missing_where_it_was_not(folder: Path, path: str) -> None:
    with pytest.raises(Missing):
        door(folder).read("HEAD", path)


def test_a_folder_and_a_submodule_of_a_revision_are_not_taken_for_files(folder: Path) -> None:
    commit = git(folder, "rev-parse", "HEAD").strip()
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{commit},vendor")
    git(folder, "commit", "-q", "-m", "two")
    for path, what in (("app", "is a folder in HEAD"), ("vendor", "is a submodule in HEAD")):
        with pytest.raises(CannotTell, match=what):
            door(folder).read("HEAD", path)


def test_a_symbolic_link_in_a_revision_is_not_taken_for_a_file(folder: Path) -> None:
    (folder / "link.sql").symlink_to("app/a.sql")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "two")
    with pytest.raises(CannotTell, match="is a symbolic link in HEAD"):
        door(folder).read("HEAD", "link.sql")


@pytest.mark.parametrize("revision", ["no-such-branch", "--output=pwned", "", "HEAD~99"])
def test_an_unknown_revision_is_cannot_tell(folder: Path, revision: str) -> None:
    with pytest.raises(CannotTell):
        door(folder).resolve(revision)
    assert not (folder / "pwned").exists()


def test_a_password_in_the_remote_is_left_out(folder: Path) -> None:
    git(folder, "remote", "add", "origin", "https://x-token:s3cret@example.com/acme/orders.git")
    assert door(folder).head().remote_url == "https://example.com/acme/orders.git"


def test_a_commit_tells_when_it_was_made(folder: Path) -> None:
    date = "2020-01-09T23:45:01+01:00"
    env = {"GIT_COMMITTER_DATE": date, "PATH": os.environ["PATH"]}
    who = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(
        ["git", *who, "commit", "-q", "--allow-empty", "-m", "two"],
        cwd=folder,
        env=env,
        check=True,
    )

    assert door(folder).committed_at("HEAD").isoformat() == date
    with pytest.raises(CannotTell, match="knows no revision"):
        door(folder).committed_at("c" * 40)


@pytest.mark.parametrize("name", ["a[1]", "a*", ":a", ":(top)a"])
def test_the_files_of_a_folder_are_those_of_no_other_whatever_it_is_called(
    folder: Path, name: str
) -> None:
    for place in (name, "a1", "aa", "a"):
        (folder / place).mkdir()
        (folder / place / "new").touch()
    (folder / name / ".gitignore").write_text("ignored\n")
    (folder / name / "ignored").touch()

    assert door(folder).unignored(name) == (f"{name}/.gitignore", f"{name}/new")


def test_tags_that_are_no_utf_8_are_told_apart(folder: Path) -> None:
    described = []
    for name in (b"v\xe8", b"v\xe9"):
        subprocess.run([b"git", b"tag", name], cwd=folder, check=True)
        described.append(door(folder).describe())
        subprocess.run([b"git", b"tag", b"-d", name], cwd=folder, check=True, capture_output=True)

    assert [os.fsencode(name) for name in described] == [b"v\xe8", b"v\xe9"]


def test_outside_a_checkout_the_head_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="there is no git repository here"):
        door(tmp_path).head()


def test_where_no_repository_can_be_git_is_not_even_started(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="there is no git repository here"):
        GitRepository(NoProcesses(), str(tmp_path)).head()


def test_a_bare_repository_is_there_and_is_no_checkout(folder: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(folder), "bare")

    with pytest.raises(CannotTell, match="must be run in a work tree") as caught:
        door(tmp_path / "bare" / "objects").head()
    assert not isinstance(caught.value, Missing)


def test_a_repository_that_the_environment_names_is_found(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("GIT_DIR", str(folder / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(folder))

    assert door(elsewhere).head().branch == "main"


def test_a_checkout_that_git_refuses_to_read_is_not_missing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(CannotTell, match="git rev-parse failed: fatal: detected dubious") as caught:
        door(folder / "app").head()
    assert not isinstance(caught.value, Missing)


def test_a_checkout_without_a_commit_is_not_missing(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")

    with pytest.raises(CannotTell, match="git rev-parse failed") as caught:
        door(tmp_path).head()
    assert not isinstance(caught.value, Missing)


def test_a_commit_is_in_the_history_of_those_after_it(folder: Path) -> None:
    git(folder, "tag", "v1")
    git(folder, "commit", "-q", "--allow-empty", "-m", "two")
    assert door(folder).is_ancestor("v1", "HEAD")
    assert door(folder).is_ancestor("HEAD", "HEAD")
    assert not door(folder).is_ancestor("HEAD", "v1")


def test_an_unknown_commit_is_in_no_history_that_can_be_told(folder: Path) -> None:
    for commit, of in (("f" * 40, "HEAD"), ("HEAD", "v9"), ("--all", "HEAD")):
        with pytest.raises(CannotTell):
            door(folder).is_ancestor(commit, of)


def test_a_shallow_clone_cannot_say_that_a_commit_is_not_in_a_history(
    folder: Path, tmp_path: Path
) -> None:
    git(folder, "commit", "-q", "--allow-empty", "-m", "two")
    git(tmp_path, "clone", "-q", "--depth", "1", folder.as_uri(), "shallow")
    shallow = tmp_path / "shallow"
    git(shallow, "fetch", "-q", "--depth", "1", "origin", git(folder, "rev-parse", "HEAD~1"))
    with pytest.raises(CannotTell) as caught:
        door(shallow).is_ancestor("FETCH_HEAD", "HEAD")
    assert "--unshallow" in caught.value.remedy


def test_a_tag_cannot_stand_for_a_branch_of_the_remote(folder: Path, tmp_path: Path) -> None:
    git(folder, "clone", "-q", ".", str(tmp_path / "clone"))
    clone = tmp_path / "clone"
    good = git(clone, "rev-parse", "refs/remotes/origin/main")
    git(clone, "commit", "-q", "--allow-empty", "-m", "of the change")
    git(clone, "tag", "origin/main")
    git(clone, "branch", "origin/main")
    assert door(clone).resolve("origin/main") == good
    assert door(clone).resolve("HEAD") != good


@pytest.mark.parametrize("branch", ["refs/heads/v1", "refs/remotes/origin/v1"])
def test_a_name_of_a_tag_and_of_a_branch_that_differ_names_nothing(
    folder: Path, branch: str
) -> None:
    git(folder, "tag", "v1")
    one = git(folder, "rev-parse", "HEAD")
    git(folder, "update-ref", branch, one)
    assert door(folder).resolve("v1") == one
    git(folder, "commit", "-q", "--allow-empty", "-m", "two")
    git(folder, "update-ref", branch, "HEAD")
    with pytest.raises(CannotTell, match="'v1' is a tag and a branch") as caught:
        door(folder).resolve("v1")
    assert caught.value.remedy == f"write which one: refs/tags/v1 or {branch}"
    assert door(folder).resolve("refs/tags/v1") == one
    assert door(folder).resolve(branch) == git(folder, "rev-parse", "HEAD")


def test_the_commits_that_touch_a_path_are_those_of_side_branches_too(folder: Path) -> None:
    made = {}
    since = git(folder, "rev-parse", "HEAD")

    def commit(path: str, text: str) -> None:
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", path)
        made[path + text] = git(folder, "rev-parse", "HEAD")

    git(folder, "checkout", "-q", "-b", "side")
    commit("app/b", "1")
    commit("app/b", "2")
    git(folder, "rm", "-q", "app/b")
    git(folder, "commit", "-q", "-m", "gone again")
    gone = git(folder, "rev-parse", "HEAD")
    git(folder, "checkout", "-q", "main")
    commit("app[1]/c", "3")
    commit("pay/d", "4")
    git(folder, "merge", "-q", "--no-ff", "-m", "merged", "side")
    until = git(folder, "rev-parse", "HEAD")
    for there in (door(folder), door(folder / "pay")):
        assert there.touching(since, until, ["app"]) == {made["app/b1"], made["app/b2"], gone}
        assert there.touching(since, until, ["app[1]", "pay/d"]) == {
            made["app[1]/c3"],
            made["pay/d4"],
        }
        assert there.touching(since, until, ["nothing", "*"]) == frozenset()
    with pytest.raises(CannotTell):
        door(folder).touching("0" * 40, until, ["app"])


def test_the_first_commit_takes_nothing_away(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "a").write_text("a")
    git(tmp_path, "add", "-A")
    assert door(tmp_path).taken_away() == ()


def test_what_is_not_in_a_repository_cannot_be_told(tmp_path: Path) -> None:
    with pytest.raises(CannotTell):
        door(tmp_path).taken_away()


def test_what_is_staged_to_go_or_to_be_renamed_is_taken_away(folder: Path) -> None:
    (folder / "app" / "b.sql").write_text("SELECT 'b';\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "two")
    git(folder, "mv", "app/a.sql", "app/c.sql")
    (folder / "app" / "b.sql").unlink()
    renamed = Change(status="R", path="app/c.sql", old_path="app/a.sql")
    assert door(folder).taken_away() == (renamed,)
    git(folder, "add", "-A")
    assert set(door(folder).taken_away()) == {renamed, Change(status="D", path="app/b.sql")}


def test_what_no_other_branch_has_yet_can_go(folder: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(folder), str(clone))
    git(clone, "checkout", "-q", "-b", "feature")
    (clone / "app" / "ours.sql").write_text("SELECT 'ours';\n")
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "ours")
    git(clone, "rm", "-q", "app/ours.sql", "app/a.sql")
    assert door(clone).taken_away() == (Change(status="D", path="app/a.sql"),)


def test_in_a_merge_what_the_other_side_took_away_is_not_the_commits_doing(folder: Path) -> None:
    (folder / "app" / "b.sql").write_text("SELECT 'b';\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "two")
    git(folder, "checkout", "-q", "-b", "feature")
    git(folder, "commit", "-q", "--allow-empty", "-m", "ours")
    git(folder, "checkout", "-q", "main")
    git(folder, "rm", "-q", "app/a.sql")
    git(folder, "commit", "-q", "-m", "theirs")
    git(folder, "checkout", "-q", "feature")
    git(folder, "merge", "-q", "--no-commit", "--no-ff", "main")
    assert door(folder).taken_away() == ()
    git(folder, "rm", "-q", "app/b.sql")
    assert door(folder).taken_away() == (Change(status="D", path="app/b.sql"),)


def test_an_edit_of_what_the_remotes_main_branch_has_is_seen(folder: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(folder), str(clone))
    git(clone, "checkout", "-q", "-b", "feature")
    (clone / "app" / "ours[1].sql").write_text("SELECT 'ours';\n")
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "ours")
    git(clone, "push", "-q", "-u", "origin", "feature")
    (clone / "app" / "ours[1].sql").write_text("SELECT 'ours again';\n")
    (clone / "app" / "a.sql").write_text("SELECT 2;\n")
    git(clone, "add", "app/ours[1].sql")
    asked = ("app/a.sql", "app/ours[1].sql")
    assert door(clone).edited(asked) == ""
    git(clone, "add", "-A")
    assert door(clone).edited(asked) == git(folder, "rev-parse", "HEAD")
    assert door(clone / "app").edited(("a.sql",)) == git(folder, "rev-parse", "HEAD")
    assert door(clone).edited(asked[1:]) == ""
    assert door(clone).edited(()) == ""


def test_where_no_remote_is_known_nobody_has_what_is_edited(folder: Path) -> None:
    (folder / "app" / "a.sql").write_text("SELECT 2;\n")
    git(folder, "add", "-A")
    assert door(folder).edited(("app/a.sql",)) == ""
