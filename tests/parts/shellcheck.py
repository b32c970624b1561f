"""ShellCheck, which reads our shell scripts; a package of the system."""

from __future__ import annotations

import pytest

from tests.parts import command

HOW = "install the package shellcheck"


def missing() -> str | None:
    """Say why shellcheck cannot be run, or None."""
    return None if command.find("shellcheck") else f"shellcheck is not on PATH; {HOW}"


@pytest.fixture(scope="session")
def shellcheck() -> str:
    """The path of the command."""
    found = command.find("shellcheck")
    assert found, "a test that uses this fixture needs the marker needs('shellcheck')"
    return found
