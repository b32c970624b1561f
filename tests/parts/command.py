"""Commands of the development environment: beside this Python first, then on PATH."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def missing_one_of(*names: str) -> str | None:
    """Say which of these commands cannot be run, and how to get it, or None."""
    gone = [name for name in names if find(name) is None]
    return (
        f"not found: {', '.join(gone)}; run make dev (git comes from the system)" if gone else None
    )


def find(name: str) -> str | None:
    """The full path of a command, or None."""
    beside = str(Path(sys.executable).parent)
    return shutil.which(name, path=os.pathsep.join([beside, os.environ.get("PATH", "")]))
