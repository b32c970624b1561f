"""A report format: how it is recognised and read, and the one that a report is in."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO

from msgspec import Struct

from cdkit.core import plugins
from cdkit.core.documents.kinds import Report
from cdkit.core.errors import Unreadable
from cdkit.core.readable import Readable
from cdkit.core.world import Files
from cdkit.evidence.reading import Reading

HEAD = 64 * 1024
"""How many bytes of a report its format is recognised by."""


class Sample(Struct, frozen=True, kw_only=True):
    """A report that the tests read: its path below tests/cases/evidence, and its origin.

    `real` is true where the tool itself wrote the file, and false where we wrote it by hand after
    the tool's documentation.
    """

    path: str
    real: bool
    tool: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A format of reports. `read` raises Unreadable where a report is not what it should be."""

    name: str
    title: str
    recognises: Callable[[bytes], bool]
    read: Callable[[Readable, str], Reading]
    samples: tuple[Sample, ...]


class Read(Struct, frozen=True, kw_only=True):
    """A report that was read: which file it was, and what it says."""

    report: Report
    reading: Reading


class ReportStream:
    """A report's bytes, hashed and counted as they pass; the head can be seen beforehand."""

    def __init__(self, stream: IO[bytes], where: str) -> None:
        self._stream = stream
        self._where = where
        self._hash = hashlib.sha256()
        self._ahead = b""
        self.size = 0

    def head(self) -> bytes:
        """Return the first bytes without taking them away; call it before `read`."""
        self._ahead = self._ahead or self._take(HEAD)
        return self._ahead

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes."""
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        return self._take(size)

    def digest(self) -> str:
        """Return the digest of all bytes that were taken so far."""
        return f"sha256:{self._hash.hexdigest()}"

    def _take(self, size: int) -> bytes:
        try:
            data = self._stream.read(size)
        except OSError as fault:
            raise Unreadable(
                f"cannot be read: {fault.strerror or fault}",
                where=self._where,
                remedy="check the file system, and run the step again",
            ) from fault
        self._hash.update(data)
        self.size += len(data)
        return data


def formats() -> Mapping[str, Format]:
    """Return every format, by name."""
    from cdkit.evidence import formats as folder

    return plugins.collect(folder, "FORMAT", Format)


def recognise(head: bytes, where: str) -> Format:
    """Return the format that these first bytes of a report are in.

    Raises Unreadable where no format claims them, or several do.
    """
    known = formats()
    claiming = [known[name] for name in known if known[name].recognises(head)]
    if len(claiming) == 1:
        return claiming[0]
    names = ", ".join(known)
    what = "is empty" if not head else f"is in no format that this cdkit reads ({names})"
    if claiming:
        what = f"could be {' or '.join(found.name for found in claiming)}"
    raise Unreadable(
        what, where=where, remedy="give a report of one of these formats, written to its end"
    )


def read_report(files: Files, path: str) -> Read:
    """Read one report, whatever its format; memory does not grow with a test report's size.

    Raises Missing or Unreadable.
    """
    with files.open(path) as opened:
        stream = ReportStream(opened, path)
        found = recognise(stream.head(), path)
        reading = found.read(stream, path)
        while stream.read(HEAD):
            pass
        report = Report(path=path, digest=stream.digest(), size=stream.size, format=found.name)
    return Read(report=report, reading=reading)
