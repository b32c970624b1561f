"""SimpleCov's `.resultset.json`: for each command and file, how often each line ran.

Source: simplecov, lib/simplecov/result.rb: `null` stands for a line that cannot run. A line ran
where it ran in any of the commands.
"""

from msgspec import Struct

from cdkit.core.readable import Readable
from cdkit.evidence.decode import read_json
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.lines import Sources
from cdkit.evidence.reading import Reading
from cdkit.evidence.shape import shape_of


class _Lines(Struct, frozen=True):
    lines: list[int | str | None]


class _Result(Struct, frozen=True):
    coverage: dict[str, _Lines | list[int | None]]


def _recognises(head: bytes) -> bool:
    shape = shape_of(head)
    inner = f"{shape.first}.coverage"
    if shape.root != "{" or not shape.first or not shape.has(inner):
        return False
    return not shape.has("total") and b'"lines"' in head and shape.first != "meta"


def _read(stream: Readable, where: str) -> Reading:
    remedy = "let SimpleCov write it again: coverage/.resultset.json"
    sources = Sources(where)
    for result in read_json(stream, dict[str, _Result], where, remedy).values():
        for name, file in result.coverage.items():
            hits = file.lines if isinstance(file, _Lines) else file
            numbered = [(n, hit) for n, hit in enumerate(hits, 1) if isinstance(hit, int)]
            sources.add(
                name,
                covered=[number for number, hit in numbered if hit > 0],
                missed=[number for number, hit in numbered if hit <= 0],
                branches={},
            )
    return Reading(sources=sources.files)


FORMAT = Format(
    name="simplecov",
    title="SimpleCov resultset",
    proves="coverage",
    written_by="SimpleCov, by itself: `coverage/.resultset.json`",
    recognises=_recognises,
    read=_read,
    samples=(Sample(path="simplecov/simplecov.json", real=True, tool="SimpleCov"),),
)
