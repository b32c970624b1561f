"""prek, which runs our hook as a commit would; it comes with the development environment."""

from __future__ import annotations

import pytest

from tests.parts import command


def missing() -> str | None:
    """Say why prek cannot be run, or None."""
    return command.missing_one_of("prek", "git")


@pytest.fixture(scope="session")
def prek() -> str:
    """The path of the command."""
    found = command.find("prek")
    assert found, "a test that uses this fixture needs the marker needs('prek')"
    return found
