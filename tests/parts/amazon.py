"""The AWS command line, and moto: a server on loopback that answers as AWS does, from memory.

`.ci/parts aws` puts both into ~/.cache/cdkit-parts/aws, locked by tests/parts/aws/requirements.txt.
"""

from __future__ import annotations

import dataclasses
import http.client
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts import loopback
from tests.parts.fetched import kept

HOW = "run .ci/parts aws"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Amazon:
    """An AWS with nothing in it: `environ` is what the command line needs to come here."""

    commands: Path
    environ: dict[str, str]

    def run(self, *arguments: str) -> str:
        """Run the command line, which must do it."""
        command = [str(self.commands / "aws"), *arguments]
        done = subprocess.run(
            command, env={**os.environ, **self.environ}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def folder() -> Path:
    """Where `.ci/parts` keeps the commands."""
    return kept() / "aws/bin"


def missing() -> str | None:
    """Say why there is no AWS to be had, or None."""
    wanted = [name for name in ("aws", "moto_server") if not (folder() / name).is_file()]
    return f"{' and '.join(wanted)} are not here; {HOW}" if wanted else None


@pytest.fixture(scope="session")
def amazon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Amazon]:
    """An AWS on loopback. All share it: make repositories of your own."""
    home = tmp_path_factory.mktemp("amazon")
    port = loopback.free_port()
    command = [str(folder() / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    environ = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_CONFIG_FILE": str(home / "config"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    with loopback.serving(command, home / "log", lambda: _answers(port)):
        yield Amazon(commands=folder(), environ=environ)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/moto-api/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
