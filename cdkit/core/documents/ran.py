"""Which tests ran, kept small: a million names take some megabytes, and can be asked for later.

The block is the names in UTF-8, sorted by their bytes, each once, each ended by a NUL; compressed
by zlib (RFC 1950) and written in base64. Beside it stand how many names it holds and the SHA-256
digest of what was compressed, so that two blocks are the same set where their digests are equal.
"""

import base64
import binascii
import hashlib
import heapq
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

from cdkit.core.documents.names import Names
from cdkit.core.errors import Unreadable

LONGEST_NAME = 500
"""Characters of a test's name that are kept."""

_RUN = 50_000
"""Names that are sorted at a time: so many are in memory as they are."""

_MOST_BYTES = 512 * 1024 * 1024
"""What a block may hold when it is unpacked: no test suite has more names."""

_MOST_REPEATED = 10_000
"""Names that are kept because they came several times."""

_CHUNK = 32 * 1024
_LONGEST_BYTES = 16 * 1024
_REMEDY = "record the evidence again from its report"


class Gatherer:
    """Takes names in any order, some perhaps twice; memory is that of a run and of the blocks."""

    __slots__ = ("_names", "_runs", "repeated")

    def __init__(self) -> None:
        self._names: list[str] = []
        self._runs: list[bytes] = []
        self.repeated: Counter[str] = Counter()
        """Names that came again, and how often again; complete once all are packed."""

    def add(self, name: str) -> None:
        """Take one name, which is short (LONGEST_NAME)."""
        self._names.append(name)
        if len(self._names) >= _RUN:
            self._runs.append(zlib.compress(_plain(self._sorted()), 1))

    def packed(self) -> Names | None:
        """Return all names; None where there is none."""
        if not self._names and not self._runs:
            return None
        last = self._sorted()
        if not self._runs:
            return pack(last)
        runs = [_split(_unpacked(run, "a run of names")) for run in self._runs]
        return pack(self._watched(heapq.merge(*runs, last)))

    def _sorted(self) -> list[bytes]:
        taken, self._names = _encoded_all(self._names), []
        names = sorted(set(taken))
        if len(names) < len(taken):
            for before, name in pairwise(sorted(taken)):
                if name == before:
                    self._again(name)
        return names

    def _watched(self, names: Iterable[bytes]) -> Iterator[bytes]:
        before = None
        for name in names:
            if name == before:
                self._again(name)
            before = name
            yield name

    def _again(self, name: bytes) -> None:
        if len(self.repeated) < _MOST_REPEATED:
            self.repeated[name.decode("utf-8", "replace")] += 1


def pack(names: Iterable[bytes]) -> Names:
    """Return names that come sorted as a block; one that comes several times stands once."""
    compressor, digest, count = zlib.compressobj(1), hashlib.sha256(), 0
    parts: list[bytes] = []
    for stretch in _stretches(names):
        plain = _plain(stretch)
        count += len(stretch)
        digest.update(plain)
        parts.append(compressor.compress(plain))
    parts.append(compressor.flush())
    block = base64.b64encode(b"".join(parts)).decode("ascii")
    return Names(count=count, digest=f"sha256:{digest.hexdigest()}", block=block)


def unpack(names: Names, *, where: str = "") -> Iterator[str]:
    """Yield the names of a block, sorted by their UTF-8 bytes.

    Raises Unreadable where the block is broken, holds too much, or other names than its count and
    digest say: that is told at the end, so whoever asks must ask for all of them.
    """
    try:
        data = base64.b64decode(names.block, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise _unreadable(f"is not base64: {fault}", where) from fault
    digest, count, before = hashlib.sha256(), 0, b""
    for name in _split(_unpacked(data, where)):
        if count and name <= before:
            raise _unreadable("is not sorted", where)
        digest.update(name + b"\0")
        count += 1
        before = name
        yield name.decode("utf-8", "replace")
    if count != names.count or f"sha256:{digest.hexdigest()}" != names.digest:
        raise _unreadable(f"holds {count} other names than the {names.count} it claims", where)


def joined(blocks: Iterable[Names]) -> Names | None:
    """Return the names of several blocks together; None where there is no block."""
    found = tuple(blocks)
    if len(found) < 2:
        return found[0] if found else None
    return pack(heapq.merge(*(_encoded(block) for block in found)))


def _encoded(names: Names) -> Iterator[bytes]:
    return (name.encode("utf-8") for name in unpack(names))


def _encoded_all(names: list[str]) -> list[bytes]:
    """Return names in UTF-8; a NUL in one becomes U+FFFD, since it ends a name here."""
    together = "\0".join(names).encode("utf-8", "replace").split(b"\0") if names else []
    if len(together) == len(names):
        return together
    return [name.replace("\0", "\ufffd").encode("utf-8", "replace") for name in names]


def _plain(names: list[bytes]) -> bytes:
    return b"\0".join(names) + b"\0" if names else b""


def _stretches(names: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield sorted names in pieces, those left out that came before."""
    stretch: list[bytes] = []
    before = None
    for name in names:
        if name == before:
            continue
        stretch.append(name)
        before = name
        if len(stretch) >= 5_000:
            yield stretch
            stretch = []
    yield stretch


def _unpacked(data: bytes, where: str) -> Iterator[bytes]:
    """Yield what was compressed, a chunk at a time, and never more than the bound."""
    decompressor, left = zlib.decompressobj(), _MOST_BYTES
    try:
        while chunk := decompressor.decompress(data, _CHUNK):
            left -= len(chunk)
            if left < 0:
                raise _unreadable("holds more than any test suite has", where)
            yield chunk
            data = decompressor.unconsumed_tail
    except zlib.error as fault:
        raise _unreadable(f"is broken: {fault}", where) from fault
    if not decompressor.eof or decompressor.unused_data:
        raise _unreadable("is cut off, or holds something after its end", where)


def _split(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
        if len(rest) > _LONGEST_BYTES:
            raise _unreadable("holds a name that is too long", "")


def _unreadable(what: str, where: str) -> Unreadable:
    return Unreadable(f"the list of test names {what}", where=where or None, remedy=_REMEDY)
