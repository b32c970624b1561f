"""Istanbul's coverage-final.json: each file's statements and branches, and how often they ran.

Source: istanbuljs, istanbul-lib-coverage: `s` counts the statements of `statementMap`, `b` the ways
of each branch of `branchMap`. A line counts as Istanbul counts it: by the statements that begin on
it, and it ran where any of them did.
"""

from msgspec import Struct, field

from cdkit.core.readable import Readable
from cdkit.evidence.decode import read_json
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.lines import Sources
from cdkit.evidence.reading import Reading
from cdkit.evidence.shape import shape_of


class _Point(Struct, frozen=True):
    line: int
    column: int | None = None


class _Range(Struct, frozen=True):
    start: _Point


class _Branch(Struct, frozen=True):
    line: int | None = None
    loc: _Range | None = None


class _File(Struct, frozen=True):
    path: str
    statements: dict[str, _Range] = field(name="statementMap")
    ran: dict[str, int] = field(name="s")
    branches: dict[str, _Branch] = field(name="branchMap", default_factory=dict)
    taken: dict[str, list[int]] = field(name="b", default_factory=dict)


def _recognises(head: bytes) -> bool:
    shape = shape_of(head)
    if shape.root != "{" or not shape.first:
        return False
    return shape.has(f"{shape.first}.statementMap") or (
        shape.has(f"{shape.first}.path") and b'"statementMap"' in head
    )


def _read(stream: Readable, where: str) -> Reading:
    remedy = "let the tool write it again, with the reporter `json`"
    sources = Sources(where)
    for file in read_json(stream, dict[str, _File], where, remedy).values():
        ran = [(r.start, file.ran.get(i, 0) > 0) for i, r in file.statements.items()]
        sources.add(
            file.path,
            covered=[start.line for start, did in ran if did],
            missed=[start.line for start, did in ran if not did],
            branches=_branches(file),
            blocks={
                f"{start.line}.{start.column},{number}": (1, did)
                for number, (start, did) in enumerate(ran)
            },
        )
    return Reading(sources=sources.files)


def _branches(file: _File) -> dict[int, tuple[int, int]]:
    found: dict[int, tuple[int, int]] = {}
    for name, branch in file.branches.items():
        line = branch.loc.start.line if branch.loc else branch.line or 0
        ways = file.taken.get(name, [])
        before = found.get(line, (0, 0))
        found[line] = (before[0] + sum(way > 0 for way in ways), before[1] + len(ways))
    return found


FORMAT = Format(
    name="istanbul",
    title="Istanbul coverage-final.json",
    proves="coverage",
    written_by="nyc, c8, jest, Vitest, with the reporter `json`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="istanbul/c8-12.json", real=True, tool="c8 12"),
        Sample(path="istanbul/nyc-18.json", real=True, tool="nyc 18"),
    ),
)
