"""Istanbul's coverage-summary.json: totals of lines, statements, branches, for all and each file.

Source: istanbuljs, the reporter `json-summary`. Without lines nothing can be joined: of several
shards the totals are added up, which is right only where they measure different files.
"""

from msgspec import Struct

from cdkit.core.documents.kinds import Coverage
from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.core.verdict import cannot_tell
from cdkit.evidence.decode import read_json
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.reading import Reading
from cdkit.evidence.shape import shape_of

_REMEDY = "let the tool write it again, with the reporter `json-summary`"


class _Total(Struct, frozen=True):
    total: int
    covered: int


class _Totals(Struct, frozen=True):
    lines: _Total
    statements: _Total
    branches: _Total


def _recognises(head: bytes) -> bool:
    return shape_of(head).has("total.lines", "total.statements", "total.lines.pct")


def _read(stream: Readable, where: str) -> Reading:
    files = read_json(stream, dict[str, _Totals], where, _REMEDY)
    if "total" not in files:
        raise Unreadable("holds no total", where=where, remedy=_REMEDY)
    totals = files.pop("total")
    for one in (totals.lines, totals.statements, totals.branches):
        if not 0 <= one.covered <= one.total < 10**12:
            what = f"claims that {one.covered} of {one.total} were covered"
            raise Unreadable(what, where=where, remedy=_REMEDY)
    sums = (
        sum(x.lines.covered for x in files.values()),
        sum(x.lines.total for x in files.values()),
    )
    claimed = (totals.lines.covered, totals.lines.total)
    reasons = []
    if files and sums != claimed:
        what = f"claims {claimed[0]} of {claimed[1]} lines, and its files {sums[0]} of {sums[1]}"
        reasons = [cannot_tell(what, where=Location(path=where), remedy=_REMEDY)]
    return Reading(
        reasons=tuple(reasons),
        coverage=Coverage(
            lines_covered=totals.lines.covered,
            lines=totals.lines.total,
            branches_covered=totals.branches.covered,
            branches=totals.branches.total,
            statements_covered=totals.statements.covered,
            statements=totals.statements.total,
        ),
    )


FORMAT = Format(
    name="istanbul-summary",
    title="Istanbul coverage-summary.json",
    proves="coverage",
    written_by="nyc, c8, jest, Vitest, with the reporter `json-summary`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="istanbul-summary/c8-12.json", real=True, tool="c8 12"),
        Sample(path="istanbul-summary/nyc-18.json", real=True, tool="nyc 18"),
    ),
)
