"""Hasura: a folder `1700000000000_title` a migration, `up.sql` and `down.sql` in it.

Sources: Hasura's documentation, "Migrations & Metadata", "Config v3 file structure" (a folder a
database below `migrations`) and "Schema API", `run_sql`; hasura/graphql-engine issue 2939 (each
file is sent as one run_sql, which is one transaction, and nothing in the file can say otherwise).
Recognised by a config.yaml above that names Hasura's endpoint or metadata.
"""

import re

from cdkit.migrations.folder import FolderTool, migration_of
from cdkit.migrations.lazy import pattern
from cdkit.migrations.look import Look, ancestors, join, parent
from cdkit.migrations.nested import folder_of, read_nested, up_beside
from cdkit.migrations.source import Order, Script, Source
from cdkit.migrations.text import Text

_CONFIG = pattern(rb"^(?:metadata_directory|migrations_directory|endpoint)[ \t]*:", re.MULTILINE)
_VERSION = pattern(rb"^version[ \t]*:[ \t]*[23]\b", re.MULTILINE)
_NAME = pattern(r"(\d+)(?:_.*)?")


def _is_project(folder: str, look: Look) -> bool:
    def find() -> bool:
        configs = (join(each, "config.yaml") for each in ancestors(folder))
        here = (look.read(path) for path in configs if look.is_file(path))
        return any(_CONFIG().search(data) and _VERSION().search(data) for data in here)

    return look.once(("hasura", folder), find)


def _version(path: str) -> str:
    found = _NAME().fullmatch(folder_of(path))
    return str(int(found[1])) if found and path.endswith("/up.sql") else ""


def _owns(path: str, look: Look) -> bool:
    name = path.rpartition("/")[2]
    named = name in {"up.sql", "down.sql"} and _NAME().fullmatch(folder_of(path))
    return bool(named) and _is_project(parent(parent(path)), look)


def _root(path: str, folder: str, look: Look) -> str | None:
    del folder
    return parent(parent(path)) if _owns(path, look) else None


def _order(path: str) -> Order:
    found = _NAME().fullmatch(folder_of(path))
    return ((0, int(found[1]) if found else 0, path),)


_TOOL = FolderTool(
    name="hasura",
    title="Hasura",
    owns=_owns,
    script=lambda _, data: Script(sql=data, in_transaction=True),
    up_of=up_beside,
    order=_order,
    version=_version,
    twice="keeps one record of it: only one of the two runs",
)


SOURCE = Source(
    title="Hasura",
    root=_root,
    read=lambda request: read_nested(_TOOL, request),
    may_own=lambda beside, _, look: not {"up.sql", "down.sql"}.isdisjoint(look.names(beside)),
    migrations=lambda path, data: (migration_of(_TOOL, Text(path, data)),),
    up_of=up_beside,
)
