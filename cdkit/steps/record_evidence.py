"""Turn test and coverage reports into facts about an image, which a gate can ask for."""

import re
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct, structs

from cdkit.core.documents.document import MOST_SHARDS, Document
from cdkit.core.documents.kinds import OWN_KINDS, Evidence, Findings
from cdkit.core.errors import CdkitError, RequestError, Unreadable
from cdkit.core.finding import Location
from cdkit.core.oci.reference import parse_pinned
from cdkit.core.readable import HashedStream
from cdkit.core.step import Options, Outcome, Outputs, Step, Table, option
from cdkit.core.subject import Subject, image_subject
from cdkit.core.verdict import Reason, cannot_tell, judge, yes
from cdkit.core.world import World
from cdkit.evidence.format import HEAD, Read, read_report
from cdkit.evidence.judge import Gathered, evidence_of
from cdkit.evidence.records import is_record, read_stated, restate
from cdkit.evidence.together import found_out
from cdkit.steps.fresh_reports import staleness
from cdkit.steps.origin import origin_of, source_of
from cdkit.steps.reviewing import reviews_of

NAME = "record-evidence"
_TELLING = ("requests", "error_rate", "p50", "p95", "p99", "rps")
_PERCENT = re.compile(r"\d{1,3}(\.\d{1,6})?", re.ASCII)
_SHARD = re.compile(r"(\d{1,5})/(\d{1,5})", re.ASCII)
_KIND = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)


class RecordEvidenceOptions(Options, frozen=True, kw_only=True):
    """The inputs of record-evidence."""

    reports: Annotated[
        dict[str, str],
        option(
            "What the reports are evidence of, and where they are: `unit=reports/junit.xml`; "
            "`*` and `**` match, commas separate several patterns. Reports of tests, coverage, "
            "load tests and analyses, recognised by what is in them (docs/evidence-formats.md), "
            "and the facts that cdkit left in other jobs.",
            flag="--report",
            metavar="KIND=FILES",
        ),
    ] = {}  # noqa: RUF012 - msgspec copies it for each instance
    image: Annotated[
        str,
        option(
            "The image that was tested, `repository@sha256:…`; without one the evidence is about "
            "the source that is checked out.",
            shared=True,
        ),
    ] = ""
    review: Annotated[
        str,
        option(
            "Ask GitHub or GitLab who reviewed the change that brought this commit, and record it "
            "as evidence of this kind: `review`.",
            metavar="KIND",
        ),
    ] = ""
    approval: Annotated[
        str,
        option(
            "Ask GitHub who approved the deployment of this run, and record it as evidence of this "
            "kind: `approval`.",
            metavar="KIND",
        ),
    ] = ""
    expect_shards: Annotated[
        tuple[str, ...],
        option(
            "How many reports of a kind there must be, where its tests were split: `unit=4`.",
            metavar="KIND=NUMBER",
        ),
    ] = ()
    shard: Annotated[
        str,
        option(
            "Which shard of how many the reports of this job are, where each leaves a fact of its "
            "own: `2/4`. The gate then misses those that left none.",
            metavar="NUMBER/NUMBER",
        ),
    ] = ""
    error_budget: Annotated[
        tuple[str, ...],
        option(
            "How many percent of a load test's requests may fail, where no threshold in its "
            "report says so: `load=0.5`. Without it: none.",
            metavar="KIND=PERCENT",
        ),
    ] = ()


class RecordEvidenceOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of record-evidence."""

    image: Annotated[str, Meta(description="The image that the evidence is about.")] = ""
    evidence: Annotated[
        str, Meta(description="Each kind of evidence and its verdict, `unit yes`, one a line.")
    ] = ""


class _Asked(Struct, frozen=True, kw_only=True):
    """What is asked of one kind: where its files are, how many, what may fail in a load test."""

    kind: str
    patterns: tuple[str, ...]
    shards: int
    error_budget: float
    shard: tuple[int, int] = (0, 0)


class _Found(Struct, frozen=True, kw_only=True):
    """What the files of one kind hold: reports, restated facts, and the trouble with others."""

    documents: tuple[Document, ...]
    reasons: tuple[Reason, ...]
    notes: tuple[str, ...] = ()


def run(options: RecordEvidenceOptions, world: World) -> Outcome:
    """Read every report, and leave one document for each kind of evidence."""
    shards, budgets, shard = _shards(options), _budgets(options), _shard(options)
    source = source_of(world)
    subject = _subject(options, source)
    found = [
        _find(
            _Asked(
                kind=kind,
                patterns=patterns,
                shards=shards.get(kind, 0),
                error_budget=budgets.get(kind, 0.0),
                shard=shard,
            ),
            subject,
            source,
            world,
        )
        for kind, patterns in _reports(options).items()
    ]
    found += [
        _Found(documents=(one,), reasons=one.verdict.reasons)
        for one in reviews_of(options.review, options.approval, NAME, world)
    ]
    documents = [document for one in found for document in one.documents]
    verdict = judge([reason for one in found for reason in one.reasons])
    return Outcome(
        verdict=verdict,
        outputs=RecordEvidenceOutputs(
            image=options.image,
            evidence="\n".join(f"{row[0]} {row[1]}" for row in map(_row, documents)),
        ),
        document=documents[0],
        subjects=(subject,),
        more=tuple((document, (subject,)) for document in documents[1:]),
        tables=(
            Table(
                heading="Evidence",
                columns=("kind", "answer", "tests", "skipped", "lines", "what else"),
                rows=tuple(map(_row, documents)),
            ),
        ),
        notes=tuple(note for one in found for note in one.notes),
    )


def _subject(options: RecordEvidenceOptions, source: Subject | None) -> Subject:
    if options.image:
        reference = parse_pinned(options.image, where="image")
        if reference.digest is not None:
            return image_subject(reference.name, reference.digest)
    if source is None:
        raise RequestError(
            "there is nothing that the evidence could be about: no image was given, and there is "
            "no clean git checkout here",
            remedy="give --image repository@sha256:…, as `cdkit tag-image` prints it, or commit "
            "the changes and run it in the checkout",
        )
    return source


def _reports(options: RecordEvidenceOptions) -> dict[str, tuple[str, ...]]:
    reports: dict[str, tuple[str, ...]] = {}
    for kind, text in options.reports.items():
        _check_kind(kind, "reports")
        patterns = tuple(part.strip() for part in text.split(",") if part.strip())
        if not patterns:
            raise RequestError(
                f"no file is given for {kind!r}",
                where="reports",
                remedy=f"write {kind}=reports/junit.xml",
            )
        reports[kind] = patterns
    for kind, where in ((options.review, "review"), (options.approval, "approval")):
        if kind:
            _check_kind(kind, where)
    named = [*reports, *filter(None, (options.review, options.approval))]
    if not named:
        raise RequestError(
            "no report is given", where="reports", remedy="write unit=reports/junit.xml"
        )
    if len(set(named)) < len(named):
        raise RequestError(
            "a kind of evidence is given twice", where="review", remedy="give each its own kind"
        )
    return reports


def _check_kind(kind: str, where: str) -> None:
    if not _KIND.fullmatch(kind):
        raise RequestError(
            f"{kind[:80]!r} is no kind of evidence",
            where=where,
            remedy="name it with small letters, digits and hyphens: unit, end-to-end",
        )


def _shards(options: RecordEvidenceOptions) -> dict[str, int]:
    shards: dict[str, int] = {}
    for kind, number in _pairs(options, "expect-shards", options.expect_shards):
        if not number.isascii() or not number.isdigit() or not 0 < int(number[:6]) < 100_000:
            raise _unclear(f"{kind}={number}", "number of shards", "expect-shards", "unit=4")
        shards[kind] = int(number)
    return shards


def _shard(options: RecordEvidenceOptions) -> tuple[int, int]:
    """Return which shard of how many this is; zeros where the work was not split."""
    if not options.shard:
        return (0, 0)
    found = _SHARD.fullmatch(options.shard)
    number, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= of <= MOST_SHARDS:
        raise _unclear(options.shard, "shard of how many", "shard", "2/4, counted from 1")
    return (number, of) if of > 1 else (0, 0)


def _budgets(options: RecordEvidenceOptions) -> dict[str, float]:
    budgets: dict[str, float] = {}
    for kind, percent in _pairs(options, "error-budget", options.error_budget):
        if not _PERCENT.fullmatch(percent) or float(percent) > 100:
            raise _unclear(f"{kind}={percent}", "percentage", "error-budget", "load=0.5")
        budgets[kind] = float(percent)
    return budgets


def _pairs(
    options: RecordEvidenceOptions, where: str, texts: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Yield kind and value of each; a kind has one, and reports."""
    seen: set[str] = set()
    for text in texts:
        kind, _, value = (part.strip() for part in text.partition("="))
        if kind not in options.reports or kind in seen:
            what = "it stands there twice" if kind in seen else "no report of that kind is given"
            raise RequestError(
                f"{text[:80]!r}: {what}",
                where=where,
                remedy=f"name one of: {', '.join(options.reports)}",
            )
        seen.add(kind)
        yield kind, value


