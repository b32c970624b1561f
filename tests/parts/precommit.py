"""Pre-commit, which runs our hook as a commit would; it comes with the development environment."""

from __future__ import annotations

import pytest

from tests.parts import command


def missing() -> str | None:
    """Say why pre-commit cannot be run, or None."""
    return command.missing_one_of("pre-commit", "git")


@pytest.fixture(scope="session")
def precommit() -> str:
    """The path of the command."""
    found = command.find("pre-commit")
    assert found, "a test that uses this fixture needs the marker needs('pre-commit')"
    return found
