"""node-pg-migrate's SQL files: `-- Up Migration` and `-- Down Migration`, in one transaction.

Sources: node-pg-migrate's documentation, "Migrations" (SQL) and "CLI" (--single-transaction, on);
its source, sqlMigration (what stands before the up mark is never sent; without that mark the whole
file is) and migration (files run by the number in front of their names;
one that comes before what ran is an error, unless --no-check-order is given).
"""

from cdkit.core.finding import Severity
from cdkit.migrations.folder import FolderTool, folder_source, is_sql
from cdkit.migrations.lazy import pattern
from cdkit.migrations.look import Look
from cdkit.migrations.sections import down_of, texts_in, without_down
from cdkit.migrations.source import Late, Script

_UP = pattern(rb"(?im)^\s{0,80}--[\s-]{0,80}up\s{1,80}migration")
_DOWN = pattern(rb"(?i)^\s{0,80}--[\s-]{0,80}down\s{1,80}migration")
_HERE = pattern(rb"(?i)--[\s-]{0,80}up\s{1,80}migration")


def _is_up(line: bytes) -> bool:
    return bool(_UP().match(line))


def _is_down(line: bytes) -> bool:
    return bool(_DOWN().match(line))


def _owns(path: str, look: Look) -> bool:
    data = look.read(path) if is_sql(path) else b""
    # A comment is found faster than a word in whatever case.
    at = data.find(b"--")
    while at >= 0:
        if _HERE().match(data, at):
            return bool(_UP().search(data))
        at = data.find(b"--", at + 1)
    return False


def _script(path: str, data: bytes) -> Script:
    return Script(
        sql=without_down(data, up=_is_up, down=_is_down),
        in_transaction=True,
        down=down_of(path, data, up=_is_up, down=_is_down),
    )


SOURCE = folder_source(
    FolderTool(
        name="node_pg_migrate",
        title="node-pg-migrate",
        owns=_owns,
        may_own=lambda folder, look: any(
            b"migration" in text.lower() for text in texts_in(folder, look)
        ),
        script=_script,
        late=Late(
            says="node-pg-migrate refuses to go on (checkOrder)",
            severity=Severity.HIGH,
            remedy="give it a number after the newest one; `--no-check-order` runs it late",
        ),
        goes_back=True,
    )
)
