"""goose: one file with `-- +goose Up` and `-- +goose Down`, in a transaction unless it says no.

Source: goose documentation, "Annotations" (`-- +goose NO TRANSACTION`, StatementBegin).
"""

from cdkit.migrations.sections import without_down
from cdkit.migrations.source import Script, Source


def _annotation(line: bytes) -> bytes:
    """Return `up` of `-- +goose Up`, or nothing for any other line."""
    words = line.strip().lower().split()
    return b" ".join(words[2:]) if words[:2] == [b"--", b"+goose"] else b""


def _recognises(_path: str, data: bytes) -> bool:
    return b"-- +goose Up" in data or b"-- +goose up" in data


def _read(data: bytes) -> Script:
    alone = any(_annotation(line) == b"no transaction" for line in data.split(b"\n"))
    sql = without_down(
        data, up=lambda x: _annotation(x) == b"up", down=lambda x: _annotation(x) == b"down"
    )
    return Script(sql=sql, in_transaction=not alone)


SOURCE = Source(recognises=_recognises, read=_read, up_of=lambda _: ())
