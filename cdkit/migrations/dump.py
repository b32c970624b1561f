"""A schema that somebody wrote out (`pg_dump --schema-only`, structure.sql), before any migration.

The history is replayed on top of it: what a dump holds already stays as it is, what it lacks is
added, so that a dump of any age helps.
"""

import posixpath
from typing import Final

from cdkit.core.errors import CannotTell, Missing
from cdkit.core.world import Git, World
from cdkit.migrations.change import Scope
from cdkit.migrations.find import Found
from cdkit.migrations.look import join, parent
from cdkit.migrations.source import Migration, Script
from cdkit.migrations.text import Text

VARIABLE: Final = "CDKIT_LINT_MIGRATIONS_DATABASE_URL"
"""Where the address of a running database stands, which is asked for its schema."""
_LARGEST = 256 * 1024 * 1024


def dump_of(path: str, data: bytes) -> Migration:
    """Return a dump as what runs before all migrations."""
    return Migration(text=Text(path, data), script=Script(sql=data), source="dump", order=())


def dump_beside(found: Found, scope: Scope, revision: str, git: Git) -> tuple[Migration, str]:
    """Return the dump that the tool itself keeps, as it stood at a revision, and a note.

    Only where no migration that could tell of what was there is readable: with Rails they are
    programs. What the change made of the dump is not what runs. Raises Missing where there is none.
    """
    old = [one for one in found.project.migrations if one.name not in scope.change]
    named = _KEPT.get(found.source, ()) if revision and scope.change and not old else ()
    for name in named:
        path = posixpath.normpath(join(parent(found.root), name))
        try:
            data = git.read(revision, path)
        except Missing:
            continue
        if data.strip():
            taken = f"the schema of {path} at {revision[:12]} is taken for what is there"
            return dump_of(path, data), f"no earlier migration can be read here, so {taken}"
    raise Missing("no tool keeps a dump here", where=found.root, remedy="give `--schema FILE`")


_KEPT = {"plain": ("structure.sql",), "dbmate": ("schema.sql",)}
"""Dumps that tools keep beside the folder of migrations (Rails guides, "Schema Dumping and You":
db/structure.sql; dbmate's README, "Exporting Schema File": db/schema.sql)."""


def read_dump(path: str, revision: str, world: World) -> tuple[Migration, str]:
    """Return a dump, as it stood at a revision where it is versioned, and a note that says so.

    What the change adds to `structure.sql` must not pass for what was there. Raises Missing where
    there is no such file, CannotTell where it holds nothing.
    """
    data = world.files.read(path, limit=_LARGEST)
    note = f"the schema of {path} is taken for what is there"
    if revision:
        try:
            data = world.git.read(revision, posixpath.normpath(path))
            note = f"the schema of {path} at {revision[:12]} is taken for what is there"
        except Missing:
            note = f"{note}: it was not there at {revision[:12]}, so it counts as it is"
    if not data.strip():
        raise CannotTell(
            "holds no schema", where=path, remedy="write it anew: `pg_dump --schema-only`"
        )
    return dump_of(path, data), note
