"""LCOV tracefiles: a line a record, as geninfo(1) describes them under FILES.

A tracefile has no end mark of its own. One that is cut off inside a file's section is refused; one
that is cut off between two sections cannot be told from a complete one.
"""

import re
from collections.abc import Iterator

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.core.verdict import Reason
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.lines import Sources, left_out
from cdkit.evidence.reading import MOST_REASONS, Reading

_LONGEST_LINE = 64 * 1024
_MOST_LINES = 1 << 20
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s|#[^\n]*\n)*(?:TN:[^\n]*\n|SF:[^\n]+\n)")
_RECORD = re.compile(r"[A-Z]{2,8}:")
_DATA = re.compile(r"(\d{1,9}),(-?\d+)(?:,.*)?", re.ASCII)
_BRANCH = re.compile(r"(\d{1,9}),([^,]*,.*),(-|\d+)", re.ASCII)


class _Section:
    """What the records of one source file have said so far."""

    def __init__(self, name: str, line: int) -> None:
        self.name = name
        self.line = line
        self.hits: dict[int, bool] = {}
        self.arcs: dict[int, dict[str, bool]] = {}
        self.claims: dict[str, int] = {}
        self.seen = 0

    def branches(self) -> dict[int, tuple[int, int]]:
        return {line: (sum(arcs.values()), len(arcs)) for line, arcs in self.arcs.items()}


class _Reader:
    """Reads record after record."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._sources = Sources(where)
        self._section: _Section | None = None
        self._line = 0
        self._notes: list[str] = []
        self._doubts: list[Reason] = []

    def read(self, stream: Readable) -> Reading:
        for data in self._lines(stream):
            self._line += 1
            text = data.decode("utf-8", "replace").strip()
            if text and not text.startswith("#"):
                self._record(text)
        if self._section is not None:
            raise self._unreadable(f"is cut off: {self._section.name[:200]!r} has no end_of_record")
        doubts = tuple(self._doubts[:MOST_REASONS])
        return Reading(sources=self._sources.files, notes=tuple(self._notes), reasons=doubts)

    def _record(self, text: str) -> None:
        if text == "end_of_record":
            self._close()
            return
        if not _RECORD.match(text):
            raise self._unreadable(f"holds {text[:60]!r}, which is no record of a tracefile")
        kind, _, rest = text.partition(":")
        if kind == "SF":
            self._open(rest)
        elif self._section is not None:
            self._take(self._section, kind, rest)

    def _open(self, name: str) -> None:
        if self._section is not None or not name:
            raise self._unreadable("begins a file before the one before has its end_of_record")
        self._section = _Section(name, self._line)

    def _take(self, section: _Section, kind: str, rest: str) -> None:
        section.seen += 1
        if section.seen > _MOST_LINES:
            raise self._unreadable("holds over a million records of one file")
        match kind:
            case "DA":
                number, hits = self._fields(_DATA, kind, rest)[:2]
                line = int(number)
                section.hits[line] = section.hits.get(line, False) or int(hits[:12]) > 0
            case "BRDA":
                number, arc, taken = self._fields(_BRANCH, kind, rest)
                arcs = section.arcs.setdefault(int(number), {})
                arcs[arc] = arcs.get(arc, False) or taken.strip("0") not in ("", "-")
            case "LF" | "LH" if rest.isascii() and rest.isdigit():
                section.claims[kind] = int(rest[:12])
            case _:
                pass

    def _fields(self, pattern: re.Pattern[str], kind: str, rest: str) -> tuple[str, ...]:
        found = pattern.fullmatch(rest)
        if found is None:
            raise self._unreadable(f"holds {kind}:{rest[:60]!r}, which is no such record")
        return tuple(found.groups())

    def _close(self) -> None:
        section, self._section = self._section, None
        if section is None:
            raise self._unreadable("ends a file that was not begun")
        covered = [line for line, hit in section.hits.items() if hit]
        self._compare(section, len(covered))
        self._sources.add(
            section.name,
            covered=covered,
            missed=[line for line, hit in section.hits.items() if not hit],
            branches=section.branches(),
            line=section.line,
        )

    def _compare(self, section: _Section, covered: int) -> None:
        if "LF" in section.claims and not section.hits:  # LLVM counts others than it lists
            whole = (section.claims.get("LH", covered), section.claims["LF"])
            where = Location(path=self._where, line=section.line)
            self._doubts += left_out(whole, (covered, len(section.hits)), where)
        counted = {"LF": len(section.hits), "LH": covered}
        for name, claimed in section.claims.items():
            if claimed != counted[name] and len(self._notes) < 20:
                self._notes.append(
                    f"{self._where}:{section.line}: claims {name}:{claimed} and lists"
                    f" {counted[name]}: the listed lines were counted"
                )

    def _lines(self, stream: Readable) -> Iterator[bytes]:
        rest = b""
        while chunk := stream.read(_LONGEST_LINE):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole
            if len(rest) > _LONGEST_LINE:
                raise self._unreadable("holds a line of over 64 KiB")
        if rest:
            yield rest

    def _unreadable(self, what: str) -> Unreadable:
        return Unreadable(
            what,
            where=Location(path=self._where, line=self._line),
            remedy="let the coverage tool write the tracefile again, to its end",
        )


def _recognises(head: bytes) -> bool:
    return _BEGINNING.match(head) is not None


def _read(stream: Readable, where: str) -> Reading:
    return _Reader(where).read(stream)


FORMAT = Format(
    name="lcov",
    title="LCOV tracefile",
    proves="coverage",
    written_by="geninfo, `lcov --capture` · Istanbul (`lcovonly`) · `coverage lcov` · `cargo"
    " llvm-cov --lcov`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="lcov/coverage-py.info", real=True, tool="coverage.py 7.17 (`coverage lcov`)"),
        Sample(path="lcov/node.info", real=True, tool="Node.js 24.19 test runner"),
        Sample(path="lcov/geninfo.info", real=False, tool="geninfo 2.0, a file of two tests"),
        Sample(path="lcov/gcovr-8.8.info", real=True, tool="gcovr 8.8"),
    ),
)
