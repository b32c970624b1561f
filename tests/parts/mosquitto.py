"""An MQTT broker on loopback: Debian's package mosquitto, or what MOSQUITTO names."""

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
    sbin = Path("/usr/sbin/mosquitto")  # not on the PATH of every user
    usual = str(sbin) if sbin.is_file() else None
    return os.environ.get("MOSQUITTO", "") or command.find("mosquitto") or usual


PROGRAM = _program()  # read at import: tests run in an environment without our variables


def missing() -> str | None:
    """Say why it cannot be run, or None."""
    return None if PROGRAM else "mosquitto is not on PATH; install the package mosquitto"


@contextlib.contextmanager
def serving(folder: Path, *more: str) -> Iterator[str]:
    """Run a broker with further lines in its configuration; give its address."""
    port = free_port()
    config = folder / "mosquitto.conf"
    lines = [f"listener {port} 127.0.0.1", "user root", *(more or ("allow_anonymous true",))]
    config.write_text("\n".join(lines) + "\n")
    assert PROGRAM
    with served([PROGRAM, "-c", str(config)], folder / "mosquitto.log", lambda: _answers(port)):
        yield f"mqtt://127.0.0.1:{port}"


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
        return True
    return False
