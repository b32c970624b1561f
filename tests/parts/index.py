"""A package index that pip reaches: an action and a pre-commit hook install cdkit from one."""

from __future__ import annotations

import subprocess
import sys
import tempfile

HOW = "connect to one, or tell pip where yours is (pip config)"


def missing() -> str | None:
    """Say why pip can install nothing here, or None; asks for the one package that builds ours."""
    quickly = ["--retries", "0", "--timeout", "20", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *quickly]
        done = subprocess.run(
            [*command, "--dest", folder, "flit_core>=3.12,<4"],
            capture_output=True,
            check=False,
            text=True,
        )
    return f"pip reaches no package index; {HOW}" if done.returncode else None
