"""What every test gets: the real parts it asks for, and an environment free of CI variables."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.parts import presence

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
#: The group of the tests that need a container engine.
ENGINE = "engine"
KEPT = frozenset({"CDKIT_REQUIRE", "CDKIT_TRIVY_BINARY"})


def pytest_configure() -> None:
    presence.required()
    # A slow machine is no fault: what takes long is measured by `make bench`.
    settings.register_profile("cdkit", settings.default, deadline=None)
    settings.load_profile("cdkit")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests stay together where several processes share them (`pytest -n`).

    A module's fixtures are then made once, and the tests of one engine do not count the containers
    of each other. What needs an engine takes longest, so it comes first.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=lambda item: _group(item) != ENGINE)


def _group(item: pytest.Item) -> str:
    parts = {part for marker in item.iter_markers("needs") for part in marker.args}
    return ENGINE if parts & {"docker", "podman"} else item.path.stem + str(item.path.parent)


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
