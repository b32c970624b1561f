"""A folder of SQL files, one migration each: what most tools have, each with its own words."""

import re
from collections.abc import Callable, Collection, Iterable
from fnmatch import fnmatchcase

from msgspec import Struct, structs

from cdkit.core.errors import CdkitError
from cdkit.core.verdict import Reason
from cdkit.migrations.look import Look
from cdkit.migrations.source import Down, Migration, Order, Project, Request, Script, Source
from cdkit.migrations.text import Text

SUFFIXES = (".sql", ".pgsql", ".psql", ".ddl")


def is_sql(path: str) -> bool:
    """Whether a file is called what SQL is called, in whatever case."""
    return path.lower().endswith(SUFFIXES)


def natural(path: str) -> Order:
    """Return what sorts paths as tools run them: numbers by value."""
    # Behind a number the name begins with `_`, a further number with `.`: 2__a comes before 2.1__b.
    parts = re.split(r"(\d+)", path.replace("_", "\t"))
    return tuple((0, int(x), "") if x.isdigit() else (1, 0, x) for x in parts)


def takes_back(path: str, paths: Collection[str], ups: Iterable[str]) -> str:
    """Return the path that a file takes back: the first that is there of `ups`, else nothing.

    An up may hold `*` for any text. A name alone makes no way back: `0013_scale_down.sql` is a
    migration like others.
    """
    for up in ups:
        if up in paths and up != path:
            return up
        if "*" in up and (found := [x for x in paths if fnmatchcase(x, up)]):
            return min(found)
    return ""


class FolderTool(Struct, frozen=True, kw_only=True):
    """A tool whose migrations are the SQL files of a folder.

    `owns` says whether a file is one of its files; `script` what of it runs; `up_of` which names
    the migration would have that a file takes back; `order` sorts paths; `repeats` says whether a
    file runs again whenever it changes; `goes_back` whether its files have a part for the way back;
    `outside` is that of the source.
    """

    name: str
    title: str
    owns: Callable[[str, Look], bool]
    script: Callable[[str, bytes], Script]
    up_of: Callable[[str], tuple[str, ...]] = lambda _: ()
    order: Callable[[str], Order] = natural
    repeats: Callable[[str], bool] = lambda _: False
    goes_back: bool = False
    marks: tuple[str, ...] = ()
    outside: Callable[[bytes], tuple[int, int, str] | None] = lambda _: None


def folder_source(tool: FolderTool) -> Source:
    """Return the source of such a tool."""
    return Source(
        title=tool.title,
        root=lambda path, folder, look: folder if tool.owns(path, look) else None,
        read=lambda request: read_folder(tool, request),
        migrations=lambda path, data: (migration_of(tool, Text(path, data)),),
        up_of=tool.up_of,
        goes_back=tool.goes_back,
        marks=tool.marks,
        outside=tool.outside,
    )


def migration_of(tool: FolderTool, text: Text) -> Migration:
    """Return the migration that a file is, its way back left to its own text."""
    return Migration(
        text=text,
        script=tool.script(text.path, text.data),
        source=tool.name,
        order=tool.order(text.path),
        repeats=tool.repeats(text.path),
    )


def read_folder(tool: FolderTool, request: Request) -> Project:
    """Read every file of a folder that a tool owns, each as one migration.

    A file that takes back another one of these is no migration, and becomes that one's way down.
    """
    look = request.look
    there = {*look.below(request.root, request.depth), *request.asked}
    owned = (path for path in there if tool.owns(path, look) and not request.claimed(path))
    paths = sorted(owned, key=tool.order)
    ups = {path: takes_back(path, there, tool.up_of(path)) for path in paths}
    downs = {up: path for path, up in ups.items() if up}
    migrations: list[Migration] = []
    unread: list[Reason] = []
    for path in paths:
        if ups[path]:
            continue
        try:
            made = migration_of(tool, Text(path, look.read(path)))
            if path in downs and made.script.down is None:
                down = _down(tool, Text(downs[path], look.read(downs[path])))
                made = structs.replace(made, script=structs.replace(made.script, down=down))
        except CdkitError as fault:
            unread.append(fault.reason())
        else:
            migrations.append(made)
    return Project(
        migrations=tuple(migrations), downs=frozenset(downs.values()), unread=tuple(unread)
    )


def _down(tool: FolderTool, text: Text) -> Down:
    back = tool.script(text.path, text.data)
    return Down(text=text, sql=back.sql, in_transaction=back.in_transaction)
