"""Where the policy comes from, and that the change cannot bring its own."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from cdkit.core.context import BuildContext
from cdkit.core.digest import sha256
from cdkit.core.doors.git import GitRepository
from cdkit.core.doors.process import SystemProcesses
from cdkit.core.errors import CannotTell, ConfigError, Missing, RequestError
from cdkit.core.verdict import Answer
from cdkit.core.world import Head, World
from cdkit.gate.policy import DEFAULT
from cdkit.gate.source import FoundPolicy, find_policy
from tests.worlds import COMMIT, TREE, FakeGit
from tests.worlds import world as worlds_world

OTHER_COMMIT = "d" * 40
STRICT = b"version: 1\nstages: [{name: deployment, enter: [{evidence: unit}]}]\n"
LAX = b"version: 1\nstages: [{name: deployment, enter: [{evidence: lint}]}]\n"


@dataclass
class Repository(FakeGit):
    """A repository that knows some revisions, and tells an unknown one from a missing file."""

    commits: Mapping[str, str] = ()  # type: ignore[assignment]

    def resolve(self, revision: str) -> str:
        if revision not in dict(self.commits):
            raise CannotTell(f"git knows no revision {revision}", remedy="fetch it")
        return dict(self.commits)[revision]

    def read(self, revision: str, path: str) -> bytes:
        self.resolve(revision)
        return super().read(revision, path)


def repository(**contents: bytes) -> Repository:
    """Return a repository at a commit of a feature branch, with these revisions' policies."""
    named = {name.replace("__", "/"): data for name, data in contents.items()}
    commits = dict.fromkeys(("origin/main", "main", "v1", *named), OTHER_COMMIT)
    return Repository(
        at=Head(commit=COMMIT, tree=TREE, branch="feature"),
        contents={(name, "policy.yaml"): data for name, data in named.items()},
        commits=commits | {"HEAD": COMMIT, "feature": COMMIT, "origin/feature": COMMIT},
    )


def world(folder: Path, git: Repository, **context: str) -> World:
    known = BuildContext(system="github" if context else "terminal")
    (folder / "policy.yaml").write_bytes(LAX)
    return worlds_world(folder, git=git, context=msgspec.structs.replace(known, **context))


def asks(found: FoundPolicy) -> str:
    return found.policy.stages[0].enter[0].evidence


def test_without_a_policy_the_one_built_in_counts(tmp_path: Path) -> None:
    found = find_policy("", world(tmp_path, repository()))
    assert found.policy == DEFAULT
    assert found.source.protected
    assert found.source.where.startswith("built into cdkit")


def test_in_ci_a_file_is_read_from_the_branch_that_the_change_wants_to_enter(
    tmp_path: Path,
) -> None:
    at = world(tmp_path, repository(origin__main=STRICT), target_branch="main", branch="feature")
    found = find_policy("policy.yaml", at)
    assert asks(found) == "unit"
    assert found.source.where == "origin/main:policy.yaml"
    assert found.source.digest == str(sha256(STRICT))
    assert (found.source.revision, found.source.protected) == (OTHER_COMMIT, True)
    assert (found.doubts, found.notes) == ((), ())


def test_the_target_branch_comes_before_the_default_branch(tmp_path: Path) -> None:
    git = repository(origin__main=LAX, origin__release=STRICT)
    at = world(tmp_path, git, target_branch="release", default_branch="main")
    assert asks(find_policy("policy.yaml", at)) == "unit"


@pytest.mark.parametrize("path", ["./policy.yaml", "ABSOLUTE"])
def test_another_way_to_write_the_path_changes_nothing(tmp_path: Path, path: str) -> None:
    at = world(tmp_path, repository(origin__main=STRICT), default_branch="main")
    path = str(tmp_path / "policy.yaml") if path == "ABSOLUTE" else path
    assert asks(find_policy(path, at)) == "unit"


