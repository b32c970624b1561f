"""What readers of scanners' reports have in common: a whole document, words for severities."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Severity
from cdkit.core.readable import Readable
from cdkit.core.world import MIB
from cdkit.scan.key import is_cve

T = TypeVar("T")

MOST = 256 * MIB
LONGEST_TITLE = 300
_CHUNK = 1 << 20
_FIRST_YEAR = 1970
_WORDS = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "low": Severity.LOW,
    "minor": Severity.LOW,
    "negligible": Severity.INFO,
    "unimportant": Severity.INFO,
    "info": Severity.INFO,
    "informational": Severity.INFO,
    "none": Severity.INFO,
}


def severity_of(word: str) -> Severity:
    """Return the severity that a scanner names; a word that nobody knows is unknown, never low."""
    return _WORDS.get(word.strip().lower(), Severity.UNKNOWN)


def severity_of_score(score: float) -> Severity:
    """Return the severity of a CVSS base score (FIRST, CVSS v3.1, 5); unknown where it is none."""
    for severity, least in (
        (Severity.CRITICAL, 9.0),
        (Severity.HIGH, 7.0),
        (Severity.MEDIUM, 4.0),
        (Severity.LOW, 0.1),
    ):
        if least <= score <= 10:
            return severity
    return Severity.UNKNOWN


def aliases_of(id_: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the other names of a vulnerability, each once.

    A vendor's bulletin (`ALAS-2026-1`) may be about several CVEs: then they are no names of it, and
    an exception for one of them must not cover the others.
    """
    others = tuple(dict.fromkeys(name for name in names if name and name != id_))
    several = len({name for name in (id_, *others) if is_cve(name)}) > 1
    return tuple(name for name in others if not (several and is_cve(name)))


def cves_of(id_: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the CVEs that a bulletin is about where they are several, and so none is its name."""
    cves = tuple(dict.fromkeys(filter(is_cve, names)))
    return cves if len(cves) > 1 and not is_cve(id_) else ()


def read_whole(stream: Readable, kind: type[T], where: str, remedy: str) -> T:
    """Read a JSON document of a type; unknown keys are passed over.

    Raises Unreadable where it is not that, begins with a byte order mark, is packed, cut off, or
    of more than MOST bytes.
    """
    parts: list[bytes] = []
    size = 0
    while part := stream.read(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > MOST:
            raise Unreadable(f"is of more than {MOST // MIB} MiB", where=where, remedy=remedy)
    data = b"".join(parts)
    for beginning, what in (
        (b"\xef\xbb\xbf", "begins with a byte order mark, which JSON does not allow"),
        (b"\x1f\x8b", "is packed with gzip; unpack it first"),
    ):
        if data.startswith(beginning):
            raise Unreadable(what, where=where, remedy=remedy)
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        what = "is empty" if not data.strip() else f"is not what it should be: {fault}"
        raise Unreadable(what, where=where, remedy=remedy) from fault


def moment(text: str) -> datetime | None:
    """Return a time in UTC; one without a zone is in it already, what is none is None."""
    try:
        return in_utc(datetime.fromisoformat(text))
    except ValueError:
        return None


def in_utc(found: datetime | None) -> datetime | None:
    """Return a time in UTC; None where it is before 1970, as Go writes "never" (the year 1)."""
    try:
        moved = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC) if found else None
    except OverflowError:
        return None
    return moved if moved and moved.year >= _FIRST_YEAR else None
