"""dbmate: one file with `-- migrate:up` and `-- migrate:down`, in a transaction unless it says no.

Source: dbmate's README, "Creating Migrations" and "Migration Options" (`transaction:false`).
"""

from cdkit.migrations.sections import without_down
from cdkit.migrations.source import Script, Source

_UP, _DOWN = b"-- migrate:up", b"-- migrate:down"


def _recognises(_path: str, data: bytes) -> bool:
    return _UP in data


def _read(data: bytes) -> Script:
    start = data.find(_UP)
    options = data[start : data.find(b"\n", start) + 1 or len(data)]
    return Script(
        sql=without_down(
            data,
            up=lambda line: line.strip().startswith(_UP),
            down=lambda line: line.strip().startswith(_DOWN),
        ),
        in_transaction=b"transaction:false" not in options,
    )


SOURCE = Source(recognises=_recognises, read=_read, up_of=lambda _: ())