def test_in_ci_a_policy_that_the_change_brought_along_is_a_doubt(tmp_path: Path) -> None:
    found = find_policy("policy.yaml", world(tmp_path, repository(), target_branch="main"))
    assert [reason.answer for reason in found.doubts] == [Answer.CANNOT_TELL]
    assert "brought it along" in found.doubts[0].what
    assert "merge the policy into main first" in found.doubts[0].remedy
    assert not found.source.protected


def test_in_ci_a_branch_that_was_not_fetched_cannot_tell(tmp_path: Path) -> None:
    at = world(tmp_path, repository(), target_branch="trunk")
    with pytest.raises(CannotTell, match="cannot be read from trunk") as caught:
        find_policy("policy.yaml", at)
    assert "git fetch origin trunk" in caught.value.remedy


def test_on_the_protected_branch_itself_the_checkout_will_do(tmp_path: Path) -> None:
    git = repository(HEAD=STRICT)
    git.commits = {"HEAD": COMMIT}
    found = find_policy("policy.yaml", world(tmp_path, git, default_branch="main", branch="main"))
    assert (asks(found), found.source.protected) == ("unit", True)


def test_a_pull_request_from_a_fork_s_main_is_not_on_the_protected_branch(tmp_path: Path) -> None:
    git = repository(HEAD=LAX)
    git.commits = {"HEAD": COMMIT}
    at = world(tmp_path, git, target_branch="main", branch="main", pull_request="7")
    with pytest.raises(CannotTell, match="cannot be read from main"):
        find_policy("policy.yaml", at)


def test_a_change_that_github_calls_the_branch_it_wants_to_enter_is_not_on_it(
    tmp_path: Path,
) -> None:
    """A job on pull_request_target that checked out the change: the variables are main's."""
    git = repository(HEAD=LAX)
    git.commits = {"HEAD": COMMIT}
    at = world(tmp_path, git, default_branch="main", branch="main", event="pull_request_target")
    with pytest.raises(CannotTell, match="cannot be read from main"):
        find_policy("policy.yaml", at)
    nobody_says = world(tmp_path, git, branch="main", event="pull_request_target", run="1")
    assert len(doubts(find_policy("policy.yaml", nobody_says))) == 1


def test_on_a_laptop_the_changes_own_policy_counts_with_a_note(tmp_path: Path) -> None:
    found = find_policy("policy.yaml", world(tmp_path, repository()))
    assert asks(found) == "lint"
    assert (found.source.protected, found.doubts) == (False, ())
    assert "from the change under judgement itself" in found.notes[0]


@pytest.mark.parametrize("revision", ["main", "origin/main", "v1"])
def test_a_revision_that_is_not_the_change_protects_the_policy(
    tmp_path: Path, revision: str
) -> None:
    git = repository(main=STRICT, origin__main=STRICT, v1=STRICT)
    found = find_policy(f"git:{revision}:policy.yaml", world(tmp_path, git))
    assert (asks(found), found.source.protected) == ("unit", True)
    assert found.source.where == f"{revision}:policy.yaml"
    assert found.notes == ()


@pytest.mark.parametrize("revision", ["HEAD", "feature", "origin/feature", "HEAD~0"])
def test_a_revision_that_is_the_change_protects_nothing(tmp_path: Path, revision: str) -> None:
    git = repository(**{revision.replace("/", "__"): STRICT})
    found = find_policy(f"git:{revision}:policy.yaml", world(tmp_path, git))
    assert not found.source.protected
    assert "the change under judgement itself" in found.notes[0]


@pytest.mark.parametrize("text", ["git:", "git:main", "git:main:", "git::policy.yaml"])
def test_half_a_git_address_is_a_wrong_request(tmp_path: Path, text: str) -> None:
    with pytest.raises(RequestError) as caught:
        find_policy(text, world(tmp_path, repository()))
    assert caught.value.remedy == "write git:main:policy.yaml"


def test_an_address_that_nobody_reads_is_a_wrong_request(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="cannot be read from 'gopher://x'"):
        find_policy("gopher://x", world(tmp_path, repository()))


