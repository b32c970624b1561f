"""What of the migrations is the change: what is new since a revision, and what it edits."""

import posixpath
from collections.abc import Mapping

from msgspec import Struct

from cdkit.core.world import Change, Git
from cdkit.migrations.find import Found, is_down, is_sql, read
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
    changes = git.changes(revision)
    for change in changes:
        if change.status == "D" and _is_migration(change.path, found, changes):
            gone.append(read(change.path, git.read(revision, change.path)))
        path = asked.get(posixpath.normpath(change.path))
        if path is None:
            continue
        changed.add(path)
        if change.status not in {"A", "C"}:
            old = change.old_path or change.path
            if change.status != "R" or _is_migration(old, found, changes):
                released[path] = read(old, git.read(revision, old))
    return Scope(change=frozenset(changed), released=released, gone=tuple(gone))


def _is_migration(path: str, found: Found, changes: tuple[Change, ...]) -> bool:
    """Whether a path that is gone was a migration of this folder, and none that takes back."""
    folder = found.folder
    inside = folder == "." or posixpath.normpath(path).startswith(posixpath.normpath(folder) + "/")
    known = {migration.path for migration in found.migrations}
    known |= {name for change in changes for name in (change.path, change.old_path)}
    return inside and is_sql(path) and not is_down(path, known)
