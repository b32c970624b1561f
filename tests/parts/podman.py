"""podman's Docker-compatible API, on a socket of its own, with storage of its own.

Its answers differ where it counts: an image that was only tagged has digests of a registry that
never saw it (containers/podman#15780).
"""

from __future__ import annotations

import dataclasses
import http.client
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts import loopback

HOW = "install the package podman (Debian, Ubuntu)"
LONGEST_SOCKET = 100
#: podman wants more open files than a machine in a container may allow, and then starts nothing.
CONFIGURATION = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
"""
#: crun, podman's own, starts nothing where cgroups of both versions are mounted.
WITH_RUNC = """
[engine]
runtime = "runc"
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Podman:
    """A running service: `host` is what DOCKER_HOST must be, `home` where its storage is."""

    host: str
    home: Path

    def run(self, *arguments: str) -> str:
        """Run the command on the same storage and return what it prints."""
        done = subprocess.run(
            [*_command(self.home), *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"podman {arguments[0]} failed: {done.stderr.strip()[-1000:]}")
        return done.stdout.strip()


def _command(home: Path) -> list[str]:
    return ["podman", "--storage-driver=vfs", "--root", f"{home}/data", "--runroot", f"{home}/r"]


def missing() -> str | None:
    """Say why podman cannot be used, or None."""
    if not shutil.which("podman"):
        return f"podman is not on PATH; {HOW}"
    with tempfile.TemporaryDirectory(prefix="cdkit-podman-") as home:
        done = subprocess.run(
            [*_command(Path(home)), "info"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    return None if done.returncode == 0 else f"podman does not work: {done.stderr.strip()[-300:]}"


@pytest.fixture(scope="session")
def podman() -> Iterator[Podman]:
    """Podman's service; all share it: use names of your own."""
    # Neither a socket's path nor podman's runroot (50 characters) may be long.
    with tempfile.TemporaryDirectory(prefix="cdkit-", ignore_cleanup_errors=True) as short:
        home = Path(short)
        runtime = WITH_RUNC if shutil.which("runc") else ""
        (home / "containers.conf").write_text(CONFIGURATION + runtime)
        path = home / "podman.sock"
        assert len(os.fspath(path)) < LONGEST_SOCKET
        environ = ["env", f"CONTAINERS_CONF={home}/containers.conf"]
        command = [*environ, *_command(home), "system", "service", "--time=0", f"unix://{path}"]
        with loopback.serving(command, home / "log", lambda: _answers(path)):
            yield Podman(host=f"unix://{path}", home=home)


def _answers(path: Path) -> bool:
    connection = http.client.HTTPConnection("podman", timeout=5)
    try:
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(5)
        connection.sock.connect(os.fspath(path))
        connection.request("GET", "/_ping")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
