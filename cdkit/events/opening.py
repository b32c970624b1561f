"""Opening an outbox: a new one where there is none, and a damaged one set aside."""

from pathlib import Path

from cdkit.core.errors import Unreadable
from cdkit.core.world import Clock
from cdkit.events.outbox import Outbox
from cdkit.events.sqlite import CorruptOutbox, guarded, sending

_PATIENCE = 10.0
"""Seconds to wait for another process that may be setting the same file aside."""


def open_outbox(path: str, clock: Clock, *, given: bool = False) -> tuple[Outbox, str]:
    """Open an outbox, making it where there is none.

    A damaged file is set aside under the name that is returned with the new one (empty where
    nothing had to be): what it held is not known. So is an empty one that was `given`: an outbox
    has at least a page, and one without was cut off, or never came to be. Raises Unwritable where
    there is no room or no right to write, RequestError where the file is a database of something
    else.
    """
    try:
        return _opened(path, clock, given=given), ""
    except CorruptOutbox:
        pass
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


def _opened(path: str, clock: Clock, *, given: bool) -> Outbox:
    with guarded(path):
        if given and Path(path).stat().st_size == 0:
            raise CorruptOutbox(path)
    return Outbox(path, clock)


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
