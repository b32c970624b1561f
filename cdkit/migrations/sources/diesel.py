"""Diesel: a folder `2026-01-31-120000_title` a migration, `up.sql` and `down.sql` in it.

Sources: Diesel's guide, "Getting started"; diesel_migrations' source, file_based_migrations.rs (the
version is what stands before the first `_`, without dashes; a metadata.toml beside may say
`run_in_transaction = false`). Folders run in the order of their versions, all that were not yet.
Recognised by a diesel.toml, or a Cargo.toml that names diesel, above.
"""

import re
from collections.abc import Callable

from cdkit.core.errors import CannotTell
from cdkit.migrations.folder import FolderTool, migration_of
from cdkit.migrations.lazy import pattern
from cdkit.migrations.look import Look, ancestors, join, parent
from cdkit.migrations.nested import folder_of, read_nested, up_beside
from cdkit.migrations.source import Migration, Order, Project, Request, Script, Source
from cdkit.migrations.text import Text

_CRATE = pattern(rb"^\s*(?:diesel\b|\[\S*dependencies\.diesel)", re.MULTILINE)


def _is_project(folder: str, look: Look) -> bool:
    def find() -> bool:
        for above in ancestors(folder):
            if look.is_file(join(above, "diesel.toml")):
                return True
            crate = join(above, "Cargo.toml")
            if look.is_file(crate) and _CRATE().search(look.read(crate)):
                return True
        return False

    return look.once(("diesel", folder), find)


def _owns(path: str, look: Look) -> bool:
    name = path.rpartition("/")[2]
    return name in {"up.sql", "down.sql"} and _is_project(parent(parent(path)), look)


def _root(path: str, folder: str, look: Look) -> str | None:
    del folder
    return parent(parent(path)) if _owns(path, look) else None


def _version(path: str) -> str:
    is_up = path.endswith("/up.sql")
    return folder_of(path).partition("_")[0].replace("-", "") if is_up else ""


def _order(path: str) -> Order:
    return ((0, 0, folder_of(path).partition("_")[0].replace("-", "")), (0, 0, path))


def _tool(wrapped: Callable[[str], bool]) -> FolderTool:
    return FolderTool(
        name="diesel",
        title="Diesel",
        owns=_owns,
        script=lambda path, data: Script(sql=data, in_transaction=wrapped(path)),
        up_of=up_beside,
        order=_order,
        version=_version,
        twice="keeps one record of it: only one of the two runs",
    )


def _read(request: Request) -> Project:
    import tomllib

    look = request.look

    def wrapped(path: str) -> bool:
        beside = join(parent(path), "metadata.toml")
        if not look.is_file(beside):
            return True
        try:
            said = tomllib.loads(look.read(beside).decode("utf-8", "replace"))
        except (ValueError, RecursionError) as fault:
            what = f"{beside} is no TOML, so it is not known how this runs: {fault}"
            raise CannotTell(what, where=path, remedy="mend the file") from fault
        # Diesel takes a file without the word for one that says no.
        wanted = said.get("run_in_transaction", False)
        if not isinstance(wanted, bool):
            what = f"{beside} says {wanted!r:.40} for run_in_transaction: Diesel refuses it"
            raise CannotTell(what, where=path, remedy="write true or false")
        return wanted

    return read_nested(_tool(wrapped), request)


def _migrations(path: str, data: bytes) -> tuple[Migration, ...]:
    return (migration_of(_tool(lambda _: True), Text(path, data)),)


SOURCE = Source(
    title="Diesel",
    root=_root,
    read=_read,
    may_own=lambda beside, _, look: not {"up.sql", "down.sql"}.isdisjoint(look.names(beside)),
    migrations=_migrations,
    up_of=up_beside,
    goes_back=True,
)
