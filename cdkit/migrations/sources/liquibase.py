"""Liquibase: changelogs in SQL, XML, YAML and JSON, one migration a changeset.

A project is found by liquibase.properties, by a changelog that is called like a master, or as the
changelogs of a folder. Liquibase knows a changeset by id, author and path; each has a transaction
of its own unless it says `runInTransaction` no. Source: Liquibase documentation.
"""

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from cdkit.core.errors import CdkitError
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.migrations.folder import is_sql
from cdkit.migrations.liquibase.sniff import is_changelog, is_formatted
from cdkit.migrations.look import Alone, Look, ancestors, join, parent
from cdkit.migrations.sections import texts_in
from cdkit.migrations.server import DEFAULT, engines, server_of
from cdkit.migrations.source import Migration, Project, Request, Source

if TYPE_CHECKING:
    from cdkit.migrations.liquibase.changelog import Book

NAME = "liquibase"
_PROPERTIES = "liquibase.properties"
_STEMS = (
    *("db.changelog-master", "changelog-master", "db-changelog-master", "db.changelog"),
    *("liquibase-changelog", "dbchangelog", "changelog-root", "changelog", "master"),
)
_MASTERS = tuple(
    f"{stem}.{end}" for stem in _STEMS for end in ("xml", "yaml", "yml", "json", "sql")
)
_ENDINGS = (".sql", ".xml", ".yaml", ".yml", ".json")


def _root(path: str, folder: str, look: Look) -> str | None:
    if path.rpartition("/")[2] == _PROPERTIES:
        return parent(path)
    if not path.lower().endswith(_ENDINGS):
        return None
    top = _top(parent(path), look)
    if _is_ours(path, look):
        return top or folder
    if is_sql(path):
        reached = _project(top, (), look).reached if top else _reached(folder, look)
        return top or folder if posixpath.normpath(path) in reached else None
    return None


def _reached(folder: str, look: Look) -> frozenset[str]:
    """Return the files that the changelogs of a folder without a master are made of."""

    def make() -> frozenset[str]:
        there = (each for each in look.below(folder) if each.lower().endswith(_ENDINGS[1:]))
        ours = [each for each in there if _ours(each, look)]
        if not ours:
            return frozenset()
        from cdkit.migrations.liquibase.changelog import book_of

        return book_of(ours, look, DEFAULT, {}).reached

    return look.once((NAME, "reached", folder), make)


def _is_ours(path: str, look: Look) -> bool:
    data = look.read(path)
    return is_formatted(data) if is_sql(path) else is_changelog(path, data)


def _top(folder: str, look: Look) -> str:
    """Return the uppermost folder, from this one on, with a master or properties; empty: none."""

    def find() -> str:
        found = [above for above in (folder, *ancestors(folder)) if _master(above, look)]
        return found[-1] if found else ""

    return look.once((NAME, "top", folder), find)


def _may_own(beside: str, folder: str, look: Look) -> bool:
    if _top(beside, look) or _reached(folder, look):
        return True
    return any(map(is_formatted, texts_in(beside, look)))


def _master(folder: str, look: Look) -> str:
    """Return the changelog that a folder begins with; the properties' own where they name one."""
    names = look.names(folder)
    if _PROPERTIES in names:
        from cdkit.migrations.liquibase.changelog import resolved
        from cdkit.migrations.liquibase.filters import settings

        written = settings(_said(folder, look)).get("changelogfile", "")
        beside = join(folder, _PROPERTIES)
        if found := written and resolved(written, beside, look, relative=False):
            return found
    for name in _MASTERS:
        if name in names and _is_ours(join(folder, name), look):
            return join(folder, name)
    return ""


def _said(folder: str, look: Look) -> dict[str, str]:
    from cdkit.migrations.liquibase.changelog import properties

    path = join(folder, _PROPERTIES)
    return properties(look.read(path)) if look.is_file(path) else {}


def _parameters(folder: str, look: Look) -> dict[str, str]:
    """Return the properties that liquibase.properties gives to changelogs."""
    said = _said(folder, look)
    return {
        name.removeprefix("parameter."): value
        for name, value in said.items()
        if name.startswith("parameter.")
    }


def _engine(folder: str, look: Look) -> str:
    """Return the engine of the address in liquibase.properties, empty where it names none.

    Source: Liquibase documentation, "Connect Liquibase to your database" (`jdbc:NAME:…`).
    """
    from cdkit.migrations.liquibase.changeset import DBMS
    from cdkit.migrations.liquibase.filters import settings

    url = settings(_said(folder, look)).get("url", "")
    named = url.removeprefix("jdbc:").removeprefix("offline:").partition(":")[0].partition("?")[0]
    ours = (name for name, words in DBMS.items() if named.lower() in words)
    return next((name for name in ours if name in engines()), named and f"{named} (unknown)")


