"""An OCI registry: Debian's docker-registry (CNCF Distribution 2.8), in memory, on loopback.

It has no referrers API and no immutable tags; HEAD, push, delete and basic authentication are real.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.parts import loopback

HOW = "install the package docker-registry (Debian, Ubuntu)"

USER = "ci"
PASSWORD = "open-sesame"
#: PASSWORD as bcrypt, the one form of an htpasswd entry that Distribution accepts.
HTPASSWD = f"{USER}:$2a$05$QWkFHMkM47eEp/jvXuI5zOa9.awyIVY2xi4rJuutEzsTOyBwf0lZi\n"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Registry:
    """A running registry: `address` is what stands before the first slash of a reference."""

    address: str
    user: str | None = None
    password: str | None = None


def missing() -> str | None:
    """Say why no registry can be started, or None."""
    return None if shutil.which("docker-registry") else f"docker-registry is not on PATH; {HOW}"


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that asks for no login. All share it: push under a repository of your own."""
    with running(tmp_path_factory.mktemp("registry"), auth={}) as address:
        yield Registry(address=address)


@pytest.fixture(scope="session")
def registry_with_login(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that answers 401 to whoever does not log in with its user and password."""
    home = tmp_path_factory.mktemp("registry-with-login")
    (home / "htpasswd").write_text(HTPASSWD)
    auth = {"htpasswd": {"realm": "cdkit-tests", "path": str(home / "htpasswd")}}
    with running(home, auth=auth) as address:
        yield Registry(address=address, user=USER, password=PASSWORD)


@contextlib.contextmanager
def running(home: Path, auth: Mapping[str, object]) -> Iterator[str]:
    """Run a registry with this `auth` in a folder; gives its address."""
    address = f"127.0.0.1:{loopback.free_port()}"
    config = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {"inmemory": {}, "delete": {"enabled": True}},
        "http": {"addr": address, "secret": "only for this run"},
        **({"auth": auth} if auth else {}),
    }
    (home / "config.yml").write_text(json.dumps(config))  # JSON is YAML
    command = ["docker-registry", "serve", str(home / "config.yml")]
    with loopback.serving(command, home / "log", lambda: _answers(address)):
        yield address


def _answers(address: str) -> bool:
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", "/v2/")
        return connection.getresponse().status in {200, 401}
    except OSError:
        return False
    finally:
        connection.close()
