"""Finding migrations: which tool's projects are here, and what of them the user asked for."""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from cdkit.core import plugins
from cdkit.core.errors import CannotTell, CdkitError, NoInput
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.core.world import World
from cdkit.migrations.folder import is_sql
from cdkit.migrations.look import DEPTH, Alone, Look, parent
from cdkit.migrations.source import Migration, Project, Rendering, Request, Source

PLAIN = "plain"
"""The source that takes the SQL which no other claims."""

_FOLDERS = frozenset({"migrations", "migration", "migrate"})
_SKIPPED = frozenset({"node_modules", "vendor", "venv", "site-packages", "target", "dist", "build"})
_CODE = (
    *(".py", ".rb", ".js", ".ts", ".mjs", ".cjs", ".xml", ".yaml", ".yml", ".json"),
    *(".php", ".java", ".kt", ".go", ".cs", ".exs"),
)
_NUMBERED = r"(?:^|/)[VR]?\d[\w.-]*$"


class Found(Struct, frozen=True, kw_only=True):
    """A project of one tool, and the names of those of its migrations that were asked for.

    `left` counts files that were asked for and only take back; `backs` are the names of migrations
    of which nothing but such a file was asked for. `unread` is why files that were asked for cannot
    be judged; `dark` counts others, whose part of the history is not known.
    """

    root: str
    source: str
    project: Project
    asked: frozenset[str] = frozenset()
    left: int = 0
    backs: frozenset[str] = frozenset()
    unread: tuple[Reason, ...] = ()
    dark: int = 0


class Candidate(Struct, frozen=True, kw_only=True):
    """A file that may be a migration, and the folder that it was found by.

    `depth` is how far below that folder there are others of its kind; `named` by the user.
    """

    path: str
    folder: str
    depth: int = DEPTH
    named: bool = False


@functools.cache
def sources() -> Mapping[str, Source]:
    """Return the sources by name."""
    from cdkit.migrations import sources as folder

    return plugins.collect(folder, "SOURCE", Source)


def find(
    paths: tuple[str, ...], world: World, rendering: Rendering | None = None
) -> tuple[tuple[Found, ...], tuple[Reason, ...]]:
    """Return the projects that the paths are of, and why some files are of none.

    A folder is searched; a file brings its project along as history. Without paths, every folder
    that is called `migrations` (or `migration`, `migrate`) and every project that a tool's own
    files show. Raises NoInput where there is nothing at all.
    """
    look = Look(world.files)
    candidates = _named(paths, look) if paths else _search(".", DEPTH, look)
    asked: dict[tuple[str, str], set[str]] = {}
    depths: dict[tuple[str, str], int] = {}
    unread: list[Reason] = []
    for candidate in candidates:
        try:
            owner = _owner(candidate, look)
        except CannotTell as fault:
            unread.append(fault.reason())
            continue
        if owner is None:
            unread += _unclaimed(candidate, look)
            continue
        asked.setdefault(owner, set()).add(candidate.path)
        depths[owner] = max(depths.get(owner, 0), candidate.depth)
    found = tuple(
        each
        for key in asked
        for each in _read(
            key, frozenset(asked[key]), depths[key], look, world, rendering or Rendering()
        )
    )
    found = tuple(sorted(found, key=lambda one: (one.root, one.source)))
    if not unread and not any(_has_input(one) for one in found):
        raise NoInput(
            "there is no migration here",
            where=", ".join(paths) or None,
            remedy="name the folder or the files: `cdkit lint-migrations db/migrations`",
        )
    return found, tuple(unread)


def _has_input(one: Found) -> bool:
    named, held = one.asked or one.backs or one.unread, one.project
    return bool(named or held.faults or held.complaints or held.replaced)


def _named(paths: tuple[str, ...], look: Look) -> Iterator[Candidate]:
    """Yield what the user named: a folder's files, or a file with those beside it."""
    for path in paths:
        plain = _plain(path, look)
        if look.is_dir(plain):
            for each in look.below(plain):
                yield Candidate(path=each, folder=plain)
        else:
            yield Candidate(path=plain, folder=parent(plain), depth=0, named=True)


def _plain(path: str, look: Look) -> str:
    """Return a path from the working directory, if it is of something there.

    Sources join paths of their own, so that each file must have one name only; git has that one.
    """
    plain = (re.sub(r"^(?:\./+)+", "", path) or ".").rstrip("/") or "/"
    if not plain.startswith("/") and ".." not in plain.split("/"):
        return plain
    top, real = look.files.real("."), look.files.real(plain)
    below = real.removeprefix(f"{top.rstrip('/')}/")
    if real == top:
        return "."
    return plain if below == real else below


def _search(folder: str, depth: int, look: Look) -> Iterator[Candidate]:
    """Yield the files of each folder called `migrations`, and what shows a tool elsewhere.

    That is a tool's own file, or SQL that a tool claims: goose's are often in `sql/schema`.
    """
    for path in look.below(folder, 0):
        if _is_mark(path) or (path.lower().endswith(".sql") and _claims(path, folder, look)):
            yield Candidate(path=path, folder=folder)
    for below in look.folders(folder):
        name = below.rpartition("/")[2]
        if name in _SKIPPED:
            continue
        if name.lower() in _FOLDERS:
            for path in look.below(below):
                yield Candidate(path=path, folder=below)
        elif depth:
            yield from _search(below, depth - 1, look)


