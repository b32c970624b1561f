"""The policy of an audit, wherever it stands: a git revision, a registry, a branch in CI."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.test_inventory import A, Call, call, decided, deployed, policy
from tests.gate.test_published import digest, place, push
from tests.parts.double import running

__all__ = ["call"]

UNSIGNED = "no valid decision let it in: that of 2026-11-23T08:00:00Z is not signed"


def git(*arguments: str) -> str:
    author = ("-c", "user.name=a", "-c", "user.email=a@b")
    told = subprocess.run(["git", *author, *arguments], check=True, capture_output=True, text=True)
    return told.stdout.strip()


@pytest.fixture
def folder(tmp_path: Path, call: Call) -> Path:
    """A checkout of `feature`, whose policy asks for no signature; that of main does."""
    del call
    policy(tmp_path)
    git("init", "-q", "-b", "main")
    git("add", "policy.yaml")
    git("commit", "-qm", "a policy")
    git("clone", "-q", "--bare", ".", "origin.git")
    git("remote", "add", "origin", "origin.git")
    git("fetch", "-q", "origin")
    git("checkout", "-qb", "feature")
    text = (tmp_path / "policy.yaml").read_text()
    (tmp_path / "policy.yaml").write_text(text.replace("signed-by: [gate]\n", ""))
    git("commit", "-qam", "a weaker policy")
    decided(A, 8)
    deployed(A, 9)
    return tmp_path


@pytest.fixture
def in_ci(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pull request of that branch."""
    del folder
    for name, value in {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_REPOSITORY": "acme/orders",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_HEAD_REF": "feature",
        "GITHUB_BASE_REF": "main",
        "GITHUB_SHA": git("rev-parse", "HEAD"),
        "GITHUB_RUN_ID": "1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("where", ["git:main:policy.yaml", "git:origin/main:policy.yaml"])
def test_a_policy_of_a_git_revision_is_the_one_that_is_asked(call: Call, where: str) -> None:
    code, out, said = call("audit", "--policy", where, "--format", "csv")
    assert (code, UNSIGNED in out) == (1, True)
    assert f"held against the policy {where.removeprefix('git:')} (sha256:" in said


@pytest.mark.usefixtures("folder")
def test_on_a_laptop_a_branch_s_own_policy_counts_and_it_is_told(call: Call) -> None:
    code, _, said = call("audit", "--policy", "policy.yaml")
    assert code == 0
    assert "the policy was read from the change under judgement itself" in said


@pytest.mark.usefixtures("in_ci")
def test_in_ci_the_policy_of_the_protected_branch_counts(call: Call) -> None:
    code, out, said = call("audit", "--policy", "policy.yaml", "--format", "csv")
    assert (code, UNSIGNED in out) == (1, True)
    assert "held against the policy origin/main:policy.yaml" in said


@pytest.mark.usefixtures("in_ci")
def test_in_ci_a_policy_of_the_change_itself_cannot_tell(call: Call) -> None:
    code, _, said = call("audit", "--policy", "git:HEAD:policy.yaml")
    assert code == 4
    assert "which holds the change under judgement itself" in said


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("git:nope:policy.yaml", 4),
        ("git:main:nope.yaml", 4),
        ("git:main", 2),
        ("nope.yaml", 4),
        ("https://example.com/policy.yaml", 2),
    ],
)
def test_a_policy_that_cannot_be_read_is_no_policy_at_all(
    call: Call, where: str, code: int
) -> None:
    assert call("audit", "--policy", where)[0] == code


def test_a_policy_in_a_registry_is_the_one_that_is_asked(call: Call, folder: Path) -> None:
    strict = git("show", "main:policy.yaml").encode()
    with running() as double:
        pushed = push(double, ("policy.yaml", strict))
        code, out, said = call("audit", "--policy", place(double), "--format", "csv")
        assert (code, UNSIGNED in out) == (1, True)
        assert f"{place(double)}@{pushed} ({digest(strict)})" in said
        more = f"version: 1\nextends: {place(double)}\nstages: []\n"
        (folder / "more.yaml").write_text(more)
        assert call("audit", "--policy", "more.yaml")[0] == 1
        assert call("audit", "--policy", place(double, ":4"))[0] == 4
        assert call("audit", "--policy", place(double, ""))[0] == 2
        away = place(double)
    assert call("audit", "--policy", away)[0] == 4