def _unclear(text: str, what: str, where: str, example: str) -> RequestError:
    return RequestError(f"{text[:80]!r} names no {what}", where=where, remedy=f"write {example}")


def _find(asked: _Asked, subject: Subject, source: Subject | None, world: World) -> _Found:
    """Read all files of one kind: whatever happens, one document says what came of it."""
    kind, shards = asked.kind, asked.shards
    reads: list[Read] = []
    unread: list[Reason] = []
    restated: list[Document] = []
    for path, trouble in _paths(kind, asked.patterns, world):
        try:
            if trouble:
                unread.append(trouble)
            elif is_record(_head(path, world)):
                stated = read_stated(world.files.read(path), path, subject, source)
                restated += [restate(fact, kind, subject, source) for fact in stated.facts]
                reads += _of_kind(kind, path, stated.reads)
            else:
                reads.append(_report(path, kind, world))
        except CdkitError as fault:
            unread.append(_untold(kind, fault))
    documents = list(restated)
    if reads or unread or shards or not restated:
        gathered = Gathered(
            kind=kind,
            reads=tuple(reads),
            unread=tuple(unread),
            shards=shards,
            error_budget=asked.error_budget,
        )
        number, of = asked.shard
        origin = origin_of(world, NAME, shard=number, shards=of)
        at = found_out((read.reading for read in reads), origin.recorded_at)
        documents.append(evidence_of(gathered, structs.replace(origin, recorded_at=at)))
    return _Found(
        documents=tuple(documents),
        reasons=tuple(reason for document in documents for reason in _reasons(document)),
        notes=tuple(note for read in reads for note in read.reading.notes),
    )


def _paths(
    kind: str, patterns: tuple[str, ...], world: World
) -> Iterator[tuple[str, Reason | None]]:
    """Yield each file once; with the reason why it is none of this run's, or is not there."""
    seen: set[str] = set()
    stale = staleness(kind, world)
    for pattern in patterns:
        paths = world.files.glob(pattern)
        if not paths:
            yield (
                pattern,
                cannot_tell(
                    f"{kind}: there is no such report",
                    where=Location(path=pattern),
                    remedy="let the tests write it before this step, or mend the path; where "
                    "tests ran in another job, download their artifact first",
                ),
            )
        for path in paths:
            if path not in seen:
                seen.add(path)
                yield path, stale(path)


def _head(path: str, world: World) -> bytes:
    with world.files.open(path) as stream:
        return HashedStream(stream, path).head(HEAD)


def _report(path: str, kind: str, world: World) -> Read:
    (read,) = _of_kind(kind, path, (read_report(world.files, path),))
    return read


def _of_kind(kind: str, path: str, reads: tuple[Read, ...]) -> tuple[Read, ...]:
    """Return reports; raises Unreadable where they are to pass for a document of our own."""
    if reads and kind in OWN_KINDS:
        raise Unreadable(
            f"is no {kind}",
            where=path,
            remedy=f"give the record that left the {kind}, or this report under another kind",
        )
    return reads


def _untold(kind: str, fault: CdkitError) -> Reason:
    return cannot_tell(f"{kind}: {fault.what}", where=fault.where, remedy=fault.remedy)


def _reasons(document: Document) -> tuple[Reason, ...]:
    if isinstance(document, Evidence | Findings):
        return document.verdict.reasons
    return (yes("the identity of this image"),)


def _row(document: Document) -> tuple[str, ...]:
    if not isinstance(document, Evidence | Findings):
        return ("identity", "yes", "", "", "", "")
    tests = skipped = lines = more = ""
    if isinstance(document, Evidence):
        if document.counts:
            tests, skipped = str(document.counts.tests), str(document.counts.skipped)
        if document.coverage:
            lines = f"{document.coverage.line_percent:.1f} %"
        more = ", ".join(_more(document))
    return (document.evidence, document.verdict.answer.value, tests, skipped, lines, more)


def _more(document: Evidence) -> Iterator[str]:
    """Yield what a person wants to see of a load test, an analysis, flaky tests."""
    told = {metric.name: metric for metric in document.metrics}
    for name in _TELLING:
        if metric := told.get(name):
            yield f"{name} {metric.value:g} {metric.unit}".rstrip()
    for severity, number in document.found.items():
        if number:
            yield f"{number} {severity}"
    if document.counts and document.counts.flaky:
        yield f"{document.counts.flaky} flaky"


STEP = Step(
    name=NAME,
    summary="Turn test and coverage reports into facts about an image.",
    question="What was tested, on this very image?",
    options=RecordEvidenceOptions,
    outputs=RecordEvidenceOutputs,
    run=run,
    icon="file-text",
)
