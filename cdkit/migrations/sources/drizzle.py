"""Drizzle: SQL files that `meta/_journal.json` lists, all that are new in one transaction.

Sources: Drizzle's documentation, "Migrations" and "drizzle.config"; drizzle-orm's source,
migrator.ts (the journal gives the order; newer projects have folders `<time>_title` with a
migration.sql and a snapshot.json, in the order of their names) and dialect.ts (PostgreSQL and
SQLite: one transaction around all; an entry whose `when` is not after the newest that ran is left
out without a word). `--> statement-breakpoint` parts statements.
"""

import re
from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct, structs

from cdkit.core.errors import CannotTell, CdkitError
from cdkit.migrations.folder import FolderTool, migration_of, natural, read_folder
from cdkit.migrations.lazy import pattern
from cdkit.migrations.look import Look, ancestors, join, parent
from cdkit.migrations.source import Complaint, Migration, Project, Request, Script, Source
from cdkit.migrations.text import Text

_JOURNAL = "_journal.json"
_BREAK = b"--> statement-breakpoint"
_CONFIGS = tuple(f"drizzle.config.{x}" for x in ("ts", "js", "mjs", "cjs", "mts", "json"))
_OUT = pattern(rb"""["']?\bout["']?\s*:\s*["'`]([^"'`\n]+)["'`]""")
_SQLITE = frozenset({"turso", "durable-sqlite", "expo", "libsql"})


class _Entry(Struct, frozen=True):
    tag: str
    when: int = 0


class _Journal(Struct, frozen=True):
    dialect: str = ""
    entries: tuple[_Entry, ...] = ()


def _owns(path: str, look: Look) -> bool:
    folder, _, name = path.rpartition("/")
    if name == "migration.sql":
        return bool(folder) and "snapshot.json" in look.names(folder)
    return name.endswith(".sql") and look.is_file(join(parent(path), f"meta/{_JOURNAL}"))


def _may_own(beside: str, _folder: str, look: Look) -> bool:
    return "migration.sql" in look.names(beside) or look.is_file(join(beside, f"meta/{_JOURNAL}"))


def _root(path: str, folder: str, look: Look) -> str | None:
    name = path.rpartition("/")[2]
    if name == _JOURNAL:
        return parent(parent(path))
    if name in _CONFIGS:
        return _out(path, look)
    if not _owns(path, look):
        return None
    del folder
    return parent(parent(path)) if name == "migration.sql" else parent(path)


def _out(path: str, look: Look) -> str | None:
    """Return the folder that a drizzle.config names, where it is there."""
    found = _OUT().search(look.read(path))
    out = found[1].decode("utf-8", "replace") if found else "drizzle"
    folder = join(parent(path), out.removeprefix("./").rstrip("/"))
    return folder if look.is_dir(folder) else None


def _script(_path: str, data: bytes) -> Script:
    """A breakpoint ends a statement, with or without a semicolon before it."""
    parted = data.replace(_BREAK, b";" + b" " * (len(_BREAK) - 1))
    return Script(sql=parted, in_transaction=True)


_TOOL = FolderTool(name="drizzle", title="Drizzle", owns=_owns, script=_script)


def _read(request: Request) -> Project:
    request = structs.replace(request, depth=max(request.depth, 1))
    look, root = request.look, request.root
    project = read_folder(_TOOL, request)
    path = join(root, f"meta/{_JOURNAL}")
    if not look.is_file(path):
        return structs.replace(
            project,
            engine=_configured(root, look),
            holds=lambda path: path.endswith("/migration.sql") and parent(parent(path)) == root,
        )
    try:
        journal = _journal(path, look)
    except CdkitError as fault:
        return structs.replace(project, faults=(*project.faults, fault.reason()))
    places = {entry.tag: index for index, entry in enumerate(journal.entries)}
    return structs.replace(
        project,
        migrations=tuple(_placed(one, places) for one in project.migrations),
        complaints=(
            *project.complaints,
            *_unlisted(project, places),
            *_gone(path, root, journal, look),
            *_late(root, journal),
        ),
        engine=_engine(journal.dialect),
    )


def _journal(path: str, look: Look) -> _Journal:
    try:
        return msgspec.json.decode(look.read(path), type=_Journal)
    except (msgspec.DecodeError, RecursionError) as fault:
        raise CannotTell(
            f"is no journal as Drizzle writes it, so it is not known what runs: {fault}",
            where=path,
            remedy="mend it: a merge often breaks it",
        ) from fault


def _configured(root: str, look: Look) -> str:
    """Return the database that a drizzle.config above names."""
    for folder in (*ancestors(root), "."):
        for name in _CONFIGS:
            path = join(folder, name)
            if look.is_file(path):
                said = re.search(rb"""\bdialect["']?\s*:\s*["'`]([\w-]+)""", look.read(path))
                return _engine(said[1].decode()) if said else ""
    return ""


def _engine(dialect: str) -> str:
    """Return the database of a dialect, as users write it for `server`."""
    return "sqlite" if dialect in _SQLITE else dialect


def _tag(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".sql")


def _placed(one: Migration, places: Mapping[str, int]) -> Migration:
    place = places.get(_tag(one.path))
    if place is None:
        return structs.replace(one, order=((1, 0, ""), *natural(one.path)))
    return structs.replace(one, order=((0, place, one.path),))


def _unlisted(project: Project, places: Mapping[str, int]) -> Iterator[Complaint]:
    for one in project.migrations:
        if _tag(one.path) not in places:
            yield Complaint(
                rule="unlisted-migration",
                path=one.path,
                what="is not in meta/_journal.json: Drizzle does not run it, and does not say so",
                remedy="make it with `drizzle-kit generate --custom`, which lists it",
            )


def _gone(path: str, root: str, journal: _Journal, look: Look) -> Iterator[Complaint]:
    for entry in journal.entries:
        if not look.is_file(join(root, f"{entry.tag}.sql")):
            yield Complaint(
                rule="missing-migration",
                path=path,
                what=f"lists {entry.tag}, and {entry.tag}.sql is not there: Drizzle stops at it",
                about=entry.tag,
                remedy="commit the file, or take the entry out with `drizzle-kit drop`",
                whole=True,
            )


def _late(root: str, journal: _Journal) -> Iterator[Complaint]:
    """Yield the entries that are skipped where all before them ran."""
    newest = _Entry("", 0)
    for entry in journal.entries:
        if newest.tag and entry.when <= newest.when:
            yield Complaint(
                rule="out-of-order-version",
                path=join(root, f"{entry.tag}.sql"),
                what=f"its `when` in the journal is not after that of {newest.tag}: where that "
                "ran, Drizzle leaves this one out without a word",
                about=entry.tag,
                remedy="generate it again on top of the other (`drizzle-kit drop`, then generate)",
            )
        else:
            newest = entry


SOURCE = Source(
    title="Drizzle",
    root=_root,
    read=_read,
    may_own=_may_own,
    migrations=lambda path, data: (migration_of(_TOOL, Text(path, data)),),
    marks=(_JOURNAL, *_CONFIGS),
)
