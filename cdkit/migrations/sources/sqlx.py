"""sqlx: `1_x.sql`, or pairs `1_x.up.sql` and `1_x.down.sql`, each in a transaction.

Sources: sqlx's documentation, macro migrate! and sqlx-cli's README; its source,
sqlx-core/src/migrate/source.rs (the name is a number, `_` and a title, and ends in .sql; all other
files are passed over) and migration.rs (a first line `-- no-transaction`). A file is sent as one
query. One that sorts before what ran still runs. Recognised by a Cargo.toml above that names sqlx.
"""

import re
from collections.abc import Iterator

from cdkit.core.finding import Severity
from cdkit.migrations.folder import FolderTool, folder_source
from cdkit.migrations.lazy import pattern
from cdkit.migrations.lexer import tokens
from cdkit.migrations.look import Look, ancestors, join, parent
from cdkit.migrations.source import Complaint, Migration, Order, Script
from cdkit.migrations.text import BOM, holds, line_end

_NAME = pattern(r"(\d+)_.*?(\.up|\.down)?\.sql")
_ALONE = b"-- no-transaction"
_NEAR = pattern(rb"^[ \t]*(?:--|#|/\*)[ \t]*no[-_]?transaction\b", re.MULTILINE | re.IGNORECASE)
_CRATE = pattern(rb"^\s*(?:sqlx\b|\[\S*dependencies\.sqlx)", re.MULTILINE)


def _parts(path: str) -> re.Match[str] | None:
    return _NAME().fullmatch(path.rpartition("/")[2])


def _is_project(folder: str, look: Look) -> bool:
    def find() -> bool:
        crates = (join(each, "Cargo.toml") for each in ancestors(folder))
        here = (path for path in crates if look.is_file(path))
        return any(_CRATE().search(look.read(path)) for path in here)

    return look.once(("sqlx", folder), find)


def _owns(path: str, look: Look) -> bool:
    return path.endswith(".sql") and _is_project(parent(path), look) and bool(_parts(path))


def _script(_path: str, data: bytes) -> Script:
    if data.startswith(_ALONE):
        return Script(sql=data, together=True)
    return Script(sql=data, in_transaction=True)


def _refused(migration: Migration) -> Iterator[Complaint]:
    """Yield what looks like the first line that says so, and is none."""
    data = migration.said.data
    near = _NEAR().search(data) if holds(data, b"transaction") else None
    if near and not data.startswith(_ALONE):
        yield Complaint(
            rule="misplaced-marker",
            path=migration.path,
            line=migration.said.line(near.start()),
            what=f"sqlx passes over `{near[0].strip().decode('utf-8', 'replace')[:60]}`, and runs "
            "this in a transaction",
            remedy=f"begin the file with `{_ALONE.decode()}`, spelt just so",
            severity=Severity.MEDIUM,
        )


def _outside(data: bytes) -> tuple[int, int, str] | None:
    """Return the first line that says so.

    The file is one query all the same, and PostgreSQL makes one transaction of several statements.
    """
    marks = [token.text == b";" for token in tokens(data)]
    several = True in marks and not all(marks[marks.index(True) :])
    return None if several or data.startswith(BOM) else (0, 0, f"-- no-transaction{line_end(data)}")


def _up_of(path: str) -> tuple[str, ...]:
    return (path.removesuffix(".down.sql") + ".up.sql",) if path.endswith(".down.sql") else ()


def _version(path: str) -> str:
    parts = _parts(path)
    return str(int(parts[1])) if parts and parts[2] != ".down" else ""


def _order(path: str) -> Order:
    parts = _parts(path)
    return ((0, int(parts[1]) if parts else 0, path),)


SOURCE = folder_source(
    FolderTool(
        name="sqlx",
        title="sqlx",
        owns=_owns,
        may_own=_is_project,
        script=_script,
        up_of=_up_of,
        order=_order,
        version=_version,
        refused=_refused,
        outside=_outside,
        sums="sqlx's sum of the file is another then, and it refuses to migrate (VersionMismatch)",
        twice="keeps one record of it: the second is taken for an edit of the first",
    )
)