def _project(root: str, others: tuple[str, ...], look: Look, engine: str = DEFAULT) -> "Book":
    """Return what the changelogs of a project hold, the master's first."""
    from cdkit.migrations.liquibase.changelog import book_of
    from cdkit.migrations.liquibase.filters import filter_of

    def make() -> "Book":
        master = _master(root, look)
        tops = (master,) if master else others
        taken = filter_of(_said(root, look))
        return book_of(tops, look, engine, _parameters(root, look), taken)

    return look.once((NAME, "book", root, engine, *others), make)


def _tops(request: Request) -> tuple[str, ...]:
    """Return the changelogs of a folder without a master that no other one includes."""
    from cdkit.migrations.liquibase.changelog import book_of

    look = request.look
    there = {*look.below(request.root, request.depth), *request.asked}
    ours = sorted(each for each in there if each.lower().endswith(_ENDINGS) and _ours(each, look))
    included: set[str] = set()
    for each in ours:
        included |= book_of((each,), look, DEFAULT, {}).reached - {posixpath.normpath(each)}
    return tuple(each for each in ours if posixpath.normpath(each) not in included)


def _ours(path: str, look: Look) -> bool:
    try:
        return _is_ours(path, look)
    except CdkitError:
        # What cannot be read is said where it is asked for.
        return False


def _read(request: Request) -> Project:
    """Read the changelogs of a project, each changeset a migration."""
    from cdkit.migrations.liquibase.render import migration_of

    look, root = request.look, request.root
    named = _engine(root, look)
    engine = server_of(request.rendering.server).engine if request.rendering.server else named
    unread: list[Reason] = []
    if engine not in engines():
        if engine:
            unread.append(_unknown_engine(root, engine))
        engine = DEFAULT
    others = () if _master(root, look) else _tops(request)
    book = _project(root, others, look, engine)
    migrations: list[Migration] = []
    for number, changeset in enumerate(book.changesets):
        try:
            migrations.append(migration_of(changeset, number, engine, look))
        except CdkitError as fault:
            unread.append(fault.reason())
    unread += book.unread
    for path in sorted(request.asked):
        if posixpath.normpath(path) not in book.reached | {x for m in migrations for x in m.also}:
            unread.append(_not_included(path))
    return Project(
        migrations=tuple(migrations),
        unread=tuple(unread),
        engine="" if named not in engines() else named,
        again=_again(root, engine, look),
        notes=tuple(_notes(book, migrations, _said(root, look))),
    )


def _again(root: str, engine: str, look: Look) -> Callable[[str, bytes], tuple[Migration, ...]]:
    """Return what reads one file as this project has it run, in whatever state the file is."""
    from cdkit.migrations.liquibase.changelog import book_of
    from cdkit.migrations.liquibase.filters import filter_of
    from cdkit.migrations.liquibase.render import migration_of

    given, taken = _parameters(root, look), filter_of(_said(root, look))

    def again(path: str, data: bytes) -> tuple[Migration, ...]:
        alone = Alone(path, data)
        book = book_of((path,), alone, engine, given, taken)
        return tuple(
            migration_of(each, number, engine, alone) for number, each in enumerate(book.changesets)
        )

    return again


def _notes(book: "Book", migrations: list[Migration], said: Mapping[str, str]) -> Iterator[str]:
    from cdkit.migrations.liquibase.filters import filter_of

    if book.left:
        taken = filter_of(said)
        by = f"; {_PROPERTIES} names {taken}" if str(taken) else ""
        yield f"changesets for other databases, contexts or labels, not judged: {book.left}{by}"
    if unsure := [one for one in migrations if one.maybe]:
        first = unsure[0]
        more = f" and {len(unsure) - 1} others" if len(unsure) > 1 else ""
        yield (
            f"{first.name}{more} may be passed over ({first.maybe}): what such changesets make "
            "counts as there before, and what they mend as not mended"
        )


def _unknown_engine(root: str, engine: str) -> Reason:
    return cannot_tell(
        f"liquibase.properties is for {engine}, which cdkit does not read",
        where=Location(path=join(root, _PROPERTIES)),
        remedy="say which database it is: `--server postgres:16`",
    )


def _not_included(path: str) -> Reason:
    return cannot_tell(
        "no changelog of the project includes this file, so Liquibase does not run it",
        where=Location(path=path),
        remedy="include it, or take it away",
    )


def _migrations(path: str, data: bytes) -> tuple[Migration, ...]:
    """Return the changesets of one file, without what others define for it."""
    return _again(parent(path), DEFAULT, Alone(path, data))(path, data)


SOURCE = Source(
    title="Liquibase",
    root=_root,
    read=_read,
    may_own=_may_own,
    migrations=_migrations,
    named=lambda path: path.lower().endswith(_ENDINGS),
    marks=(_PROPERTIES, *_MASTERS),
)
