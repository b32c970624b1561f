"""What reports prove: the verdict of one kind of evidence, and the document that says so."""

import math

from msgspec import Struct, structs

from cdkit.core.documents.document import Origin
from cdkit.core.documents.kinds import Counts, Coverage, Evidence, Failure
from cdkit.core.documents.ran import joined
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell, judge, no, yes
from cdkit.evidence.format import Read
from cdkit.evidence.reading import MOST_FAILURES, Load, Reading
from cdkit.evidence.together import counted, covered, found_in, loaded, measured, said_in

MOST_NAMED = 20
"""Failed tests that a verdict names; the document holds more, and counts the rest."""


class Gathered(Struct, frozen=True, kw_only=True):
    """The reports of one kind: those that were read, and why others were not.

    `shards` is how many were expected, 0 where nobody said. `error_budget` is how many percent of
    a load test's requests may fail where its report has no thresholds that say so.
    """

    kind: str
    reads: tuple[Read, ...]
    unread: tuple[Reason, ...] = ()
    shards: int = 0
    error_budget: float = 0.0


def evidence_of(gathered: Gathered, origin: Origin) -> Evidence:
    """Return the document that these reports amount to, with its verdict.

    A failed test or a broken suite says no. No report, an unreadable one, no test case, nothing
    but skipped tests, no line of code, no request, a missing shard: each says "cannot tell".
    """
    readings = [read.reading for read in gathered.reads]
    counts = counted(readings)
    failures = tuple(failure for reading in readings for failure in reading.failures)
    left_out = sum(reading.failures_left_out for reading in readings)
    document = Evidence(
        origin=origin,
        evidence=gathered.kind,
        verdict=_PENDING,
        reports=tuple(read.report for read in gathered.reads),
        counts=counts,
        coverage=covered(readings),
        duration=round(sum(reading.duration for reading in readings), 6),
        failures=failures[:MOST_FAILURES],
        failures_left_out=left_out + max(0, len(failures) - MOST_FAILURES),
        ran=joined([reading.ran for reading in readings if reading.ran]),
        flaky=tuple(name for reading in readings for name in reading.flaky)[:MOST_FAILURES],
        metrics=measured(readings),
        found=found_in(readings),
        said=said_in(readings),
    )
    return structs.replace(document, verdict=judge(_reasons(gathered, document, readings)))


_PENDING = judge(())


def _reasons(gathered: Gathered, document: Evidence, readings: list[Reading]) -> list[Reason]:
    reasons = [*gathered.unread, *_shards(gathered), *_emptiness(gathered)]
    reasons += [reason for reading in readings for reason in reading.reasons]
    reasons += _failed(gathered, document.failures, document.counts)
    reasons += _errors(gathered, loaded(readings))
    if not any(reason.answer != "yes" for reason in reasons):
        reasons += _proved(gathered, document)
    return reasons


def _errors(gathered: Gathered, load: Load | None) -> list[Reason]:
    """Hold failed requests against the budget, where the report itself does not judge them."""
    if load is None or load.judged or not load.requests:
        return []
    rate = 100 * load.failed / load.requests
    if rate <= gathered.error_budget:
        return []
    where = Location(path=gathered.reads[0].report.path)
    return [
        no(
            f"{gathered.kind}: {load.failed} of {load.requests} requests failed ({rate:.3g} %),"
            f" and {gathered.error_budget:g} % may",
            where=where,
            remedy="find out why they failed and run it again; or allow so many with"
            f" error-budget {gathered.kind}={math.ceil(rate)}",
        )
    ]


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
    counts = counted(read.reading for read in tested)
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
    elif _measured_nothing(reading):
        what, remedy = "no line of code was measured", "let the tool measure the code, run it"
    elif reading.load is not None and not reading.load.requests:
        what, remedy = "no request was sent", "let the load test reach its target, run it"
    elif not _proves_something(reading):
        what, remedy = "it proves nothing", "give a report of tests, coverage or measurements"
    else:
        return []
    return [cannot_tell(f"{kind}: {what}", where=_begin(read), remedy=f"{remedy}, and record it")]


def _measured_nothing(reading: Reading) -> bool:
    if reading.sources is not None:
        return not any(
            source.lines or any(number for number, _ in source.blocks.values())
            for source in reading.sources.values()
        )
    return reading.coverage is not None and not (
        reading.coverage.lines or reading.coverage.statements
    )


def _proves_something(reading: Reading) -> bool:
    told = (reading.counts, reading.sources, reading.coverage, reading.load, reading.found)
    return any(one is not None for one in told) or bool(reading.metrics or reading.said)


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


def _proved(gathered: Gathered, document: Evidence) -> list[Reason]:
    where = Location(path=gathered.reads[0].report.path) if len(gathered.reads) == 1 else None
    said = []
    if counts := document.counts:
        extra = [f"{counts.skipped} skipped"] if counts.skipped else []
        extra += [f"{counts.flaky} only after a failure"] if counts.flaky else []
        said.append(f"{counts.passed} tests passed" + (f" ({', '.join(extra)})" if extra else ""))
    if coverage := document.coverage:
        said.append(_lines_were_run(coverage))
    if document.metrics:
        shown = [f"{one.name} {one.value:g} {one.unit}".rstrip() for one in document.metrics[:8]]
        said.append(f"measured {', '.join(shown)}")
    if any(read.reading.found is not None for read in gathered.reads):
        kinds = [f"{number} {name}" for name, number in document.found.items() if number]
        said.append(f"found {', '.join(kinds) or 'nothing'}")
    said += [f"{name} is {text}" for name, text in document.said.items()]
    return [yes(f"{gathered.kind}: {text}", where) for text in said]


def _lines_were_run(coverage: Coverage) -> str:
    ran, among, what = coverage.lines_covered, coverage.lines, "lines"
    if coverage.statements:
        ran, among, what = coverage.statements_covered, coverage.statements, "statements"
    return f"{ran} of {among} {what} were run ({100 * ran / among:.1f} %)"


def _begin(read: Read) -> Location:
    return Location(path=read.report.path, line=read.reading.line)


def _place(where: str) -> Location | None:
    """Read `path:line` back; the path may hold colons itself."""
    path, _, line = where.rpartition(":")
    return Location(path=path, line=int(line)) if path and line.isdecimal() else None


def _first_line(message: str) -> str:
    lines = message.strip().splitlines()
    return f": {lines[0].strip()[:200]}" if lines else ""
