"""A folder of SQL files, one migration each: what most tools have, each with its own words."""

import functools
import re
from collections.abc import Callable, Collection, Iterable, Iterator

from msgspec import Struct, structs

from cdkit.core.errors import CdkitError
from cdkit.core.finding import Location, Severity
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.migrations.atlas_sum import mismatches
from cdkit.migrations.guesses import guesses
from cdkit.migrations.look import Look, parent
from cdkit.migrations.source import (
    Complaint,
    Down,
    Late,
    Migration,
    Order,
    Project,
    Request,
    Script,
    Source,
)
from cdkit.migrations.text import Text
from cdkit.migrations.trouble import Trouble

SUFFIXES = (".sql", ".pgsql", ".psql", ".ddl")


def is_sql(path: str) -> bool:
    """Whether a file is called what SQL is called, in whatever case."""
    return path.lower().endswith(SUFFIXES)


@functools.lru_cache(maxsize=32_768)
def natural(path: str) -> Order:
    """Return what sorts paths as tools run them: numbers by value."""
    # Behind a number the name begins with `_`, a further number with `.`: 2__a comes before 2.1__b.
    parts = enumerate(re.split(r"(\d+)", path.replace("_", "\t")))
    return tuple((0, int(x), "") if place % 2 else (1, 0, x) for place, x in parts)


def takes_back(path: str, paths: Collection[str], ups: Iterable[str]) -> str:
    """Return the path that a file takes back: the first that is there of `ups`, else nothing.

    An up may hold `*` for any text. A name alone makes no way back: `0013_scale_down.sql` is a
    migration like others.
    """
    for up in ups:
        if up in paths and up != path:
            return up
        if "*" in up:
            from fnmatch import fnmatchcase

            if found := [each for each in paths if fnmatchcase(each, up)]:
                return min(found)
    return ""


class FolderTool(Struct, frozen=True, kw_only=True):
    """A tool whose migrations are the SQL files of a folder.

    `owns` says whether a file is one of its files, `may_own` whether any SQL file of a folder may
    be one; `script` what of it runs; `up_of` which names the migration would have that a file takes
    back; `order` sorts paths; `repeats` says whether a file runs again whenever it changes. `fill`
    puts values in for placeholders. `deep` where the tool looks into folders below too; else each
    folder is a project of its own.

    `version` is what must be one migration's alone (nothing where a file has none), and `twice`
    what the tool does where it is not; `twice_is` how bad that is where it refuses nothing.
    `misnamed` says why the tool will not run a file by its name, with a remedy; `refused` what it
    refuses in a file; `code` how to render a file that only the tool can run. `late` is what
    becomes of a migration that comes out of order. `goes_back`
    says whether its files have a part for the way back; `outside` and `sums` are those of the
    source; `doubts` yields what of a text is no SQL. `engine` returns the database that the tool's
    own settings name for a folder, empty where none do.
    """

    name: str
    title: str
    owns: Callable[[str, Look], bool]
    script: Callable[[str, bytes], Script]
    may_own: Callable[[str, Look], bool] = lambda *_: True
    up_of: Callable[[str], tuple[str, ...]] = lambda _: ()
    order: Callable[[str], Order] = natural
    repeats: Callable[[str], bool] = lambda _: False
    goes_back: bool = False
    fill: Callable[[Text], Text] = lambda text: text
    version: Callable[[str], str] = lambda _: ""
    twice: str = ""
    twice_is: Severity | None = None
    misnamed: Callable[[str], tuple[str, str] | None] = lambda _: None
    refused: Callable[[Migration], Iterable[Complaint]] = lambda _: ()
    code: Callable[[str], str] = lambda _: ""
    late: Late | None = None
    deep: bool = False
    marks: tuple[str, ...] = ()
    outside: Callable[[bytes], tuple[int, int, str] | None] = lambda _: None
    doubts: Callable[[Text], Iterable[Trouble]] = lambda _: ()
    sums: str = ""
    engine: Callable[[str, Look], str] = lambda *_: ""


def folder_source(tool: FolderTool) -> Source:
    """Return the source of such a tool."""

    def root(path: str, folder: str, look: Look) -> str | None:
        if not tool.owns(path, look):
            return None
        return folder if tool.deep else parent(path)

    def read(request: Request) -> Project:
        depth = request.depth if tool.deep else 0
        return read_folder(tool, structs.replace(request, depth=depth))

    return Source(
        title=tool.title,
        root=root,
        read=read,
        may_own=lambda beside, _, look: tool.may_own(beside, look),
        migrations=lambda path, data: (migration_of(tool, Text(path, data)),),
        up_of=tool.up_of,
        goes_back=tool.goes_back,
        marks=tool.marks,
        outside=tool.outside,
        sums=tool.sums,
    )


