"""ClickHouse, as chDB has it: a server's engine, in a process on loopback that speaks its HTTP.

`.ci/parts chdb` puts it into ~/.cache/cdkit-parts, locked by tests/parts/chdb/requirements.txt.
"""

from __future__ import annotations

import dataclasses
import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts import loopback
from tests.parts.fetched import kept

HOW = "run .ci/parts chdb"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClickHouse:
    """A server with nothing in it."""

    port: int

    def run(self, statement: str) -> str:
        """Run a statement, which must work."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", "/", statement.encode())
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        assert answer.status == 200, text
        return text


def python() -> Path:
    """Where `.ci/parts` keeps the Python that has it."""
    return kept() / "chdb/bin/python"


def missing() -> str | None:
    """Say why there is no ClickHouse to be had, or None."""
    return None if (python().parent.parent / "requirements.txt").is_file() else HOW


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """A ClickHouse for the tests of a module."""
    home = tmp_path_factory.mktemp("clickhouse")
    port = loopback.free_port()
    serve = Path(__file__).parent / "chdb/serve.py"
    server = ClickHouse(port=port)
    command = [str(python()), str(serve), str(port), str(home / "data")]
    with loopback.serving(command, home / "log", lambda: _answers(port)):
        yield server


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
