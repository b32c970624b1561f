"""goose: one file with `-- +goose Up` and `-- +goose Down`, in a transaction unless it says no.

Source: goose documentation, "Annotations" (`-- +goose NO TRANSACTION`, StatementBegin).
"""

from cdkit.migrations.folder import FolderTool, folder_source, is_sql
from cdkit.migrations.look import Look
from cdkit.migrations.sections import down_of, without_down
from cdkit.migrations.source import Script
from cdkit.migrations.text import BOM, line_end


def _annotation(line: bytes) -> bytes:
    """Return `up` of `-- +goose Up`, or nothing for any other line."""
    words = line.strip().lower().split()
    return b" ".join(words[2:]) if words[:2] == [b"--", b"+goose"] else b""


def _is_up(line: bytes) -> bool:
    return _annotation(line) == b"up"


def _is_down(line: bytes) -> bool:
    return _annotation(line) == b"down"


def _owns(path: str, look: Look) -> bool:
    data = look.read(path) if is_sql(path) else b""
    return b"-- +goose Up" in data or b"-- +goose up" in data


def _script(path: str, data: bytes) -> Script:
    alone = any(_annotation(line) == b"no transaction" for line in data.split(b"\n"))
    return Script(
        sql=without_down(data, up=_is_up, down=_is_down),
        in_transaction=not alone,
        down=down_of(path, data, up=_is_up, down=_is_down),
    )


def _outside(data: bytes) -> tuple[int, int, str] | None:
    """Return the annotation as a first line; goose finds none behind a byte-order mark."""
    return None if data.startswith(BOM) else (0, 0, f"-- +goose NO TRANSACTION{line_end(data)}")


SOURCE = folder_source(
    FolderTool(
        name="goose", title="goose", owns=_owns, script=_script, goes_back=True, outside=_outside
    )
)
