"""Plain SQL files: numbered, Flyway's, golang-migrate's pairs of up and down, Prisma's folders.

Nothing in such a file says who runs it, so whether a transaction is around it is not known.
Names: golang-migrate, MIGRATIONS.md; Flyway documentation, "Migrations" (prefix U undoes).
"""

import re

from cdkit.migrations.folder import FolderTool, folder_source, is_sql, natural
from cdkit.migrations.look import Look
from cdkit.migrations.source import Order, Script

_SUFFIXES = {".down.sql": ".up.sql", "_down.sql": "_up.sql", "-down.sql": "-up.sql"}
_FOLDERS = {"down": "up", "revert": "deploy", "verify": "deploy"}
_FLYWAY_UNDO = re.compile(r"U(\d[\d._]*)__[^/]*\.sql")


def _owns(path: str, look: Look) -> bool:
    del look
    return is_sql(path)


def _script(_path: str, data: bytes) -> Script:
    return Script(sql=data)


def _up_of(path: str) -> tuple[str, ...]:
    folder, _, name = path.rpartition("/")
    above, _, last = folder.rpartition("/")
    before = f"{folder}/" if folder else ""
    ups = [
        before + name.removesuffix(suffix) + up
        for suffix, up in _SUFFIXES.items()
        if name.endswith(suffix)
    ]
    if name == "down.sql":
        ups.append(f"{before}up.sql")
    if last in _FOLDERS:
        ups.append("/".join(filter(None, (above, _FOLDERS[last], name))))
    if undo := _FLYWAY_UNDO.fullmatch(name):
        ups.append(f"{before}V{undo[1]}__*")
    return tuple(ups)


def _repeats(path: str) -> bool:
    return path.rpartition("/")[2].startswith("R__")


def _order(path: str) -> Order:
    """Flyway's `R__` files come last."""
    return ((int(_repeats(path)), 0, ""), *natural(path))


SOURCE = folder_source(
    FolderTool(
        name="plain",
        title="plain SQL",
        owns=_owns,
        script=_script,
        up_of=_up_of,
        order=_order,
        repeats=_repeats,
    )
)
