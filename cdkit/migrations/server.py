"""Versions of the server: what was asked for, and what only later versions take."""

from collections.abc import Mapping

from cdkit.core.errors import RequestError
from cdkit.migrations.operation import (
    AddColumn,
    AddConstraint,
    MovePartition,
    Operation,
)

OLDEST, NEWEST = 12, 18
UNSAID = 0
"""Nobody said which version runs: what differs between versions is not judged."""

_NAMES = frozenset({"postgres", "postgresql"})

SINCE: Mapping[str, tuple[int, str]] = {
    # What the grammar takes and older servers refuse: the release notes of that version.
    "DETACH PARTITION CONCURRENTLY": (14, "https://www.postgresql.org/docs/release/14.0/"),
    "a NOT NULL constraint with a name": (18, "https://www.postgresql.org/docs/release/18.0/"),
    "a constraint that is NOT ENFORCED": (18, "https://www.postgresql.org/docs/release/18.0/"),
    "a virtual generated column": (18, "https://www.postgresql.org/docs/release/18.0/"),
}


def version_of(server: str) -> int:
    """Return the major version in `postgres:16`; UNSAID for `postgres` alone.

    Raises RequestError for another database, and for a version that nobody here knows.
    """
    name, _, version = server.strip().lower().partition(":")
    if name not in _NAMES:
        raise RequestError(
            f"cdkit reads PostgreSQL, and not {server!r}",
            where="server",
            remedy="write `postgres`, or with its version `postgres:16`",
        )
    if not version:
        return UNSAID
    major = version.partition(".")[0]
    if not major.isdigit() or not OLDEST <= int(major) <= NEWEST:
        raise RequestError(
            f"{server!r} names no version that cdkit knows ({OLDEST} to {NEWEST})",
            where="server",
            remedy="write `postgres:16`",
        )
    return int(major)


def feature_of(operation: Operation) -> str:
    """Return what of an operation is a key of SINCE, or an empty text."""
    match operation:
        case MovePartition(concurrently=True):
            return "DETACH PARTITION CONCURRENTLY"
        case AddConstraint(constraint=constraint) if constraint.kind == "not null":
            return "a NOT NULL constraint with a name"
        case AddConstraint(constraint=constraint) if not constraint.enforced:
            return "a constraint that is NOT ENFORCED"
        case AddColumn(column=column) if column.generated == "virtual":
            return "a virtual generated column"
        case _:
            return ""
