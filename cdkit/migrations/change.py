"""What of the migrations is the change: what is new since a revision, and what it edits."""

import posixpath
from collections.abc import Mapping

from msgspec import Struct

from cdkit.core.world import Git
from cdkit.migrations.find import Found, read, sources
from cdkit.migrations.source import Migration


class Scope(Struct, frozen=True, kw_only=True):
    """The change: paths of its migrations, and those that it edits, as they were released.

    `gone` are migrations that were released and are not there any more.
    """

    change: frozenset[str]
    released: Mapping[str, Migration] = {}
    gone: tuple[Migration, ...] = ()


def since(found: Found, revision: str, git: Git) -> Scope:
    """Return what differs from a revision in a folder of migrations.

    Raises CannotTell where git does not know the revision or is not there.
    """
    asked = {posixpath.normpath(path): path for path in found.asked}
    changed: set[str] = set()
    released: dict[str, Migration] = {}
    gone: list[Migration] = []
    for change in git.changes(revision):
        if change.status == "D" and _is_migration(change.path, found.folder):
            gone.append(read(change.path, git.read(revision, change.path)))
        path = asked.get(posixpath.normpath(change.path))
        if path is None:
            continue
        changed.add(path)
        if change.status not in {"A", "C"}:
            old = change.old_path or change.path
            if change.status != "R" or _is_migration(old, found.folder):
                released[path] = read(old, git.read(revision, old))
    return Scope(change=frozenset(changed), released=released, gone=tuple(gone))


def _is_migration(path: str, folder: str) -> bool:
    inside = folder == "." or posixpath.normpath(path).startswith(posixpath.normpath(folder) + "/")
    downs = any(source.is_down(path) for source in sources().values())
    return inside and path.endswith(".sql") and not downs