@functools.cache
def _marks() -> frozenset[str]:
    return frozenset(mark for source in sources().values() for mark in source.marks)


def _is_mark(path: str) -> bool:
    return path.rpartition("/")[2] in _marks()


def _owner(candidate: Candidate, look: Look) -> tuple[str, str] | None:
    """Return the source that claims a file, and the root of its project; None where none does.

    Raises CannotTell where several do.
    """
    claims = _claims(candidate.path, candidate.folder, look)
    if len(claims) > 1:
        raise CannotTell(
            f"{' and '.join(sources()[name].title for name in claims)} claim this file, so nobody "
            "can tell how it runs",
            where=candidate.path,
            remedy="leave the marks of one tool in it",
        )
    for claim in claims.items():
        return claim
    root = sources()[PLAIN].root(candidate.path, candidate.folder, look)
    return None if root is None else (PLAIN, root)


def _claims(path: str, folder: str, look: Look) -> dict[str, str]:
    """Return the sources that claim a file, each with its root; what cannot be read has none."""
    return look.once(("claims", path, folder), lambda: _asked_each(path, folder, look))


@functools.cache
def _roots() -> Mapping[str, Callable[[str, str, Look], str | None]]:
    """Return by what each source claims a file, but the one that takes what no other claims."""
    return {name: one.root for name, one in sources().items() if name != PLAIN}


def _may_own(path: str, folder: str, look: Look) -> Iterable[str]:
    """Return the sources to ask for a file: for SQL those that any beside it may be of."""
    if not is_sql(path):
        return _roots()
    beside, _, name = path.rpartition("/")
    there, some = look.once(("may own", beside, folder), lambda: _of_folder(path, folder, look))
    return some if name in there else _roots()


def _of_folder(path: str, folder: str, look: Look) -> tuple[frozenset[str], list[str]]:
    """Return the names beside a file, and the sources that any SQL file among them may be of."""
    beside = parent(path)

    def may(source: Source) -> bool:
        try:
            return source.may_own(beside, folder, look)
        except CdkitError:
            return True

    return frozenset(look.names(beside)), [name for name in _roots() if may(sources()[name])]


def _asked_each(path: str, folder: str, look: Look) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _may_own(path, folder, look):
        root_of = _roots()[name]
        try:
            root = root_of(path, folder, look)
        except CdkitError:
            # What cannot be read is said where the file is read as plain SQL.
            continue
        if root is not None:
            found[name] = root
    return found


def _read(
    key: tuple[str, str],
    paths: frozenset[str],
    depth: int,
    look: Look,
    world: World,
    rendering: Rendering,
) -> Iterator[Found]:
    """Yield what is found of a project: once for each of its databases."""
    name, root = key

    def claimed(path: str) -> bool:
        return name == PLAIN and bool(_claims(path, root, look))

    migrations_asked = frozenset(path for path in paths if not _is_mark(path))
    request = Request(
        root=root,
        asked=migrations_asked,
        depth=depth,
        look=look,
        claimed=claimed,
        world=world,
        rendering=rendering,
    )
    try:
        project = sources()[name].read(request)
    except CdkitError as fault:
        project = Project(faults=(fault.reason(),))
    whole = len(migrations_asked) < len(paths)
    for each in (project, *project.others):
        yield _found(key, each, paths, whole=whole)


def _found(key: tuple[str, str], project: Project, paths: frozenset[str], *, whole: bool) -> Found:
    """Return what of a project was asked for: all of it (`whole`), or what some paths are of."""
    ours = tuple(each for each in project.migrations if not each.elsewhere)
    asked = frozenset(each.name for each in ours if whole or paths.intersection(each.files))
    named = (each for each in ours if each.script.down and each.script.down.text.path in paths)
    unread = tuple(x for x in project.unread if whole or not x.where or x.where.path in paths)
    return Found(
        root=key[1],
        source=key[0],
        project=project,
        asked=asked,
        left=len(project.downs & paths),
        backs=frozenset(each.name for each in named) - asked,
        unread=unread,
        dark=len(project.unread) - len(unread),
    )


def _unclaimed(candidate: Candidate, look: Look) -> Iterator[Reason]:
    """A migration in another language: only its own tool can say which SQL it runs."""
    path = candidate.path
    if candidate.named and not look.is_file(path):
        yield cannot_tell(
            f"{path!r} is named, and there is no such file or folder",
            remedy="name the folder or the files: `cdkit lint-migrations db/migrations`",
        )
        return
    is_code = path.endswith(_CODE) and bool(re.search(_NUMBERED, path.rpartition(".")[0]))
    if candidate.named or is_code:
        yield cannot_tell(
            f"{path!r} is not SQL, so what it does cannot be read",
            remedy="give the SQL that its tool renders, as a file beside it",
            rule="unread-code",
        )


def read(path: str, data: bytes) -> tuple[Migration, ...]:
    """Return what one file holds, read as the source reads it that claims its text.

    Raises CannotTell where not exactly one source does.
    """
    look = Alone(path, data)
    owner = _owner(Candidate(path=path, folder=parent(path)), look)
    reading = sources()[owner[0]].migrations if owner else None
    if reading is None:
        raise CannotTell("is no migration of SQL", where=path, remedy="name an SQL file")
    return reading(path, data)
