"""Free ports on the loopback interface, and waiting for a server that a test started."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PATIENCE = 60.0
"""Seconds until a silent part is given up; one is enough, a busy machine takes ten."""


class NotUpError(RuntimeError):
    """A part ended or stayed silent while it was being started."""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(
    command: list[str], log: Path, answers: Callable[[], bool]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in the foreground of a child until the block ends.

    The block begins when `answers()` is true. NotUpError carries the end of the server's log if it
    dies first or stays silent for PATIENCE seconds. It is always stopped: asked, then killed.
    """
    with log.open("wb") as out:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        _wait(child, log, answers)
        yield child
    finally:
        _stop(child)


def _wait(child: subprocess.Popen[bytes], log: Path, answers: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not answers():
        if child.poll() is not None or time.monotonic() > deadline:
            state = "is silent" if child.returncode is None else f"ended with {child.returncode}"
            tail = log.read_text(errors="replace")[-2000:]
            raise NotUpError(f"{child.args!r} {state}:\n{tail}")
        time.sleep(0.05)


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(timeout=20)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
