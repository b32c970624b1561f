"""A Go cover profile: `mode:`, then a block of statements a line.

Source: golang.org/x/tools/cover, `ParseProfiles`: `file:line.column,line.column statements count`.
Blocks that come again (`-coverpkg`, profiles put together) are one: it ran where any says so. The
number that `go tool cover` prints is of statements; the lines are those of the blocks.
"""

import re

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.evidence.decode import lines_of
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.lines import LAST_LINE, Sources
from cdkit.evidence.reading import Reading

_MODE = re.compile(rb"(?:\xef\xbb\xbf)?mode: (set|count|atomic)\r?(?:\n|\Z)")
_BLOCK = re.compile(
    r"(.+):(\d{1,7})\.(\d{1,7}),(\d{1,7})\.(\d{1,7}) (\d{1,9}) (\d{1,20})", re.ASCII
)
_MOST_LINES = 20_000_000


class _File:
    def __init__(self) -> None:
        self.blocks: dict[str, tuple[int, bool]] = {}
        self.spans: list[tuple[int, int, bool]] = []

    def take(self, found: re.Match[str]) -> None:
        begin, end, statements, ran = int(found[2]), int(found[4]), int(found[6]), found[7]
        place = f"{found[2]}.{found[3]},{found[4]}.{found[5]}"
        known = self.blocks.get(place, (0, False))
        self.blocks[place] = (max(known[0], statements), known[1] or bool(ran.strip("0")))
        if statements:
            self.spans.append((begin, end, bool(ran.strip("0"))))

    def lines(self) -> tuple[set[int], set[int]]:
        """Return the lines that ran and all others of the blocks."""
        covered: set[int] = set()
        known: set[int] = set()
        for begin, end, ran in self.spans:
            known.update(range(begin, end + 1))
            if ran:
                covered.update(range(begin, end + 1))
        return covered, known - covered


def _recognises(head: bytes) -> bool:
    return _MODE.match(head) is not None


def _read(stream: Readable, where: str) -> Reading:
    files: dict[str, _File] = {}
    left = _MOST_LINES
    for line, data in lines_of(stream, where, ended=True):
        text = data.decode("utf-8", "replace").strip()
        if not text or text.startswith("mode:"):
            continue
        found = _BLOCK.fullmatch(text)
        if found is None or not int(found[2]) <= int(found[4]) < LAST_LINE:
            raise _unreadable(f"holds {text[:80]!r}, which is no block of a profile", where, line)
        left -= int(found[4]) - int(found[2]) + 1
        if left < 0:
            raise _unreadable("holds blocks of more lines than any program has", where, line)
        files.setdefault(found[1], _File()).take(found)
    sources = Sources(where)
    for name, file in files.items():
        covered, missed = file.lines()
        sources.add(name, covered=covered, missed=missed, branches={}, blocks=file.blocks)
    return Reading(sources=sources.files)


def _unreadable(what: str, where: str, line: int) -> Unreadable:
    return Unreadable(
        what,
        where=Location(path=where, line=line),
        remedy="write it again: `go test -coverprofile=F ./...`, to its end",
    )


FORMAT = Format(
    name="go-cover",
    title="Go cover profile",
    proves="coverage",
    written_by="`go test -coverprofile=F ./...` · `go tool covdata textfmt -o F`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="go-cover/go-1.19-count.out", real=True, tool="Go 1.19, count"),
        Sample(path="go-cover/go-1.19-set.out", real=True, tool="Go 1.19, set"),
    ),
)
