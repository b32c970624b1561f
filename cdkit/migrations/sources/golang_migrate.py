"""golang-migrate: pairs `1_x.up.sql` and `1_x.down.sql`, each file sent in one query.

Sources: golang-migrate, MIGRATIONS.md and source/parse.go (the pattern of names; what does not fit
is ignored), source/migration.go (two files of one version and direction are an error),
migrate.go (up goes on from the version that the database has, so an older one that comes later is
never run), database/postgres (the file is one simple query unless the URL says
x-multi-statement=true, which splits it at semicolons).
"""

import re

from msgspec import structs

from cdkit.core.finding import Severity
from cdkit.migrations.folder import FolderTool, folder_source, natural
from cdkit.migrations.lazy import pattern
from cdkit.migrations.look import Look, ancestors, join, parent
from cdkit.migrations.source import Late, Order, Project, Request, Script

_NAME = pattern(r"(\d+)_(.*)\.(down|up)\.(.*)")
_SEVERAL = pattern(rb";\s*[^\s;-]")
_NEAR = pattern(r"\d+[^/]*\.sql", re.IGNORECASE)


def _parts(path: str) -> re.Match[str] | None:
    return _NAME().fullmatch(path.rpartition("/")[2])


def _is_project(folder: str, look: Look) -> bool:
    def find() -> bool:
        paired = [x for x in look.names(folder) if ".up." in x or ".down." in x]
        if not any(_NAME().fullmatch(name) for name in paired):
            return False
        # sqlx has pairs of the same names, and wraps each in a transaction.
        crates = (join(each, "Cargo.toml") for each in (folder, *ancestors(folder)))
        return not any(look.is_file(path) and b"sqlx" in look.read(path) for path in crates)

    return look.once(("golang-migrate", folder), find)


def _owns(path: str, look: Look) -> bool:
    if not path.lower().endswith(".sql") or not _is_project(parent(path), look):
        return False
    return bool(_parts(path) or _NEAR().fullmatch(path.rpartition("/")[2]))


def _up_of(path: str) -> tuple[str, ...]:
    parts = _parts(path)
    if not parts or parts[3] != "down":
        return ()
    before = path.removesuffix(path.rpartition("/")[2])
    # Version and direction make the pair, whatever the titles are.
    return (f"{before}{parts[1]}_{parts[2]}.up.{parts[4]}", f"{before}{parts[1]}_*.up.{parts[4]}")


def _version(path: str) -> str:
    parts = _parts(path)
    return str(int(parts[1])) if parts and parts[3] == "up" else ""


def _order(path: str) -> Order:
    parts = _parts(path)
    return ((0, int(parts[1]), path),) if parts else ((1, 0, ""), *natural(path))


def _misnamed(path: str) -> tuple[str, str] | None:
    if _parts(path):
        return None
    name = path.rpartition("/")[2]
    what = f"golang-migrate does not run {name}, and does not say so: it looks for <number>_<title>"
    return f"{what}.up.sql", "rename it, or keep it in another folder"


_PLAIN = folder_source(
    FolderTool(
        name="golang_migrate",
        title="golang-migrate",
        owns=_owns,
        may_own=_is_project,
        script=lambda _path, data: Script(sql=data, together=True),
        up_of=_up_of,
        order=_order,
        version=_version,
        twice="refuses to start (duplicate migration file)",
        misnamed=_misnamed,
        goes_back=True,
        late=Late(
            says="golang-migrate never runs it where the later one ran, and does not say so",
            severity=Severity.HIGH,
            remedy="give it a number after the newest released one",
        ),
    )
)


def _read(request: Request) -> Project:
    """Read a folder, and say what is assumed of the address: no file of it tells."""
    project = _PLAIN.read(request)
    several = any(_SEVERAL().search(one.script.sql) for one in project.migrations)
    note = f"{request.root}: each file is taken for one query, as golang-migrate sends it unless "
    note += "the address of the database says x-multi-statement=true"
    return structs.replace(project, notes=(*project.notes, note) if several else project.notes)


SOURCE = structs.replace(_PLAIN, read=_read)
