"""Clover XML, as PHPUnit, Istanbul and OpenClover write it: `file` and `line` elements.

Source: OpenClover's clover.xsd. A line is of the type `stmt`, `cond` or `method`; methods stand on
lines of their own in PHPUnit's and are lines that can run. Of a condition both ways are branches.
"""

from cdkit.core.documents.xml import root_of
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.evidence.elements import read_elements
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.lines import Sources
from cdkit.evidence.reading import Reading
from cdkit.evidence.tally import whole

_MOST_LINES = 1 << 20


class _Reader:
    def __init__(self, where: str) -> None:
        self.where = where
        self.sources = Sources(where)
        self.name: str | None = None
        self.hits: dict[int, bool] = {}
        self.branches: dict[int, tuple[int, int]] = {}

    def begin(self, name: str, attributes: dict[str, str], line: int) -> None:
        if name == "file":
            self.name = attributes.get("path") or attributes.get("name", "")
        elif name == "line" and self.name is not None:
            self.take_line(attributes, line)

    def end(self, name: str, _text: str, line: int) -> None:
        if name != "file" or self.name is None:
            return
        self.sources.add(
            self.name,
            covered=[number for number, ran in self.hits.items() if ran],
            missed=[number for number, ran in self.hits.items() if not ran],
            branches=self.branches,
            line=line,
        )
        self.name, self.hits, self.branches = None, {}, {}

    def take_line(self, attributes: dict[str, str], line: int) -> None:
        number = whole(attributes.get("num"))
        both = (whole(attributes.get("truecount")), whole(attributes.get("falsecount")))
        if attributes.get("type") == "cond" and None not in both:
            count: int | None = sum(times or 0 for times in both)
        else:
            count = whole(attributes.get("count"))
        if number is None or count is None or len(self.hits) > _MOST_LINES:
            raise Unreadable(
                "holds a line without a whole number and count",
                where=Location(path=self.where, line=line),
                remedy="give the report as the coverage tool wrote it",
            )
        self.hits[number] = self.hits.get(number, False) or count > 0
        if attributes.get("type") == "cond" and None not in both:
            self.branches[number] = (sum(bool(times) for times in both), 2)


def _recognises(head: bytes) -> bool:
    found = root_of(head)
    if found is None or found[0] != "coverage" or "line-rate" in found[1]:
        return False
    return b"<project" in head and b"generated" in head


def _read(stream: Readable, where: str) -> Reading:
    reader = _Reader(where)
    read_elements(stream, where, reader.begin, reader.end)
    return Reading(sources=reader.sources.files)


FORMAT = Format(
    name="clover",
    title="Clover XML",
    proves="coverage",
    written_by="PHPUnit `--coverage-clover F` · Istanbul, nyc, c8, jest (`clover`) · OpenClover",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="clover/gcovr-8.8.xml", real=True, tool="gcovr 8.8"),
        Sample(path="clover/nyc-18.xml", real=True, tool="nyc 18"),
        Sample(path="clover/phpunit-9.6.xml", real=True, tool="PHPUnit 9.6"),
    ),
)
