"""SQLite underneath the outbox: its failures as ours, and a lock that ends with its holder."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cdkit.core.errors import CannotTell, Unreadable, Unwritable
from cdkit.core.world import Clock

_NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
_BROKEN = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_NO_FORMAT = "unsupported file format"
"""What SQLite says, without a code of its own, of a schema with a number that none ever had."""

_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")


class BusyOutbox(CannotTell):
    """Another process holds the outbox."""


class CorruptOutbox(Unreadable):
    """The file is no database, or a damaged one."""

    def __init__(self, path: str) -> None:
        super().__init__(
            "is a damaged outbox",
            where=path,
            remedy="run it again: the damaged file is then set aside, and a new one begun",
        )


@contextmanager
def sending(path: str, clock: Clock, *, patience: float) -> Iterator[bool]:
    """Hold the right to send for the block; gives False where another process kept it.

    It is a lock of the operating system (on a file beside the outbox, through SQLite, which knows
    how on each system), so that it ends with the process that holds it, however that dies: no
    time-out, no clock, and nobody sends what another is sending.
    """
    with guarded(path):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        lock = sqlite3.connect(f"{path}-sending", timeout=0, isolation_level=None)
    try:
        yield _taken(lock, path, clock, patience)
    finally:
        lock.close()


def _taken(lock: sqlite3.Connection, path: str, clock: Clock, patience: float) -> bool:
    deadline = clock.monotonic() + patience
    while True:
        try:
            with guarded(path):
                lock.execute("BEGIN EXCLUSIVE")
        except BusyOutbox:
            left = deadline - clock.monotonic()
            if left <= 0:
                return False
            clock.sleep(min(left, 0.05))
        else:
            return True


@contextmanager
def guarded(path: str) -> Iterator[None]:
    """Turn what SQLite and the file system say into our errors."""
    try:
        yield
    except sqlite3.Error as fault:
        if _is(fault, _BROKEN) or str(fault) == _NO_FORMAT:
            raise CorruptOutbox(path) from fault
        if _is(fault, _NO_ROOM):
            raise _unwritable(path, str(fault)) from fault
        if is_busy(fault):
            raise BusyOutbox(
                "is in use by another process", where=path, remedy="run it again"
            ) from fault
        raise CannotTell(
            f"the outbox failed: {fault}", where=path, remedy="run it again"
        ) from fault
    except UnicodeDecodeError as fault:  # it repeats what stands in a damaged schema
        raise CorruptOutbox(path) from fault
    except OSError as fault:
        raise _unwritable(path, fault.strerror or str(fault)) from fault


def is_busy(fault: sqlite3.Error) -> bool:
    """Whether another process was in the way."""
    return _is(fault, _BUSY)


def _is(fault: sqlite3.Error, names: tuple[str, ...]) -> bool:
    return str(getattr(fault, "sqlite_errorname", "")).startswith(names)


def _unwritable(path: str, said: str) -> Unwritable:
    return Unwritable(
        f"the outbox cannot be written: {said}",
        where=path,
        remedy="check that its folder exists, is writable and has room; or name another with the "
        "option outbox",
    )
