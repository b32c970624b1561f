"""What reports prove: the verdict of one kind of evidence, and the document that says so."""

from msgspec import Struct

from cdkit.core.documents.document import Origin
from cdkit.core.documents.kinds import Counts, Coverage, Evidence, Failure
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell, judge, no, yes
from cdkit.evidence.format import Read
from cdkit.evidence.lines import all_joined, total
from cdkit.evidence.reading import MOST_FAILURES

MOST_NAMED = 20
"""Failed tests that a verdict names; the document holds more, and counts the rest."""


class Gathered(Struct, frozen=True, kw_only=True):
    """The reports of one kind: those that were read, and why others were not.

    `shards` is how many were expected, 0 where nobody said.
    """

    kind: str
    reads: tuple[Read, ...]
    unread: tuple[Reason, ...] = ()
    shards: int = 0


def evidence_of(gathered: Gathered, origin: Origin) -> Evidence:
    """Return the document that these reports amount to, with its verdict.

    A failed test or a broken suite says no. No report, an unreadable one, no test case, nothing
    but skipped tests, no line of code, a missing shard: each says "cannot tell".
    """
    readings = [read.reading for read in gathered.reads]
    counts = _counted([reading.counts for reading in readings if reading.counts])
    coverage = _covered(gathered)
    failures = tuple(failure for reading in readings for failure in reading.failures)
    left_out = sum(reading.failures_left_out for reading in readings)
    reasons = [*gathered.unread, *_shards(gathered), *_emptiness(gathered)]
    reasons += [reason for reading in readings for reason in reading.reasons]
    reasons += _failed(gathered, failures, counts)
    if not any(reason.answer != "yes" for reason in reasons):
        reasons += _proved(gathered, counts, coverage)
    return Evidence(
        origin=origin,
        evidence=gathered.kind,
        verdict=judge(reasons),
        reports=tuple(read.report for read in gathered.reads),
        counts=counts,
        coverage=coverage,
        duration=round(sum(reading.duration for reading in readings), 6),
        failures=failures[:MOST_FAILURES],
        failures_left_out=left_out + max(0, len(failures) - MOST_FAILURES),
    )


def _counted(counts: list[Counts]) -> Counts | None:
    if not counts:
        return None
    names = Counts.__struct_fields__
    return Counts(**{name: sum(getattr(count, name) for count in counts) for name in names})


def _covered(gathered: Gathered) -> Coverage | None:
    sources = [read.reading.sources for read in gathered.reads if read.reading.sources is not None]
    return total(all_joined(sources)) if sources else None


def _shards(gathered: Gathered) -> list[Reason]:
    """Hold the reports against the shards that were expected: each one file, each its own."""
    if not gathered.shards:
        return []
    if len(gathered.reads) != gathered.shards:
        return [
            cannot_tell(
                f"{gathered.kind}: {gathered.shards} shards were expected, and"
                f" {len(gathered.reads)} reports could be read",
                remedy="wait for every shard, hand over its report even where it failed, and"
                " record again; or mend expect-shards",
            )
        ]
    first: dict[str, str] = {}
    reasons = []
    for read in gathered.reads:
        twin = first.setdefault(read.report.digest, read.report.path)
        if twin != read.report.path:
            reasons.append(
                cannot_tell(
                    f"{gathered.kind}: is the same report as {twin}, byte for byte",
                    where=Location(path=read.report.path),
                    remedy="hand over each shard's own report",
                )
            )
    return reasons


def _emptiness(gathered: Gathered) -> list[Reason]:
    """Return why reports that were read prove nothing."""
    reasons = [reason for read in gathered.reads for reason in _empty(gathered.kind, read)]
    tested = [read for read in gathered.reads if read.reading.counts is not None]
    counts = _counted([read.reading.counts for read in tested if read.reading.counts])
    if counts and counts.tests and not counts.executed:
        reasons.append(
            cannot_tell(
                f"{gathered.kind}: all {counts.tests} tests were skipped",
                where=_begin(tested[0]),
                remedy="run the tests where nothing is skipped, then record again",
            )
        )
    return reasons


def _empty(kind: str, read: Read) -> list[Reason]:
    reading = read.reading
    if reading.counts is not None and not reading.counts.tests:
        what, remedy = "no test was executed", "let the suite find its tests, run it"
    elif reading.sources is not None and not any(s.lines for s in reading.sources.values()):
        what, remedy = "no line of code was measured", "let the tool measure the code, run it"
    elif reading.counts is None and reading.sources is None:
        what, remedy = "it proves nothing", "give a report of tests or coverage"
    else:
        return []
    return [cannot_tell(f"{kind}: {what}", where=_begin(read), remedy=f"{remedy}, and record it")]


def _failed(
    gathered: Gathered, failures: tuple[Failure, ...], counts: Counts | None
) -> list[Reason]:
    remedy = "mend the code or the test, run the tests, and record the new report"
    reasons = [
        no(
            f"{gathered.kind}: {failure.name} failed{_first_line(failure.message)}",
            where=_place(failure.where),
            remedy=remedy,
        )
        for failure in failures[:MOST_NAMED]
    ]
    bad = counts.failed + counts.errors if counts else 0
    if bad > len(reasons):
        reasons.append(
            no(f"{gathered.kind}: {bad - len(reasons)} more tests failed", remedy=remedy)
        )
    return reasons


def _proved(gathered: Gathered, counts: Counts | None, coverage: Coverage | None) -> list[Reason]:
    where = Location(path=gathered.reads[0].report.path) if len(gathered.reads) == 1 else None
    said = []
    if counts:
        extra = [f"{counts.skipped} skipped"] if counts.skipped else []
        extra += [f"{counts.flaky} only after a failure"] if counts.flaky else []
        said.append(f"{counts.passed} tests passed" + (f" ({', '.join(extra)})" if extra else ""))
    if coverage:
        said.append(
            f"{coverage.lines_covered} of {coverage.lines} lines were run"
            f" ({coverage.line_percent:.1f} %)"
        )
    return [yes(f"{gathered.kind}: {text}", where) for text in said]


def _begin(read: Read) -> Location:
    return Location(path=read.report.path, line=read.reading.line)


def _place(where: str) -> Location | None:
    """Read `path:line` back; the path may hold colons itself."""
    path, _, line = where.rpartition(":")
    return Location(path=path, line=int(line)) if path and line.isdecimal() else None


def _first_line(message: str) -> str:
    lines = message.strip().splitlines()
    return f": {lines[0].strip()[:200]}" if lines else ""
