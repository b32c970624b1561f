"""Cobertura XML, as coverage.py, istanbul, coverlet, gcovr and Cobertura itself write it.

The totals on the root element (`lines-valid`, `lines-covered`) are not in every dialect, so lines
are counted from the `class` elements, those inside `methods` left out since they stand there a
second time. The rules of coverage-04.dtd; branches from `condition-coverage="50% (1/2)"`.
"""

import re

from cdkit.core.documents.xml import DEPTH, feed, parser_for, root_of
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.lines import Sources, left_out, total
from cdkit.evidence.reading import Reading
from cdkit.evidence.tally import whole

_CONDITIONS = re.compile(r"\((\d{1,6})/(\d{1,6})\)", re.ASCII)
_MOST_LINES = 1 << 20
_DTD = b"/coverage-04.dtd"
"""What tells it apart where the root element says nothing, as slather's did."""


class _Reader:
    """Collects the lines of one class after another while expat reads."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._parser = parser_for(where)
        self._parser.StartElementHandler = self.start
        self._parser.EndElementHandler = self.end
        self._sources = Sources(where)
        self._root: dict[str, str] = {}
        self._depth = self._methods = 0
        self._name = ""
        self._covered: list[int] = []
        self._missed: list[int] = []
        self._branches: dict[int, tuple[int, int]] = {}

    def read(self, stream: Readable) -> Reading:
        feed(self._parser, stream, self._where)
        counted = total(self._sources.files)
        claims = [whole(self._root.get(name)) or 0 for name in ("lines-covered", "lines-valid")]
        listed = (counted.lines_covered, counted.lines)
        doubts = left_out((claims[0], claims[1]), listed, Location(path=self._where))
        return Reading(
            sources=self._sources.files,
            notes=tuple(self._contradictions()),
            reasons=tuple(doubts),
        )

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            self._root = attributes
        if self._depth > DEPTH:
            raise self._unreadable(f"is nested more than {DEPTH} elements deep")
        if name == "class":
            self._name = attributes.get("filename") or attributes.get("name", "")
        elif name == "methods":
            self._methods += 1
        elif name == "line" and not self._methods:
            self._line(attributes)

    def end(self, name: str) -> None:
        self._depth -= 1
        if name == "methods":
            self._methods -= 1
        elif name == "class":
            self._sources.add(
                self._name,
                covered=self._covered,
                missed=self._missed,
                branches=self._branches,
                line=self._parser.CurrentLineNumber,
            )
            self._covered, self._missed, self._branches = [], [], {}

    def _line(self, attributes: dict[str, str]) -> None:
        try:
            number, hits = int(attributes["number"]), int(attributes["hits"])
        except (KeyError, ValueError) as fault:
            raise self._unreadable("holds a line without a whole number and hits") from fault
        (self._covered if hits > 0 else self._missed).append(number)
        if len(self._covered) + len(self._missed) > _MOST_LINES:
            raise self._unreadable("holds a class of over a million lines")
        if conditions := _CONDITIONS.search(attributes.get("condition-coverage", "")):
            taken, among = int(conditions[1]), int(conditions[2])
            self._branches[number] = (min(taken, among), among)

    def _contradictions(self) -> list[str]:
        counted = total(self._sources.files)
        pairs = (
            ("lines-valid", counted.lines),
            ("lines-covered", counted.lines_covered),
        )
        return [
            f"{self._where} claims {name}={self._root[name]!r} and lists {number}: "
            "the listed lines were counted"
            for name, number in pairs
            if name in self._root and self._root[name] != str(number)
        ]

    def _unreadable(self, what: str) -> Unreadable:
        return Unreadable(
            what,
            where=Location(path=self._where, line=self._parser.CurrentLineNumber),
            remedy="give the report as the coverage tool wrote it",
        )


def _recognises(head: bytes) -> bool:
    found = root_of(head)
    if found is None or found[0] != "coverage":
        return False
    return "line-rate" in found[1] or _DTD in head


def _read(stream: Readable, where: str) -> Reading:
    return _Reader(where).read(stream)


FORMAT = Format(
    name="cobertura",
    title="Cobertura XML",
    proves="coverage",
    written_by="`coverage xml` · gcovr `--cobertura F` · coverlet · Istanbul (`cobertura`) ·"
    " PHPUnit `--coverage-cobertura F`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="cobertura/coverage-py.xml", real=True, tool="coverage.py 7.17"),
        Sample(path="cobertura/istanbul.xml", real=False, tool="istanbul, with its DOCTYPE"),
        Sample(path="cobertura/bare-root.xml", real=False, tool="slather, without totals"),
        Sample(path="cobertura/coverlet.xml", real=False, tool="coverlet, one file in two classes"),
        Sample(path="cobertura/gcovr-8.8.xml", real=True, tool="gcovr 8.8"),
        Sample(path="cobertura/nyc-18.xml", real=True, tool="nyc 18"),
        Sample(path="cobertura/phpunit-9.6.xml", real=True, tool="PHPUnit 9.6"),
    ),
)
