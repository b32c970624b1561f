"""MariaDB: the server installed here, with a new data folder, on a Unix socket of its own.

Looked for on PATH and in /usr/sbin, where Debian puts it (package mariadb-server-core). The server
refuses to run as root, so root starts it as `nobody`.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from tests.parts import loopback

HOW = "install mariadb-server-core and mariadb-client-core (Debian, Ubuntu)"
ROOM = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))
_numbers = itertools.count(1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server:
    """A running server whose only user, root, has no password."""

    path: Path

    def connect(self, database: str | None = None) -> pymysql.Connection:
        """Open a connection that commits each statement; the caller closes it."""
        return pymysql.connect(
            unix_socket=str(self.path), user="root", database=database, autocommit=True
        )

    def new_database(self) -> str:
        """Make an empty database; return its name."""
        name = f"test_{next(_numbers)}"
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return name

    def drop(self, database: str) -> None:
        """Remove a database."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {database}")


def missing() -> str | None:
    """Say why no server can be started, or None."""
    if os.name != "posix":
        return "its tests use a Unix socket, which this system does not have"
    if not shutil.which("mariadbd", path=ROOM) or not shutil.which("mariadb-install-db"):
        return f"no mariadbd found; {HOW}"
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        return "MariaDB refuses root, and setpriv (package util-linux) is missing"
    return None


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[Server]:
    """One server for the session, tuned to forget: nothing is synced to disk."""
    # Not pytest's own folder: `nobody` may not enter it, and a socket's path has at most 107 bytes.
    room = "/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp"
    home = Path(tempfile.mkdtemp(prefix="cdkit-my-", dir=room))
    try:
        yield from _running(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def mariadb(mariadb_server: Server) -> Iterator[pymysql.Connection]:
    """A connection to an empty database that only this test sees."""
    name = mariadb_server.new_database()
    connection = mariadb_server.connect(name)
    yield connection
    connection.close()
    mariadb_server.drop(name)


def _running(home: Path) -> Iterator[Server]:
    before = _as_nobody(home)
    daemon = shutil.which("mariadbd", path=ROOM)
    assert daemon, "a test that uses this fixture needs the marker needs('mariadb')"
    data = home / "data"
    install = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db",
               "--auth-root-authentication-method=normal", f"--tmpdir={home}"]  # fmt: skip
    subprocess.run([*before, *install], check=True, capture_output=True, cwd=home)
    server = Server(path=home / "s")
    command = [*before, daemon, "--no-defaults", f"--datadir={data}", f"--socket={server.path}",
               "--skip-networking", f"--pid-file={home / 'pid'}", f"--tmpdir={home}",
               "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"]  # fmt: skip
    with loopback.serving(command, home / "log", lambda: _answers(server)):
        yield server


def _as_nobody(home: Path) -> list[str]:
    """What to put before a command so that it does not run as root, and may write to `home`."""
    if os.geteuid() != 0:
        return []
    shutil.chown(home, "nobody")
    # The server goes when we do, even when we are killed.
    return ["setpriv", "--reuid", "nobody", "--regid", "65534", "--clear-groups",
            "--pdeathsig", "TERM", "--"]  # fmt: skip


def _answers(server: Server) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(server.path)) == 0
