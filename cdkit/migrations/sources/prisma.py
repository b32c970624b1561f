"""Prisma: a folder `20260131120000_title` a migration, `migration.sql` in it, nothing back.

Sources: Prisma's documentation, "Prisma Migrate", "Mental model" and "migrate deploy"; Prisma's
engine (schema-engine: folders run in the order of their names, all that were not yet;
migration_lock.toml names the provider; a script is sent to PostgreSQL as one query, so that several
statements are one transaction, and no BEGIN is added). Error P3015 is a folder without its script.
"""

import re
from collections.abc import Iterator

from msgspec import structs

from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.migrations.encoding import readable
from cdkit.migrations.folder import FolderTool, migration_of
from cdkit.migrations.lazy import pattern
from cdkit.migrations.look import Look, join, parent
from cdkit.migrations.nested import read_nested
from cdkit.migrations.source import Complaint, Order, Project, Request, Script, Source
from cdkit.migrations.text import Text

_LOCK = "migration_lock.toml"
_FOLDER = pattern(r"\d{14}(?:_[^/]*)?")


def _owns(path: str, look: Look) -> bool:
    folder, _, name = path.rpartition("/")
    if name != "migration.sql" or not folder:
        return False
    if look.is_file(join(parent(folder), _LOCK)):
        return True
    # Drizzle's newer layout has the same names, and a snapshot in each folder.
    named = _FOLDER().fullmatch(folder.rpartition("/")[2])
    return bool(named) and "snapshot.json" not in look.names(folder)


def _root(path: str, folder: str, look: Look) -> str | None:
    del folder
    if path.rpartition("/")[2] == _LOCK:
        return parent(path)
    return parent(parent(path)) if _owns(path, look) else None


def _order(path: str) -> Order:
    return ((0, 0, parent(path)),)


_TOOL = FolderTool(
    name="prisma",
    title="Prisma",
    owns=_owns,
    script=lambda _path, data: Script(sql=data, together=True),
    order=_order,
)


def _read(request: Request) -> Project:
    look, root = request.look, request.root
    project = read_nested(_TOOL, request, "migration.sql")
    empty = (
        Complaint(
            rule="missing-migration",
            path=join(root, name),
            what="has no migration.sql: Prisma refuses to go on (P3015)",
            remedy="commit the file, or take the folder away",
            whole=True,
        )
        for name in (path.rpartition("/")[2] for path in look.folders(root))
        if _FOLDER().fullmatch(name) and "migration.sql" not in look.names(join(root, name))
    )
    return structs.replace(
        project,
        complaints=(*project.complaints, *empty),
        faults=(*project.faults, *_unread(root, look)),
        engine=_engine(root, look),
    )


def _unread(root: str, look: Look) -> Iterator[Reason]:
    """Yield why the lock file does not tell the database: a merge left both sides of it."""
    path = join(root, _LOCK)
    data = look.read(path) if look.is_file(path) else b""
    if trouble := readable(data):
        yield cannot_tell(
            f"{trouble.what}, so it is not known for which database these migrations are",
            where=Location(path=path, line=data.count(b"\n", 0, trouble.offset) + 1),
            remedy=trouble.remedy,
        )


def _engine(root: str, look: Look) -> str:
    """Return the database that the lock file names, or the schema beside the folder."""
    path = join(root, _LOCK)
    schema = join(parent(root), "schema.prisma")
    data = look.read(path) if look.is_file(path) else b""
    if not data and look.is_file(schema):
        data = look.read(schema).partition(b"datasource")[2]
    found = re.search(rb'^\s*provider\s*=\s*"(\w+)"', data, re.MULTILINE)
    return found[1].decode() if found else ""


SOURCE = Source(
    title="Prisma",
    root=_root,
    read=_read,
    may_own=lambda beside, _, look: "migration.sql" in look.names(beside),
    migrations=lambda path, data: (migration_of(_TOOL, Text(path, data)),),
    marks=(_LOCK,),
)
