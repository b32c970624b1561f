"""What every test gets: the real parts it asks for, and an environment free of CI variables."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.parts import presence

ROOT = Path(__file__).resolve().parents[1]

pytest_plugins = (
    # First what others import, so that its assertions are rewritten.
    "tests.parts.node",
    "tests.parts.amazon",
    "tests.parts.docker",
    "tests.parts.gitlab",
    "tests.parts.chromium",
    "tests.parts.clickhouse",
    "tests.parts.groovy",
    "tests.parts.podman",
    "tests.parts.mariadb",
    "tests.parts.postgres",
    "tests.parts.precommit",
    "tests.parts.prek",
    "tests.parts.registry",
    "tests.parts.shellcheck",
    "tests.parts.tokens",
    "tests.parts.trivy",
)

#: What CI systems set and what cdkit reads: a test that wants one of these sets it itself.
FROM_CI = (
    "AGENT_", "APPVEYOR", "BITBUCKET_", "BUILDER_OUTPUT", "BUILDKITE", "BUILD_", "CDKIT_", "CI_",
    "CIRCLE", "CODEBUILD_", "DRONE", "FORGEJO_", "GITEA_", "GITHUB_", "GITLAB_", "HARNESS_",
    "HUDSON_", "JENKINS_", "JOB_", "RUNNER_", "SEMAPHORE", "SYSTEM_", "TEAMCITY_", "TEKTON_",
    "TF_BUILD", "TRAVIS",
)  # fmt: skip
#: What tests stay together as that need a container engine.
ENGINE = "engine"
_NEEDS_ENGINE = re.compile(r'needs\([^)]*"(?:docker|podman)"')
KEPT = frozenset({"CDKIT_REQUIRE", "CDKIT_TRIVY_BINARY"})


def pytest_configure() -> None:
    presence.required()
    # A slow machine is no fault: what takes long is measured by `make bench`.
    settings.register_profile("cdkit", settings.default, deadline=None)
    settings.load_profile("cdkit")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Begin with what needs an engine, since that takes longest; plugins shuffle before."""
    yield
    items.sort(key=lambda item: together(item.nodeid) != ENGINE)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Share the tests out (`pytest -n`) by what stays together."""
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

    class Together(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return together(nodeid)

    return Together(config, log)


@functools.cache
def _of_file(name: str) -> str:
    text = (ROOT / name).read_text(encoding="utf-8")
    return ENGINE if _NEEDS_ENGINE.search(text) else name


def together(nodeid: str) -> str:
    """Return the name of those tests that one process runs, one after the other.

    These are a file's, whose fixtures are then made once, and all that need a container engine,
    which would count each other's containers. (Groups of xdist's own have no effect with pytest 9.)
    """
    return _of_file(nodeid.partition("::")[0])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    must = presence.required()
    for marker in item.iter_markers("needs"):
        presence.demand(marker.args, must)


@pytest.fixture(autouse=True)
def _environment_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name not in KEPT and (name == "CI" or name.startswith(FROM_CI)):
            monkeypatch.delenv(name)
