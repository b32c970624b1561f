"""sql-migrate: one file with `-- +migrate Up` and `-- +migrate Down`, in a transaction each.

Sources: rubenv/sql-migrate, README ("Writing migrations": `notransaction` behind Up or Down,
StatementBegin and StatementEnd) and migrate.go: files run in the order of the numbers that their
names begin with, else as text, all that were not yet; one that sorts before what ran still runs.
Its sqlparse reads marks that begin a line, spelled as here. dbconfig.yml names the dialect.
"""

import re
from collections.abc import Iterator

from msgspec import structs

from cdkit.core.finding import Severity
from cdkit.migrations.folder import FolderTool, folder_source, is_sql
from cdkit.migrations.lazy import pattern
from cdkit.migrations.look import Look, ancestors, join
from cdkit.migrations.sections import (
    bears,
    begun,
    cut,
    down_of,
    in_folder_of,
    lines_of,
    unended,
    without_down,
)
from cdkit.migrations.source import Complaint, Migration, Order, Script
from cdkit.migrations.text import holds

_UP = pattern(rb"^--\s*\+migrate\s+Up\b", re.MULTILINE)
_DIALECT = pattern(rb"""^\s+dialect:\s*["']?(\w+)""", re.MULTILINE)
_WORDS = 3
"""Those of a bare mark: `--`, `+migrate` and `Up`."""
_KNOWN = frozenset({b"Up", b"Down", b"StatementBegin", b"StatementEnd"})
_DOWN = pattern(rb"^--\s*\+migrate\s+Down\b")


def _is_up(line: bytes) -> bool:
    return bool(_UP().match(line))


def _is_down(line: bytes) -> bool:
    return bool(_DOWN().match(line))


def _owns(path: str, look: Look) -> bool:
    data = look.read(path) if is_sql(path) else b""
    if holds(data, b"+migrate") and _UP().search(data):
        return True
    # In a folder of sql-migrate's a file without any mark is one that it refuses.
    return bool(data) and in_folder_of(b"+migrate", _UP, path, look)


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


def _annotation(line: bytes) -> bytes:
    words = line.split() if line.startswith(b"-- +migrate ") else []
    known = len(words) >= _WORDS and words[2] in _KNOWN
    return words[2].lower() if known else b""


def _refused(migration: Migration) -> Iterator[Complaint]:
    """Yield what sql-migrate refuses, or cuts in two: it ends a statement where a line does so."""
    data = migration.said.data
    lines = list(lines_of(data, _annotation))
    # What stands before the first mark is passed over.
    first = next((at for at, line in enumerate(lines) if line[2] in {b"up", b"down"}), len(lines))
    if first == len(lines):
        yield _complaint(migration, 0, "no line begins with `-- +migrate Up`: it refuses the file")
    for at in unended(lines[first:]):
        yield _complaint(
            migration, at, "no semicolon ends this at the end of a line: it refuses it"
        )
    for line in (found for found in data.split(b"\n") if _is_up(found)):
        for option in {*line.split()[_WORDS:]} - {b"notransaction"}:
            said = option.decode("utf-8", "replace")[:40]
            what = f"it passes over `{said}`, and runs the part as if that did not stand there"
            passed = _complaint(migration, data.find(line), what)
            yield structs.replace(passed, severity=Severity.MEDIUM, remedy=_OPTION)
    held, opened = begun(lines[first:])
    if opened >= 0:
        yield _complaint(
            migration, opened, "StatementBegin has no StatementEnd: it refuses the file"
        )
    for at in cut(data, held):
        yield _complaint(migration, at, "it ends the statement at the first semicolon in this body")


_OPTION = "write `notransaction`, or take it out"


def _complaint(migration: Migration, at: int, what: str) -> Complaint:
    return Complaint(
        rule="misplaced-marker",
        path=migration.path,
        line=migration.said.line(at),
        what=f"sql-migrate: {what}",
        remedy="begin the parts with `-- +migrate Up` and `-- +migrate Down`, end each statement "
        "with a semicolon, and put bodies between `-- +migrate StatementBegin` and "
        "`-- +migrate StatementEnd`",
    )


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
        may_own=bears(b"+migrate"),
        script=_script,
        order=_order,
        engine=_engine,
        goes_back=True,
        refused=_refused,
        outside=_outside,
    )
)
