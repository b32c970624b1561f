"""dbmate: one file with `-- migrate:up` and `-- migrate:down`, in a transaction unless it says no.

Source: dbmate's README, "Creating Migrations" and "Migration Options" (`transaction:false`).
"""

from cdkit.migrations.folder import FolderTool, folder_source, is_sql
from cdkit.migrations.look import Look
from cdkit.migrations.sections import down_of, without_down
from cdkit.migrations.source import Script

_UP, _DOWN = b"-- migrate:up", b"-- migrate:down"


def _is_up(line: bytes) -> bool:
    return line.strip().startswith(_UP)


def _is_down(line: bytes) -> bool:
    return line.strip().startswith(_DOWN)


def _owns(path: str, look: Look) -> bool:
    return is_sql(path) and _UP in look.read(path)


def _script(path: str, data: bytes) -> Script:
    start = data.find(_UP)
    options = data[start : data.find(b"\n", start) + 1 or len(data)]
    return Script(
        sql=without_down(data, up=_is_up, down=_is_down),
        in_transaction=b"transaction:false" not in options,
        down=down_of(path, data, up=_is_up, down=_is_down),
    )


def _outside(data: bytes) -> tuple[int, int, str] | None:
    """Return what makes the marker say `transaction:false`; None where it says anything else."""
    start = data.find(_UP)
    end = data.find(b"\n", start)
    line = data[start : end if end >= 0 else len(data)].rstrip()
    return (start + len(line),) * 2 + (" transaction:false",) if line == _UP else None


SOURCE = folder_source(
    FolderTool(
        name="dbmate", title="dbmate", owns=_owns, script=_script, goes_back=True, outside=_outside
    )
)
