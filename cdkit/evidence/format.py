"""A report format: how it is recognised and read, and the one that a report is in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec import Struct

from cdkit.core import plugins
from cdkit.core.documents.kinds import Report
from cdkit.core.errors import Unreadable
from cdkit.core.readable import HashedStream, Readable
from cdkit.core.world import Files
from cdkit.evidence.reading import Reading

HEAD = 64 * 1024
"""How many bytes of a report its format is recognised by."""

_ENCODED = (
    "is in UTF-16, in which XML alone is read, and only where it does not name another encoding",
    "write it in UTF-8 (PowerShell 5 does not by itself: `| Out-File -Encoding utf8 F`)",
)
_WRAPPED = {
    b"\x1f\x8b": ("is compressed with gzip", "unpack it before this step"),
    b"PK\x03\x04": ("is a ZIP archive", "unpack it before this step, and name the reports in it"),
    b"\xff\xfe": _ENCODED,
    b"\xfe\xff": _ENCODED,
}
"""What a report may be wrapped in, by its first bytes: what that is called, and what to do."""


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
    """A format of reports. `read` raises Unreadable where a report is not what it should be.

    `proves` is what its reports are about (`tests`, `coverage`, `performance`, `findings`);
    `written_by` names the tools and how each is told to write it, for the page.
    """

    name: str
    title: str
    proves: str
    written_by: str
    recognises: Callable[[bytes], bool]
    read: Callable[[Readable, str], Reading]
    samples: tuple[Sample, ...]


class Read(Struct, frozen=True, kw_only=True):
    """A report that was read: which file it was, and what it says."""

    report: Report
    reading: Reading


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
    names = ", ".join(found.title for found in known.values())
    what = "is empty" if not head else f"is in no format that this cdkit reads ({names})"
    remedy = "give a report of one of these formats, written to its end"
    if claiming:
        what = f"could be {' or '.join(found.name for found in claiming)}"
    for start, (told, instead) in _WRAPPED.items():
        if head.startswith(start) and not claiming:
            what, remedy = told, instead
    raise Unreadable(what, where=where, remedy=remedy)


def read_report(files: Files, path: str) -> Read:
    """Read one report, whatever its format; memory does not grow with a test report's size.

    Raises Missing or Unreadable.
    """
    with files.open(path) as opened:
        stream = HashedStream(opened, path)
        found = recognise(stream.head(HEAD), path)
        reading = found.read(stream, path)
        stream.drain()
        report = Report(path=path, digest=stream.digest(), size=stream.size, format=found.name)
    return Read(report=report, reading=reading)
