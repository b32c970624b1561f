"""Node 22.15 or newer with GitHub's own npm packages.

They are the workflow parser, the expression engine and the language service. `.ci/parts node` puts
them into ~/.cache/cdkit-parts/node, locked by tests/parts/npm/*.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.parts.fetched import kept

HOW = "run .ci/parts node"
SOURCES = Path(__file__).parent / "npm"
OLDEST = (22, 15)
"""module.registerHooks came with it, which lets the packages import their JSON files."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Node:
    """A Node and the folder that holds the packages."""

    binary: Path
    home: Path

    def run(
        self, script: Path, *arguments: str, stdin: str = "", env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a module that may import the packages; its code stands in `returncode`."""
        command = [str(self.binary), "--import", str(SOURCES / "resolve.mjs"), str(script)]
        return subprocess.run(
            [*command, *arguments],
            input=stdin,
            env={**(os.environ if env is None else env), "PARTS_NODE_HOME": str(self.home)},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=300,
        )


def folder() -> Path:
    """Where `.ci/parts` keeps the packages."""
    return kept() / "node"


def binary() -> Path | None:
    """A Node that is new enough: the one beside the packages, else the one on PATH."""
    on_path = shutil.which("node")
    candidates = [folder() / "runtime/node", *([Path(on_path)] if on_path else [])]
    return next((path for path in candidates if path.exists() and _new_enough(path)), None)


def _new_enough(path: Path) -> bool:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(int(number) for number in re.findall(r"\d+", said)[:2]) >= OLDEST


def missing() -> str | None:
    """Say why GitHub's packages cannot be run, or None."""
    if binary() is None:
        return f"no Node of {OLDEST[0]}.{OLDEST[1]} or newer found; {HOW}"
    lock = folder() / "installed-lock.json"
    wanted = (SOURCES / "package-lock.json").read_bytes()
    if not lock.exists() or lock.read_bytes() != wanted:
        return f"GitHub's packages are not in {folder()}, or not as locked; {HOW}"
    return None


@pytest.fixture(scope="session")
def node() -> Node:
    """A Node that can import GitHub's packages."""
    found = binary()
    assert found, "a test that uses this fixture needs the marker needs('node')"
    return Node(binary=found, home=folder())
