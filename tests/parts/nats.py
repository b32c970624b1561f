"""A NATS server with JetStream on loopback: Debian's package, or what NATS_SERVER names."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from tests.parts import command
from tests.parts.loopback import free_port
from tests.parts.loopback import serving as served


def _program() -> str | None:
    return os.environ.get("NATS_SERVER", "") or command.find("nats-server")


PROGRAM = _program()  # read at import: tests run in an environment without our variables


def missing() -> str | None:
    """Say why it cannot be run, or None."""
    return None if PROGRAM else "nats-server is not on PATH; install the package nats-server"


@contextlib.contextmanager
def serving(folder: Path, *, token: str = "", tls: str = "", more: str = "") -> Iterator[str]:
    """Run a server that keeps its streams in a folder; give its address.

    `tls` is a file with its certificate and its key, where it is to speak TLS; `more` is
    configuration of the caller's own.
    """
    port = free_port()
    config = folder / "nats.conf"
    login = f'authorization {{ token: "{token}" }}\n' if token else ""
    secure = f'tls {{ cert_file: "{tls}", key_file: "{tls}" }}\n' if tls else ""
    config.write_text(
        f"host: 127.0.0.1\nport: {port}\n{login}{secure}{more}"
        f'jetstream {{ store_dir: "{folder / "js"}" }}\n'
    )
    assert PROGRAM
    with served([PROGRAM, "-c", str(config)], folder / "nats.log", lambda: _answers(port)):
        yield f"{'tls' if tls else 'nats'}://127.0.0.1:{port}"


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5) as it:
        return it.recv(4) == b"INFO"
    return False
