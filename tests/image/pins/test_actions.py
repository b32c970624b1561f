"""Which commit an action's version names, asked of a real repository over HTTP."""

from __future__ import annotations

import functools
import http.server
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cdkit.core.doors.process import SystemProcesses
from cdkit.core.errors import CannotTell
from cdkit.core.world import Completed, World
from cdkit.image.pins.actions import key_of, resolve_actions
from tests.worlds import NoProcesses, world


@dataclass(frozen=True, kw_only=True)
class Forge:
    """A server of git repositories: `acme/tools`, tags v1 (annotated) and v1.0, two branches."""

    url: str
    first: str
    second: str


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    home = tmp_path_factory.mktemp("forge")
    work = home / "work"

    def git(*arguments: str) -> str:
        names = {
            f"GIT_{who}_{what}": "a@b.c"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        environ = {**os.environ, **names, "GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(
            ["git", *arguments], cwd=work, env=environ, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    work.mkdir()
    git("init", "-q", "-b", "main")
    git("commit", "-q", "--allow-empty", "-m", "first")
    git("tag", "-a", "v1", "-m", "the first")
    git("tag", "v1.0")
    first = git("rev-parse", "HEAD")
    git("commit", "-q", "--allow-empty", "-m", "second")
    git("branch", "v1")
    git("clone", "-q", "--bare", ".", str(home / "acme/tools"))
    subprocess.run(["git", "update-server-info"], cwd=home / "acme/tools", check=True)
    handler = functools.partial(_Quiet, directory=str(home))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Forge(
            url=f"http://127.0.0.1:{server.server_port}",
            first=first,
            second=git("rev-parse", "HEAD"),
        )
        server.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
        """Say nothing."""


def _world(folder: Path) -> World:
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    return world(folder, processes=SystemProcesses(), environ=environ)


@pytest.mark.parametrize("ref", ["v1", "v1.0"])
def test_a_tag_comes_before_a_branch_and_is_followed_to_its_commit(
    forge: Forge, tmp_path: Path, ref: str
) -> None:
    key = key_of("acme/tools/sub@x", ref, forge.url)

    assert resolve_actions([key], _world(tmp_path)) == {key: forge.first}


def test_a_branch_is_resolved_too(forge: Forge, tmp_path: Path) -> None:
    key = f"{forge.url}/acme/tools@main"

    assert resolve_actions([key, key], _world(tmp_path)) == {key: forge.second}


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("acme/tools@v9", "has no tag and no branch 'v9'"),
        ("acme/nothing@v1", "cannot be asked"),
        ("../..@v1", "is no repository's address"),
        ("acme/--upload-pack=x@v1", "is no repository's address"),
    ],
)
def test_what_is_not_there_cannot_be_told(
    forge: Forge, tmp_path: Path, action: str, said: str
) -> None:
    key = f"{forge.url}/{action}"
    answer = resolve_actions([key], _world(tmp_path))[key]

    assert isinstance(answer, CannotTell)
    assert said in answer.what
    assert answer.remedy


def test_without_git_nobody_can_tell(tmp_path: Path) -> None:
    key = "https://github.com/acme/tools@v1"
    answer = resolve_actions([key], world(tmp_path, processes=NoProcesses()))[key]

    assert isinstance(answer, CannotTell)
    assert answer.what == "cannot start git"


@dataclass
class _Recorder:
    seen: list[tuple[tuple[str, ...], Mapping[str, str]]] = field(default_factory=list)

    def which(self, program: str) -> str | None:
        return program

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",  # noqa: ARG002
        timeout: float = 60,  # noqa: ARG002
        environ: Mapping[str, str] | None = None,
        cwd: str | None = None,  # noqa: ARG002
    ) -> Completed:
        self.seen.append((tuple(argv), environ or {}))
        return Completed(code=0, stdout=b"c" * 40 + b"\trefs/tags/v1\n", stderr=b"")


@pytest.mark.parametrize(
    ("server", "key", "sent"),
    [
        ("https://github.com", "https://github.com/acme/tools@v1", True),
        ("https://git.acme.example", "https://git.acme.example/acme/tools@v1", True),
        ("https://git.acme.example", "https://github.com/acme/tools@v1", False),
        ("https://git.acme", "https://git.acme.example/acme/tools@v1", False),
        ("http://127.0.0.1", "http://127.0.0.1/acme/tools@v1", False),
    ],
)
def test_a_token_goes_to_its_own_server_alone_and_stands_in_no_argument(
    tmp_path: Path, *, server: str, key: str, sent: bool
) -> None:
    recorder = _Recorder()
    environ = {"GITHUB_TOKEN": "hush", "GITHUB_SERVER_URL": server}
    resolve_actions([key], world(tmp_path, processes=recorder, environ=environ))
    ((argv, given),) = recorder.seen

    assert ("GIT_CONFIG_VALUE_0" in given) is sent
    assert (
        given.get("GIT_CONFIG_KEY_0", f"http.{server}/.extraHeader")
        == f"http.{server}/.extraHeader"
    )
    assert "hush" not in " ".join(argv)
    assert given["GIT_TERMINAL_PROMPT"] == "0"
