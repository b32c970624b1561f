"""Reports in JSON: read whole and bounded, or a document a line."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.core.world import MIB

MOST = 256 * MIB
"""What a report in one JSON document may hold: it is read whole."""

LONGEST_LINE = 16 * MIB
_CHUNK = 256 * 1024
_BOM = b"\xef\xbb\xbf"
T = TypeVar("T")


def read_json(stream: Readable, kind: type[T], where: str, remedy: str) -> T:
    """Read a report that is one JSON document; unknown keys are ignored.

    Raises Unreadable where it is no such document, or holds more than 256 MiB.
    """
    return decode_json(read_all(stream, where), kind, where, remedy)


def decode_json(data: bytes, kind: type[T], where: str, remedy: str, line: int = 0) -> T:
    """Read a JSON document; raises Unreadable where it is not what it should be."""
    try:
        return msgspec.json.decode(data.removeprefix(_BOM), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unreadable(
            f"is not the report that it begins as: {fault}",
            where=Location(path=where, line=line),
            remedy=remedy,
        ) from fault


def read_all(stream: Readable, where: str, most: int = MOST) -> bytes:
    """Return the whole report; raises Unreadable where it holds more than `most` bytes."""
    parts: list[bytes] = []
    left = most
    while part := stream.read(MIB):
        parts.append(part)
        left -= len(part)
        if left < 0:
            raise Unreadable(
                f"is larger than {most // MIB} MiB",
                where=where,
                remedy="let the tool write JUnit XML, which is read in a stream, or split the run",
            )
    return b"".join(parts)


def lines_of(stream: Readable, where: str, *, ended: bool = False) -> Iterator[tuple[int, bytes]]:
    """Yield every line with its number from 1, without its end; empty ones too.

    Raises Unreadable where one holds more than 16 MiB; with `ended` also where the last one has no
    end, since the tool ends each: the rest of it was cut off.
    """
    number, rest = 0, b""
    while chunk := stream.read(_CHUNK):
        if b"\n" not in chunk:
            rest += chunk
        else:
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                number += 1
                yield number, line.rstrip(b"\r").removeprefix(_BOM if number == 1 else b"")
        if len(rest) > LONGEST_LINE:
            raise Unreadable(
                f"holds a line of over {LONGEST_LINE // MIB} MiB",
                where=Location(path=where, line=number + 1),
                remedy="give the report as its tool writes it",
            )
    if rest and ended:
        raise Unreadable(
            "is cut off: its last line has no end",
            where=Location(path=where, line=number + 1),
            remedy="give the report as its tool writes it, to its end",
        )
    if rest:
        yield number + 1, rest.rstrip(b"\r").removeprefix(_BOM if not number else b"")
