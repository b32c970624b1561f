"""Docker Engine: one that answers already, at DOCKER_HOST or at the usual socket.

`.ci/run` starts one of its own where none runs. Images are built `FROM scratch` in tests: nothing
is pulled.
"""

from __future__ import annotations

import contextlib
import gc
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from docker import DockerClient

HOW = "start Docker, or set DOCKER_HOST to a running engine (.ci/run starts one on Debian)"


def missing() -> str | None:
    """Say why no engine that runs Linux containers can be used, or None."""
    try:
        with _client(timeout=10) as client:
            system = client.info().get("OSType")
    except Exception as problem:  # noqa: BLE001 (the SDK lets requests' and its own errors through)
        reason = f"no engine answers ({type(problem).__name__}); {HOW}"
    else:
        return None if system == "linux" else f"this engine runs {system} containers; {HOW}"
    with warnings.catch_warnings():
        # The SDK forgets its socket when nobody answers; no later test shall be blamed for it.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    return reason


@contextlib.contextmanager
def _client(timeout: int) -> Iterator[DockerClient]:
    import docker

    client = docker.from_env(timeout=timeout)
    try:
        yield client
    finally:
        client.close()


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[DockerClient]:
    """A client of the docker SDK on the engine that is here; remove what you make on it."""
    with _client(timeout=120) as client:
        yield client
