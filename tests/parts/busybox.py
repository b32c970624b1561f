"""A static BusyBox, from which images with a shell are made where none can be pulled."""

from __future__ import annotations

from pathlib import Path

BINARY = Path("/bin/busybox")


def missing() -> str | None:
    """Say why there is none, or None; a dynamic one would not run in an empty image."""
    if not BINARY.is_file():
        return f"there is no {BINARY}; install the package busybox-static"
    if b"/lib64/ld-linux" in BINARY.read_bytes():
        return f"{BINARY} is not static; install the package busybox-static"
    return None