def migration_of(tool: FolderTool, text: Text) -> Migration:
    """Return the migration that a file is, its way back left to its own text."""
    filled = tool.fill(text)
    return Migration(
        text=filled,
        script=tool.script(text.path, filled.data),
        source=tool.name,
        order=tool.order(text.path),
        repeats=tool.repeats(text.path),
        written=None if filled is text else text,
        troubles=(*guesses(filled), *tool.doubts(filled)),
    )


def read_folder(tool: FolderTool, request: Request, paths: Iterable[str] | None = None) -> Project:
    """Read every file of a folder that a tool owns, each as one migration.

    A file that takes back another one of these is no migration, and becomes that one's way down.
    `paths` are the files to look at where they are not simply those below the root.
    """
    look = request.look
    below = look.below(request.root, request.depth) if paths is None else paths
    there = {*below, *request.asked}
    owned = [path for path in there if _owns(tool, path, look) and not request.claimed(path)]
    coded = {path: how for path in owned if (how := tool.code(path))}
    paths = sorted((path for path in owned if path not in coded), key=tool.order)
    ups = {path: takes_back(path, there, tool.up_of(path)) for path in paths}
    # Where two take the same one back (`revert/`, and `verify/` behind it), the first one does.
    downs = {up: path for path, up in reversed(ups.items()) if up}
    migrations: list[Migration] = []
    unread: list[Reason] = [in_code(path, tool.title, how) for path, how in sorted(coded.items())]
    for path in paths:
        if ups[path]:
            continue
        try:
            migrations.append(_read(tool, path, downs.get(path, ""), look))
        except CdkitError as fault:
            unread.append(fault.reason())
    return Project(
        migrations=tuple(migrations),
        downs=frozenset(path for path, up in ups.items() if up),
        unread=tuple(unread),
        complaints=(
            *_misnamed(tool, migrations),
            *(each for one in migrations for each in tool.refused(one)),
            *_twice(tool, [*(one.path for one in migrations), *coded]),
            *(() if tool.deep else mismatches(request.root, look)),
        ),
        holds=lambda path: tool.deep or parent(path) == request.root,
        late=tool.late,
        engine=tool.engine(request.root, look),
    )


def _owns(tool: FolderTool, path: str, look: Look) -> bool:
    """Whether a file is the tool's; what cannot be read is said where it is read as plain SQL."""
    try:
        return tool.owns(path, look)
    except CdkitError:
        return False


def _read(tool: FolderTool, path: str, down: str, look: Look) -> Migration:
    made = migration_of(tool, Text(path, look.read(path)))
    if not down or made.script.down is not None:
        return made
    text = tool.fill(Text(down, look.read(down)))
    back = tool.script(down, text.data)
    way = Down(text=text, sql=back.sql, in_transaction=back.in_transaction)
    return structs.replace(made, script=structs.replace(made.script, down=way))


def in_code(path: str, title: str, how: str) -> Reason:
    """Return why a migration in a programming language cannot be judged, and what renders it."""
    return cannot_tell(
        f"{title} runs this as a program, so what SQL it sends cannot be read here",
        where=Location(path=path),
        remedy=f"give the SQL that it renders: {how}",
        rule="unread-code",
    )


def _misnamed(tool: FolderTool, migrations: list[Migration]) -> Iterator[Complaint]:
    for migration in migrations:
        if fault := tool.misnamed(migration.path):
            what, remedy = fault
            yield Complaint(
                rule="misnamed-migration", path=migration.path, what=what, remedy=remedy
            )


def _twice(tool: FolderTool, paths: Iterable[str]) -> Iterator[Complaint]:
    """Yield a complaint for each file whose version another one has already."""
    versions = {path: tool.version(path) for path in paths}
    if not any(versions.values()):
        return
    first: dict[str, str] = {}
    for path in sorted(versions, key=tool.order):
        version = versions[path]
        other = first.setdefault(version, path)
        if not version or other == path:
            continue
        yield _same_version(tool, version, path, other)
        if tool.twice_is:
            # It is said of the one that the change brings.
            yield _same_version(tool, version, other, path)


def _same_version(tool: FolderTool, version: str, path: str, other: str) -> Complaint:
    return Complaint(
        rule="duplicate-version",
        path=path,
        what=f"version {version} is also that of {other}: {tool.title} {tool.twice}",
        about=version,
        remedy="give the newer of the two a version of its own",
        whole=not tool.twice_is,
        severity=tool.twice_is,
    )
