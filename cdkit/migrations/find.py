"""Finding migrations: which folders, which files in them, in which order they run."""

import functools
import re
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase

from msgspec import Struct

from cdkit.core import plugins
from cdkit.core.errors import CannotTell, CdkitError, NoInput
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.core.world import Files
from cdkit.migrations.source import Migration, Source
from cdkit.migrations.text import Text

_FOLDERS = frozenset({"migrations", "migration", "migrate"})
_SKIPPED = frozenset({"node_modules", "vendor", "venv", "site-packages", "target", "dist", "build"})
_DEPTH = 6
_SQL = (".sql", ".pgsql", ".psql", ".ddl")
_CODE = (
    ".py",
    ".rb",
    ".js",
    ".ts",
    ".mjs",
    ".cjs",
    ".xml",
    ".yaml",
    ".yml",
    ".php",
    ".java",
    ".kt",
)
_NUMBERED = re.compile(r"(?:^|/)[VR]?\d[\w.-]*$")


class Found(Struct, frozen=True, kw_only=True):
    """The migrations of one folder, in the order in which they run.

    `asked` are the paths of those that were asked for (all, where a folder was named); `downs`
    counts files that only take back; `unread` says which files nobody here can read.
    """

    folder: str
    migrations: tuple[Migration, ...] = ()
    asked: frozenset[str] = frozenset()
    downs: int = 0
    unread: tuple[Reason, ...] = ()


def find(paths: tuple[str, ...], files: Files) -> tuple[Found, ...]:
    """Return the migrations of each folder that was named, or that a named file is in.

    Without paths, every folder that is called `migrations` (or `migration`, `migrate`) and holds
    migrations. Raises NoInput where there are none at all.
    """
    wanted = _wanted(paths, files) if paths else _known_folders(files)
    found = tuple(_folder(folder, only, files) for folder, only in sorted(wanted.items()))
    if not any(one.asked or one.unread for one in found):
        raise NoInput(
            "there is no migration here",
            where=", ".join(paths) or None,
            remedy="name the folder or the files: `cdkit lint-migrations db/migrations`",
        )
    return found


def _wanted(paths: tuple[str, ...], files: Files) -> dict[str, set[str] | None]:
    """Return each folder with the files that were named in it; None where all of it was."""
    wanted: dict[str, set[str] | None] = {}
    for path in paths:
        plain = path.rstrip("/") or "/"
        if files.is_dir(plain):
            wanted[plain] = None
            continue
        folder = plain.rpartition("/")[0] or "."
        if (named := wanted.setdefault(folder, set())) is not None:
            named.add(plain)
    return wanted


def _known_folders(files: Files) -> dict[str, set[str] | None]:
    found: dict[str, set[str] | None] = {}
    _search(".", 0, files, found)
    return found


def _search(folder: str, depth: int, files: Files, found: dict[str, set[str] | None]) -> None:
    for name in files.names(folder):
        path = name if folder == "." else f"{folder}/{name}"
        if name.startswith(".") or name in _SKIPPED or not files.is_dir(path):
            continue
        if name.lower() in _FOLDERS:
            found[path] = None
        elif depth < _DEPTH:
            _search(path, depth + 1, files, found)


def _folder(folder: str, only: set[str] | None, files: Files) -> Found:
    """Read all migrations of a folder: those not asked for are the history of the others."""
    there = _listed(folder, _DEPTH if only is None else 0, files)
    paths = sorted({*there, *(only or ())}, key=natural)
    asked = frozenset(paths) if only is None else frozenset(only)
    migrations: list[Migration] = []
    unread: list[Reason] = []
    downs = 0
    for path in paths:
        if not is_sql(path):
            if path in asked and (reason := _code(path, named=only is not None)):
                unread.append(reason)
            continue
        if is_down(path, paths):
            downs += path in asked
            continue
        try:
            migrations.append(read(path, files.read(path)))
        except CdkitError as fault:
            unread.append(fault.reason())
    return Found(
        folder=folder,
        migrations=tuple(migrations),
        asked=asked & {migration.path for migration in migrations},
        downs=downs,
        unread=tuple(unread),
    )


def is_sql(path: str) -> bool:
    """Whether a file is called what SQL is called, in whatever case."""
    return path.lower().endswith(_SQL)


def is_down(path: str, paths: Collection[str]) -> bool:
    """Whether a file only takes back what another one of these does.

    A name alone does not make it one: `0013_scale_down.sql` is a migration like others.
    """
    wanted = [pattern for source in sources().values() for pattern in source.up_of(path)]
    return any(
        pattern in paths or ("*" in pattern and any(fnmatchcase(x, pattern) for x in paths))
        for pattern in wanted
    )


def _listed(folder: str, depth: int, files: Files) -> Iterator[str]:
    """Yield the files in a folder, and `depth` folders below it; links are followed."""
    if not files.is_dir(folder):
        return
    for name in files.names(folder):
        path = name if folder == "." else f"{folder}/{name}"
        if name.startswith("."):
            continue
        if files.is_file(path):
            yield path
        elif depth and files.is_dir(path):
            yield from _listed(path, depth - 1, files)


def _code(path: str, *, named: bool) -> Reason | None:
    """A migration in another language: only its own tool can say which SQL it runs."""
    stem = path.rpartition(".")[0]
    is_code = path.endswith(_CODE) and (_NUMBERED.search(stem) or "/versions/" in path)
    if not named and not is_code:
        return None
    return cannot_tell(
        f"{path!r} is not SQL, so what it does cannot be read",
        remedy="give the SQL that its tool renders: `alembic upgrade --sql`, `manage.py "
        "sqlmigrate`, `liquibase update-sql`, `rails db:migrate` with a structure.sql",
        rule="unread-code",
    )


@functools.cache
def sources() -> dict[str, Source]:
    """Return the sources by name."""
    from cdkit.migrations import sources as folder

    return dict(plugins.collect(folder, "SOURCE", Source))


def read(path: str, data: bytes) -> Migration:
    """Return a file as its source reads it.

    Raises CannotTell where not exactly one source claims it.
    """
    claiming = [name for name, source in sources().items() if source.recognises(path, data)]
    if len(claiming) != 1:
        known = " and ".join(claiming) or "nobody"
        raise CannotTell(
            f"{known} claims this file, so nobody can tell how it runs",
            where=path,
            remedy="leave the markers of one tool in it",
        )
    script = sources()[claiming[0]].read(data)
    return Migration(text=Text(path, data), script=script, source=claiming[0])


def natural(path: str) -> tuple[tuple[int, int, str], ...]:
    """Return what sorts paths as tools run them: numbers by value, Flyway's `R__` files last."""
    folder, _, name = path.rpartition("/")
    last = int(name.startswith("R__"))
    # Behind a number the name begins with `_`, a further number with `.`: 2__a comes before 2.1__b.
    parts = re.split(r"(\d+)", f"{folder}/{name}".replace("_", "\t"))
    return ((last, 0, ""), *((0, int(x), "") if x.isdigit() else (1, 0, x) for x in parts))
