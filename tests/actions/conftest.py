"""What tests of the actions share: a tool cache with cdkit in it, and a job's workspace."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.actions.checkout import ROOT


@pytest.fixture(scope="session")
def tool_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runner's tool cache in which `actions/run` has installed this checkout's cdkit."""
    folder = tmp_path_factory.mktemp("tools")
    env = {**os.environ, "RUNNER_TOOL_CACHE": str(folder)}
    started = [str(ROOT / "actions/run"), "--version"]
    done = subprocess.run(started, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """A job of a push to main: its workspace is a git repository with one commit."""

    workspace: Path
    temp: Path
    env: Mapping[str, str]


@pytest.fixture(scope="session")
def job(tmp_path_factory: pytest.TempPathFactory, tool_cache: Path) -> Job:
    """A job on a repository that holds one harmless migration."""
    workspace, temp = tmp_path_factory.mktemp("workspace"), tmp_path_factory.mktemp("temp")
    (workspace / "migrations").mkdir()
    sql = "CREATE TABLE orders (id bigint PRIMARY KEY);\n"
    (workspace / "migrations/0001_create_orders.sql").write_text(sql)
    event = temp / "event.json"
    event.write_text('{"ref": "refs/heads/main", "repository": {"default_branch": "main"}}')
    return Job(
        workspace=workspace,
        temp=temp,
        env={
            "RUNNER_TOOL_CACHE": str(tool_cache),
            "GITHUB_ACTOR": "mona",
            "GITHUB_EVENT_NAME": "push",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_JOB": "release",
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_REF_NAME": "main",
            "GITHUB_REF_TYPE": "branch",
            "GITHUB_REPOSITORY": "acme/orders",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": "1658821493",
            "GITHUB_RUN_NUMBER": "7",
            "GITHUB_SERVER_URL": "https://github.example.com",
            "GITHUB_SHA": commit(workspace),
            "GITHUB_WORKFLOW": "release",
        },
    )


def commit(workspace: Path) -> str:
    """Commit everything as one commit on main; return its id."""
    who = {"GIT_AUTHOR_NAME": "Mona", "GIT_AUTHOR_EMAIL": "mona@example.com"}
    who |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()}

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-c", "commit.gpgsign=false", "-C", str(workspace), *arguments],
            env={**os.environ, **who},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    git("init", "--quiet", "--initial-branch=main")
    git("add", ".")
    git("commit", "--quiet", "--message", "Begin")
    return git("rev-parse", "HEAD")
