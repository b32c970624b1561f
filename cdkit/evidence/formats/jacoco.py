"""JaCoCo XML: `report`, `package` and `sourcefile` elements with a `line` for each line of code.

Source: jacoco.org, report.dtd 1.1: `mi`/`ci` are missed and covered instructions of a line,
`mb`/`cb` its branches. Lines are counted from the source files; what the report's own counter says
is held against them. Code that was compiled without line numbers has none, and proves nothing here.
"""

from cdkit.core.documents.xml import root_of
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.evidence.elements import read_elements
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.lines import Sources, left_out, total
from cdkit.evidence.reading import Reading
from cdkit.evidence.tally import whole

_MOST_LINES = 1 << 20


class _Reader:
    def __init__(self, where: str) -> None:
        self.where = where
        self.sources = Sources(where)
        self.path: list[str] = []
        self.places: list[str] = []
        self.covered: list[int] = []
        self.missed: list[int] = []
        self.branches: dict[int, tuple[int, int]] = {}
        self.claims: tuple[int, int] | None = None

    def begin(self, name: str, attributes: dict[str, str], line: int) -> None:
        self.path.append(name)
        if name in {"group", "package", "sourcefile"}:
            self.places.append(attributes.get("name", ""))
        elif name == "line" and self.path[-2:-1] == ["sourcefile"]:
            self.take_line(attributes, line)
        elif name == "counter" and len(self.path) == 2 and attributes.get("type") == "LINE":
            missed, covered = self.numbers(attributes, ("missed", "covered"), line)
            self.claims = (covered, missed + covered)

    def end(self, name: str, _text: str, line: int) -> None:
        self.path.pop()
        if name == "sourcefile":
            self.sources.add(
                "/".join(filter(None, self.places)),
                covered=self.covered,
                missed=self.missed,
                branches=self.branches,
                line=line,
            )
            self.covered, self.missed, self.branches = [], [], {}
        if name in {"group", "package", "sourcefile"}:
            self.places.pop()

    def take_line(self, attributes: dict[str, str], line: int) -> None:
        number, covered = self.numbers(attributes, ("nr", "ci"), line)
        (self.covered if covered else self.missed).append(number)
        if len(self.covered) + len(self.missed) > _MOST_LINES:
            raise self.unreadable("holds a source file of over a million lines", line)
        taken, left = whole(attributes.get("cb")) or 0, whole(attributes.get("mb")) or 0
        if taken or left:
            self.branches[number] = (taken, taken + left)

    def numbers(self, attributes: dict[str, str], names: tuple[str, str], line: int) -> list[int]:
        found = [number for name in names if (number := whole(attributes.get(name))) is not None]
        if len(found) != len(names):
            raise self.unreadable(f"holds an element without {' and '.join(names)}", line)
        return found

    def notes(self) -> tuple[str, ...]:
        counted = total(self.sources.files)
        found = (counted.lines_covered, counted.lines)
        if self.claims is None or self.claims == found:
            return ()
        claim = f"claims {self.claims[0]} of {self.claims[1]} lines and lists {found[0]} of"
        return (f"{self.where} {claim} {found[1]}: the listed lines were counted",)

    def unreadable(self, what: str, line: int) -> Unreadable:
        where = Location(path=self.where, line=line)
        return Unreadable(what, where=where, remedy="give the report as JaCoCo wrote it")


def _recognises(head: bytes) -> bool:
    found = root_of(head)
    if found is None or found[0] != "report":
        return False
    return b"-//JACOCO//" in head or b"<sessioninfo" in head or b"<package" in head


def _read(stream: Readable, where: str) -> Reading:
    reader = _Reader(where)
    read_elements(stream, where, reader.begin, reader.end)
    counted = total(reader.sources.files)
    listed = (counted.lines_covered, counted.lines)
    doubts = left_out(reader.claims or (0, 0), listed, Location(path=where))
    return Reading(sources=reader.sources.files, notes=reader.notes(), reasons=tuple(doubts))


FORMAT = Format(
    name="jacoco",
    title="JaCoCo XML",
    proves="coverage",
    written_by="jacoco-maven-plugin `report` · Gradle `jacocoTestReport` (`xml.required = true`)"
    " · `jacococli report --xml F` · Kover",
    recognises=_recognises,
    read=_read,
    samples=(Sample(path="jacoco/jacoco-0.8.xml", real=True, tool="JaCoCo 0.8"),),
)
