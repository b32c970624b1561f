"""Supabase: `20260131120000_title.sql` in `supabase/migrations`, nothing back.

Sources: Supabase's documentation, "Database Migrations"; supabase/cli issue 2898 (the statements of
a file are sent as one batch with the record of it, which is one transaction) and its pull requests
5671 and 6276 (since 2.109.0 what cannot be in one, such as CREATE INDEX CONCURRENTLY, runs by
itself, so that which it is depends on the version). Recognised by a config.toml beside the folder,
which names a project.
"""

import re

from cdkit.migrations.folder import FolderTool, folder_source, is_sql
from cdkit.migrations.lazy import pattern
from cdkit.migrations.look import Look, join, parent
from cdkit.migrations.source import Order, Script

_NAME = pattern(r"(\d+)_.*\.sql")
_PROJECT = pattern(rb"^project_id[ \t]*=", re.MULTILINE)
_ALONE = (b"concurrently", b"vacuum", b"cluster", b"reindex", b"alter system")


def _number(path: str) -> str:
    found = _NAME().fullmatch(path.rpartition("/")[2])
    return str(int(found[1])) if found else ""


def _owns(path: str, look: Look) -> bool:
    folder = parent(path)
    return _is_named(folder) and is_sql(path) and _is_project(folder, look)


def _is_named(folder: str) -> bool:
    return folder.rpartition("/")[2] == "migrations"


def _is_project(folder: str, look: Look) -> bool:
    def find() -> bool:
        config = join(parent(folder), "config.toml")
        return look.is_file(config) and bool(_PROJECT().search(look.read(config)))

    return look.once(("supabase", folder), find)


def _script(_path: str, data: bytes) -> Script:
    lowered = data.lower()
    alone = any(word in lowered for word in _ALONE)
    return Script(sql=data, in_transaction=None if alone else True)


def _order(path: str) -> Order:
    return ((0, int(_number(path) or 0), path),)


SOURCE = folder_source(
    FolderTool(
        name="supabase",
        title="Supabase",
        owns=_owns,
        may_own=lambda folder, look: _is_named(folder) and _is_project(folder, look),
        script=_script,
        order=_order,
        version=_number,
        twice="keeps one record of it: the second is taken for one that ran",
        misnamed=lambda path: (
            None
            if _number(path)
            else (
                "has no number in front: Supabase passes it over",
                "call it 20260131120000_what_it_does.sql",
            )
        ),
    )
)
