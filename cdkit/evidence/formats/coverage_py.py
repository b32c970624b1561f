"""coverage.py's own JSON (`coverage json`), format 3: every file with its lines and arcs.

The layout is in coverage.py's documentation, "JSON reporting"; branches are pairs of line
numbers, a negative second one being an exit.
"""

import re

import msgspec
from msgspec import Struct

from cdkit.core.errors import Unreadable
from cdkit.core.finding import Location
from cdkit.core.readable import Readable
from cdkit.core.world import MIB
from cdkit.evidence.format import Format, Sample
from cdkit.evidence.lines import Sources, left_out, total
from cdkit.evidence.reading import Reading

_LIMIT = 256 * MIB
_BEGINNING = re.compile(rb'\s*\{\s*"meta"\s*:\s*\{[^{}]*"branch_coverage"\s*:')


class _File(Struct, frozen=True):
    executed_lines: list[int]
    missing_lines: list[int]
    executed_branches: list[tuple[int, int]] = []
    missing_branches: list[tuple[int, int]] = []


class _Totals(Struct, frozen=True):
    covered_lines: int
    num_statements: int


class _Report(Struct, frozen=True):
    files: dict[str, _File]
    totals: _Totals


def _recognises(head: bytes) -> bool:
    return _BEGINNING.match(head) is not None


def _read(stream: Readable, where: str) -> Reading:
    report = _decode(_whole(stream, where), where)
    sources = Sources(where)
    for name, file in report.files.items():
        sources.add(
            name,
            covered=file.executed_lines,
            missed=file.missing_lines,
            branches=_branches(file),
        )
    counted = total(sources.files)
    found = (counted.lines_covered, counted.lines)
    claimed = (report.totals.covered_lines, report.totals.num_statements)
    note = f"{where} claims {claimed[0]} of {claimed[1]} lines and lists {found[0]} of {found[1]}"
    return Reading(
        sources=sources.files,
        reasons=tuple(left_out(claimed, found, Location(path=where))),
        notes=() if found == claimed else (f"{note}: the listed lines were counted",),
    )


def _branches(file: _File) -> dict[int, tuple[int, int]]:
    taken = {tuple(arc) for arc in file.executed_branches}
    known = taken | {tuple(arc) for arc in file.missing_branches}
    found: dict[int, tuple[int, int]] = {}
    for arc in known:
        before = found.get(arc[0], (0, 0))
        found[arc[0]] = (before[0] + (arc in taken), before[1] + 1)
    return found


def _whole(stream: Readable, where: str) -> bytes:
    """Read it all: unlike a test report it grows with the code alone."""
    parts: list[bytes] = []
    left = _LIMIT
    while part := stream.read(MIB):
        parts.append(part)
        left -= len(part)
        if left < 0:
            raise Unreadable(
                f"is larger than {_LIMIT // MIB} MiB",
                where=where,
                remedy="give coverage as XML instead: `coverage xml`",
            )
    return b"".join(parts)


def _decode(data: bytes, where: str) -> _Report:
    try:
        return msgspec.json.decode(data, type=_Report)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unreadable(
            f"is not a coverage.py report: {fault}",
            where=where,
            remedy="write it again with `coverage json`, to its end",
        ) from fault


FORMAT = Format(
    name="coverage-py",
    title="coverage.py JSON",
    proves="coverage",
    written_by="`coverage json`",
    recognises=_recognises,
    read=_read,
    samples=(
        Sample(path="coverage-py/coverage.json", real=True, tool="coverage.py 7.17"),
        Sample(path="coverage-py/pretty.json", real=True, tool="coverage.py 7.17, pretty-printed"),
    ),
)
