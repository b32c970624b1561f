"""Opening an outbox: a new one where there is none, and a damaged one set aside."""

from pathlib import Path

from cdkit.core.errors import Unreadable
from cdkit.core.world import Clock
from cdkit.events.outbox import Outbox
from cdkit.events.sqlite import CorruptOutbox, guarded, sending

_MAGIC = b"SQLite format 3\0"
_PATIENCE = 10.0
"""Seconds to wait for another process that may be setting the same file aside."""


def open_outbox(path: str, clock: Clock, *, given: bool = False) -> tuple[Outbox, str]:
    """Open an outbox, making it where there is none.

    A damaged file is set aside under the name that is returned with the new one (empty where
    nothing had to be): what it held is not known. So is an empty one that was `given`: an outbox
    has at least a page, and one without was cut off, or never came to be. Raises Unwritable where
    there is no room or no right to write, RequestError where the file is a database of something
    else, Unreadable where nothing tells that it ever was an outbox: that one is not touched.
    """
    try:
        return _opened(path, clock, given=given), ""
    except CorruptOutbox:
        _refuse_a_stranger(path)
    with sending(path, clock, patience=_PATIENCE) as alone:
        if not alone:
            raise Unreadable(
                "is damaged, and another process is at it", where=path, remedy="run it again"
            )
        try:  # another process may have set it aside meanwhile
            return _opened(path, clock, given=given), ""
        except CorruptOutbox:
            aside = _set_aside(path, clock)
        return Outbox(path, clock), aside


def _refuse_a_stranger(path: str) -> None:
    """Raise Unreadable for a file that is no database and was none: it is somebody's, to be kept.

    A damaged outbox begins like a database (SQLite, "Database File Format", 1.3), or with zeros, as
    a crash leaves a page that was never written, or the lock of those who sent from it is beside.
    """
    with guarded(path):
        if not Path(path).exists():
            return  # another process has set it aside meanwhile
        with Path(path).open("rb") as stream:
            head = stream.read(len(_MAGIC))
        if not head.strip(b"\0") or head == _MAGIC or Path(f"{path}-sending").exists():
            return
    raise Unreadable(
        "is no outbox, or one that is damaged from its first byte on",
        where=path,
        remedy="name an outbox; if this was one, move the file away, and a new one is begun",
    )


def _opened(path: str, clock: Clock, *, given: bool) -> Outbox:
    with guarded(path):
        if given and Path(path).stat().st_size == 0:
            raise CorruptOutbox(path)
    return Outbox(path, clock, given=given)


def _set_aside(path: str, clock: Clock) -> str:
    """Rename a damaged file, with its write-ahead log, which may hold what can be saved."""
    stamp = clock.now().strftime("%Y%m%dT%H%M%SZ")
    aside, number = Path(f"{path}.corrupt-{stamp}"), 1
    while aside.exists():
        number += 1
        aside = Path(f"{path}.corrupt-{stamp}-{number}")
    with guarded(path):
        for tail in ("", "-wal", "-shm", "-journal"):
            if Path(path + tail).exists():
                Path(path + tail).replace(f"{aside}{tail}")
    return str(aside)
