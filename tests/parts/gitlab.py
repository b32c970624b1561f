"""gitlab-ci-local: parses, validates and runs GitLab pipelines on this machine, without GitLab.

`.ci/parts gitlab-ci-local` puts it into ~/.cache/cdkit-parts, locked by
tests/parts/gitlab-ci-local/*. It checks each pipeline against GitLab's own JSON Schema.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.parts import node

HOW = "run .ci/parts gitlab-ci-local"
SOURCES = Path(__file__).parent / "gitlab-ci-local"
SILENT = ("--ignore-predefined-vars", "GITLAB_CI,CI_COMMIT_BEFORE_SHA")
"""What a test sets though GitLab itself does: it is not warned of. GITLAB_CI would be `false`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pipeline:
    """A pipeline that has ended: its code, and what it said."""

    code: int
    said: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gitlab:
    """A Node and the program that it runs."""

    binary: Path
    program: Path

    def run(self, folder: Path, *arguments: str, path: str = "") -> Pipeline:
        """Run the pipeline of a git repository, with `path` before the commands of the system.

        Jobs run in a shell, whatever their image is, each in a copy of what git tracks; what they
        keep is copied back into `folder`.
        """
        command = [str(self.binary), str(self.program), "--no-color", "--artifacts-to-source"]
        command += ["--force-shell-executor", "--shell-isolation"]
        done = subprocess.run(
            [*command, "--variable", "GITLAB_CI=true", *SILENT, *arguments],
            cwd=folder,
            env={**os.environ, "PATH": os.pathsep.join([path, os.environ["PATH"]])},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=300,
        )
        return Pipeline(code=done.returncode, said=done.stdout + done.stderr)


def folder() -> Path:
    """Where `.ci/parts` keeps the packages."""
    return node.folder().parent / "gitlab-ci-local"


def missing() -> str | None:
    """Say why GitLab pipelines cannot be run here, or None."""
    if node.binary() is None:
        return f"no Node of {node.OLDEST[0]}.{node.OLDEST[1]} or newer found; {HOW}"
    if shutil.which("rsync") is None:
        return "no rsync found, which gitlab-ci-local copies with; install it from your system"
    lock = folder() / "installed-lock.json"
    wanted = (SOURCES / "package-lock.json").read_bytes()
    if not lock.exists() or lock.read_bytes() != wanted:
        return f"gitlab-ci-local is not in {folder()}, or not as locked; {HOW}"
    return None


@pytest.fixture(scope="session")
def gitlab() -> Gitlab:
    """The program that runs GitLab pipelines."""
    found = node.binary()
    assert found, "a test that uses this fixture needs the marker needs('gitlab-ci-local')"
    program = folder() / "node_modules/gitlab-ci-local/dist/index.js"
    return Gitlab(binary=found, program=program)