def test_a_missing_file_cannot_tell(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        find_policy("nowhere.yaml", world(tmp_path, repository()))


def test_a_missing_file_of_a_revision_cannot_tell(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        find_policy("git:main:policy.yaml", world(tmp_path, repository()))


def test_a_faulty_policy_is_a_wrong_configuration_at_its_place(tmp_path: Path) -> None:
    git = repository(main=b"version: 1\nstage: []\n")
    with pytest.raises(ConfigError) as caught:
        find_policy("git:main:policy.yaml", world(tmp_path, git))
    assert str(caught.value.faults[-1].where) == "main:policy.yaml:2:1"


def doubts(found: FoundPolicy) -> list[str]:
    assert not found.source.protected
    return [reason.what for reason in found.doubts]


@pytest.mark.parametrize("revision", ["HEAD", "@", "feature", "origin/feature", "HEAD~0"])
def test_in_ci_a_revision_that_is_the_change_is_a_doubt(tmp_path: Path, revision: str) -> None:
    git = repository(**{revision.replace("/", "__"): LAX})
    git.commits = {**dict(git.commits), "@": COMMIT, "HEAD~0": COMMIT}
    found = find_policy(f"git:{revision}:policy.yaml", world(tmp_path, git, branch="feature"))
    assert doubts(found) == [
        f"the policy was read from {revision}, which holds the change under judgement itself"
    ]
    assert "--policy git:main:policy.yaml" in found.doubts[0].remedy


def merged(folder: Path) -> World:
    """Return a pull request's world: a fork's own main, merged with origin/main, is checked out."""

    def git(*words: str) -> None:
        who = ("-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    for number, text in enumerate((STRICT, LAX)):
        (folder / "policy.yaml").write_bytes(text)
        git("add", "policy.yaml")
        git("commit", "-q", "-m", f"{number}")
        if text is STRICT:
            git("update-ref", "refs/remotes/origin/main", "HEAD")
            git("tag", "v1")
    git("checkout", "-q", "--detach", "origin/main")
    git("merge", "-q", "--no-ff", "-m", "merge", "main")
    return merged_at(folder)


def merged_at(folder: Path) -> World:
    change = BuildContext(
        system="github", branch="main", target_branch="main", pull_request="7", event="pull_request"
    )
    door = GitRepository(SystemProcesses(), str(folder))
    return worlds_world(folder, git=door, context=change)


@pytest.mark.parametrize("revision", ["main", "refs/heads/main", "HEAD^2", "HEAD"])
def test_a_fork_s_main_that_was_checked_out_is_no_trunk(tmp_path: Path, revision: str) -> None:
    found = find_policy(f"git:{revision}:policy.yaml", merged(tmp_path))
    assert len(doubts(found)) == 1


@pytest.mark.parametrize("revision", ["origin/main", "v1", "HEAD^1", "HEAD~1"])
def test_what_the_branch_has_that_a_change_wants_to_enter_counts(
    tmp_path: Path, revision: str
) -> None:
    trusted = find_policy(f"git:{revision}:policy.yaml", merged(tmp_path))
    assert (trusted.source.protected, trusted.doubts, asks(trusted)) == (True, (), "unit")


def test_in_a_shallow_clone_the_tip_of_that_branch_counts_by_its_digest(tmp_path: Path) -> None:
    whole, shallow = tmp_path / "whole", tmp_path / "shallow"
    whole.mkdir()
    shallow.mkdir()
    tip = merged(whole).git.resolve("origin/main")

    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=shallow, check=True, capture_output=True)

    git("init", "-q")
    git("fetch", "-q", "--depth=1", f"file://{whole}", "HEAD", tip)
    git("update-ref", "refs/remotes/origin/main", tip)
    git("checkout", "-q", "--detach", "FETCH_HEAD")
    at = merged_at(shallow)
    assert find_policy(f"git:{tip}:policy.yaml", at).source.protected
    assert len(doubts(find_policy("git:HEAD:policy.yaml", at))) == 1


@pytest.mark.parametrize(
    ("branch", "pull_request", "number"),
    [("main", "", 0), ("master", "", 0), ("feature", "", 1), ("", "", 1), ("main", "7", 1)],
)
def test_in_ci_a_file_counts_only_from_a_trunk_where_nobody_says_which_branch(
    tmp_path: Path, branch: str, pull_request: str, number: int
) -> None:
    at = world(tmp_path, repository(), branch=branch, pull_request=pull_request, run="1")
    assert len(doubts(find_policy("policy.yaml", at))) == number


def test_in_ci_a_path_of_its_own_into_the_checkout_is_a_doubt(tmp_path: Path) -> None:
    checkout, service = tmp_path / "checkout", tmp_path / "checkout" / "service"
    (checkout / ".git").mkdir(parents=True)
    service.mkdir()
    (checkout / "policy.yaml").write_bytes(LAX)
    (tmp_path / "link").symlink_to(checkout)
    (tmp_path / "central.yaml").write_bytes(STRICT)
    at = world(service, repository(origin__main=STRICT), target_branch="main", branch="feature")
    for path in (f"{checkout}/policy.yaml", f"{tmp_path}/link/policy.yaml"):
        assert doubts(find_policy(path, at)) == [
            "the policy was read from the checkout by a path of its own"
        ]
    central = find_policy(f"{tmp_path}/central.yaml", at)
    assert (asks(central), central.doubts) == ("unit", ())


def test_a_doubt_of_what_is_extended_is_a_doubt_of_the_whole(tmp_path: Path) -> None:
    more = b"version: 1\nextends: git:HEAD:policy.yaml\nstages: []\n"
    git = repository(origin__main=more, HEAD=LAX)
    found = find_policy("policy.yaml", world(tmp_path, git, target_branch="main", branch="feature"))
    assert len(doubts(found)) == 1


def test_who_extends_a_policy_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_bytes(b"version: 1\nextends: base.yaml\nstages: []\n")
    with pytest.raises(Missing) as told:
        find_policy("mine.yaml", world(tmp_path, repository()))
    assert "and mine.yaml extends it" in told.value.what
    assert str(told.value.where) == "base.yaml"


@pytest.mark.parametrize(
    ("held", "environ", "doubted"),
    [
        ({"origin__main": STRICT}, {"CI": "true"}, 1),
        ({"origin__HEAD": STRICT, "origin__main": LAX}, {"CI": "1"}, 1),
        ({"origin__master": b""}, {"CI": "true"}, 1),  # where origin/main has no such file
        ({"origin__main": LAX}, {"CI": "true"}, 0),
        ({"origin__main": STRICT}, {}, 0),
        ({"origin__main": STRICT}, {"CI": "false"}, 0),
        ({"origin__main": STRICT}, {"CI": "true", "CDKIT_CI": "terminal"}, 0),
        ({"origin__main": STRICT}, {"CI": "true", "GITLAB_CI": "false"}, 0),
    ],
)
def test_in_an_unknown_ci_system_the_policy_is_that_of_the_remote_s_trunk(
    tmp_path: Path, held: dict[str, bytes], environ: dict[str, str], doubted: int,
) -> None:  # fmt: skip
    at = worlds_world(
        _holding(tmp_path), git=repository(**held), environ=environ,
        context=BuildContext(system="terminal"),
    )  # fmt: skip
    found = find_policy("policy.yaml", at)
    assert [one.answer for one in found.doubts] == [Answer.CANNOT_TELL] * doubted
    assert not doubted or "the change under judgement brought it along" in found.doubts[0].what


def test_in_an_unknown_ci_system_without_a_trunk_nothing_more_can_be_said(tmp_path: Path) -> None:
    git = Repository(at=Head(commit=COMMIT, tree=TREE, branch="feature"), commits={"HEAD": COMMIT})
    at = worlds_world(
        _holding(tmp_path), git=git, environ={"CI": "true"},
        context=BuildContext(system="terminal"),
    )  # fmt: skip
    found = find_policy("policy.yaml", at)
    assert (found.doubts, found.source.protected) == ((), False)


def _holding(folder: Path) -> Path:
    (folder / "policy.yaml").write_bytes(LAX)
    return folder
