"""sql-migrate: one file with `-- +migrate Up` and `-- +migrate Down`, in a transaction each.

Sources: rubenv/sql-migrate, README ("Writing migrations": `notransaction` behind Up or Down,
StatementBegin and StatementEnd) and migrate.go: files run in the order of the numbers that their
names begin with, else as text, all that were not yet; one that sorts before what ran still runs.
dbconfig.yml names the dialect.
"""

import re

from cdkit.migrations.folder import FolderTool, folder_source, is_sql
from cdkit.migrations.lazy import pattern
from cdkit.migrations.look import Look, ancestors, join
from cdkit.migrations.sections import down_of, without_down
from cdkit.migrations.source import Order, Script
from cdkit.migrations.text import holds

_UP = pattern(rb"^--\s*\+migrate\s+Up\b", re.MULTILINE)
_DIALECT = pattern(rb"""^\s+dialect:\s*["']?(\w+)""", re.MULTILINE)
_WORDS = 3
"""Those of a bare mark: `--`, `+migrate` and `Up`."""
_DOWN = pattern(rb"^--\s*\+migrate\s+Down\b")


def _is_up(line: bytes) -> bool:
    return bool(_UP().match(line))


def _is_down(line: bytes) -> bool:
    return bool(_DOWN().match(line))


def _owns(path: str, look: Look) -> bool:
    data = look.read(path) if is_sql(path) else b""
    return holds(data, b"+migrate") and bool(_UP().search(data))


def _script(path: str, data: bytes) -> Script:
    ups = (line for line in data.split(b"\n") if _is_up(line))
    return Script(
        sql=without_down(data, up=_is_up, down=_is_down),
        in_transaction=not any(b"notransaction" in line.split() for line in ups),
        down=down_of(path, data, up=_is_up, down=_is_down),
    )


def _outside(data: bytes) -> tuple[int, int, str] | None:
    """Return what makes the first mark say `notransaction`; None where it says anything else."""
    found = _UP().search(data)
    if found is None:
        return None
    end = data.find(b"\n", found.start())
    line = data[found.start() : end if end >= 0 else len(data)].rstrip()
    at = found.start() + len(line)
    return (at, at, " notransaction") if len(line.split()) == _WORDS else None


def _order(path: str) -> Order:
    name = path.rpartition("/")[2]
    number = re.match(r"\d+", name)
    return ((0, int(number[0]) if number else 0, name), (0, 0, path))


def _engine(root: str, look: Look) -> str:
    """Return the dialect that dbconfig.yml names, where all its environments have one."""
    for folder in (root, *ancestors(root)):
        path = join(folder, "dbconfig.yml")
        if look.is_file(path):
            named = {said[1].decode() for said in _DIALECT().finditer(look.read(path))}
            return next(iter(named)) if len(named) == 1 else ""
    return ""


SOURCE = folder_source(
    FolderTool(
        name="sql_migrate",
        title="sql-migrate",
        owns=_owns,
        script=_script,
        order=_order,
        engine=_engine,
        goes_back=True,
        outside=_outside,
    )
)
