"""Skopeo, a second opinion on registries: it pushes what our own client then has to find."""

from __future__ import annotations

from tests.parts import command


def missing() -> str | None:
    """Say why it cannot be run, or None."""
    return None if command.find("skopeo") else "skopeo is not on PATH; install the package skopeo"
