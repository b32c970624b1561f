"""Whether a fact that is there may be counted: its time, source, run, signature, and its sense."""

from collections.abc import Iterator
from datetime import timedelta

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Counts, Coverage, Evidence
from cdkit.core.finding import Location
from cdkit.core.verdict import Answer, Reason, cannot_tell
from cdkit.gate.case import Case
from cdkit.gate.policy import age_of, signers_told, unsigned_by
from cdkit.gate.select import Selected, disagreeing
from cdkit.gate.subject import SKEW, moment_of, time_of

_TESTS = ("data-driven", "e2e", "end-to-end", "functional", "integration", "regression", "unit")
_HOLDS = {
    **dict.fromkeys(_TESTS, "tests"),
    "coverage": "coverage",
    "vulnerabilities": "a list of findings",
}
"""What evidence holds whose name says so; all other names are the user's own."""


def unfit(case: Case, selected: Selected) -> list[Reason]:
    """Return why facts that are there may not be counted."""
    kind = case.wanted.evidence
    reasons = [
        cannot_tell(
            f"{kind}: says {answer_of(fact)}, and another fact of the same run and attempt"
            " says otherwise",
            where=Location(path=fact.where),
            remedy=f"find out which is right; then {case.opening} in a new run",
        )
        for fact in disagreeing(selected.facts)
    ]
    for fact in selected.facts:
        reasons += _wrong_time(case, fact)
        reasons += _wrong_source(case, fact)
        reasons += _wrong_run(case, fact)
        reasons += _unsigned(case, fact)
        reasons += _unlinked(case, fact)
        reasons += list(_contradiction(case, fact)) or _of_another_sort(case, fact)
    return reasons


def answer_of(fact: Fact) -> str:
    """Return what a fact says, in words."""
    return fact.verdict.answer.value if fact.verdict else "yes"


def _wrong_time(case: Case, fact: Fact) -> Iterator[Reason]:
    kind, moment, at = case.wanted.evidence, moment_of(fact), fact.document.origin.recorded_at
    where = Location(path=fact.where)
    if moment is None:
        what = f"{kind}: was recorded at {at[:40]!r}, which is no time with a zone"
        yield cannot_tell(what, where=where, remedy=case.opening)
    elif moment > case.now + SKEW:
        yield cannot_tell(
            f"{kind}: was recorded at {at}, in the future",
            where=where,
            remedy=f"set the clock of the machine that recorded it, or of this one; then "
            f"{case.opening}",
        )
    elif case.wanted.max_age and case.now - moment > age_of(case.wanted.max_age):
        what = f"{kind}: was recorded at {at}, more than {case.wanted.max_age} ago"
        yield cannot_tell(what, where=where, remedy=f"{case.opening} again")
    elif case.wanted.max_age:
        yield from _older_than_recorded(case, fact, age_of(case.wanted.max_age))


def _older_than_recorded(case: Case, fact: Fact, most: timedelta) -> Iterator[Reason]:
    """Hold a report that was made elsewhere to its own age: judging it again makes it no newer."""
    kind, at = case.wanted.evidence, fact.found_at
    found, where = time_of(at), Location(path=fact.where)
    if found is None:
        what = f"{kind}: was found out at {at[:40]!r}, which is no time with a zone"
        yield cannot_tell(what, where=where, remedy=case.opening)
    elif case.now - found > most:
        what = f"{kind}: rests on a report of {at}, more than {case.wanted.max_age} old"
        yield cannot_tell(what, where=where, remedy=f"make a new report; then {case.opening}")


def _wrong_source(case: Case, fact: Fact) -> Iterator[Reason]:
    """Hold the source that a fact was found out on against the one the image was built from."""
    wanted, origin = case.wanted, fact.document.origin
    tree = (case.proved if wanted.same_source and case.signers else case.known).tree
    elsewhere = wanted.about == "image" or bool(wanted.stage)  # a gate's job has any checkout
    if wanted.same_source is False or (wanted.same_source is None and elsewhere):
        return
    where = Location(path=fact.where)
    if not tree or not origin.tree:
        if wanted.same_source:
            whose = "the fact does not say on which source it was found out"
            if not tree:
                whose = "the image's identity does not say from which source it was built"
            remedy = "let the step run in a clean git checkout"
            yield cannot_tell(f"{wanted.evidence}: {whose}", where=where, remedy=remedy)
        return
    if origin.tree == tree and not origin.dirty:
        return
    found = "with changes that were not committed" if origin.dirty else f"tree {origin.tree[:12]}"
    yield cannot_tell(
        f"{wanted.evidence}: was found out on another source ({found}) than the image was"
        f" built from (tree {tree[:12]})",
        where=where,
        remedy=f"check out the commit that the image was built from and {case.opening}; where"
        " the tests live elsewhere on purpose, the policy can say `same-source: false`",
    )


def _wrong_run(case: Case, fact: Fact) -> Iterator[Reason]:
    if not case.wanted.same_run:
        return
    origin, built = fact.document.origin, (case.proved if case.signers else case.known).run
    where = Location(path=fact.where)
    if not built[1]:
        yield cannot_tell(
            f"{case.wanted.evidence}: no identity of the image says which run built it",
            where=where,
            remedy="let `cdkit tag-image` or `verify-image` leave its fact in the run that builds",
        )
    elif (origin.system, origin.run) != built:
        yield cannot_tell(
            f"{case.wanted.evidence}: is of the run {origin.run or '(none)'}, and the image was"
            f" built in {built[1]}",
            where=where,
            remedy=f"{case.opening}, in the run that builds the image",
        )


def _unsigned(case: Case, fact: Fact) -> Iterator[Reason]:
    missing = unsigned_by(case.signers, fact.signers)
    if not missing:
        return
    by = f"was signed by {', '.join(fact.signers)}" if fact.signers else "is not signed"
    yield cannot_tell(
        f"{case.wanted.evidence}: {by}, and the policy wants {signers_told(missing)}",
        where=Location(path=fact.where),
        remedy=f"{case.opening}, in a job that holds that key",
    )


def _unlinked(case: Case, fact: Fact) -> Iterator[Reason]:
    """Yield that a signed fact is about this image by no more than an unsigned identity's word."""
    proved = case.proved.related | {case.request.key}
    if case.signers and not proved & fact.keys:
        yield cannot_tell(
            f"{case.wanted.evidence}: is about a source or a platform, and no signed identity says"
            " that it is this image's",
            where=Location(path=fact.where),
            remedy="let the job that builds the image sign its identity too: `cdkit tag-image`"
            " with `sign`",
        )


def adds_up(counts: Counts) -> bool:
    """Whether every test that is counted ended in one way, and each flake passed in the end."""
    ended = (counts.passed, counts.failed, counts.errors, counts.skipped)
    return (
        min(*ended, counts.flaky) >= 0
        and sum(ended) == counts.tests
        and counts.flaky <= counts.passed
    )


def _proves(document: Evidence) -> bool:
    """Whether evidence without tests holds anything else; coverage of no code at all is nothing."""
    covered = document.coverage
    code = (covered.lines, covered.branches, covered.statements) if covered else ()
    held = (document.metrics, document.found, document.said, document.approvals)
    return any(code) or any(held)


def is_share(coverage: Coverage | None) -> bool:
    """Whether what was covered is a part of what there is."""
    return coverage is None or (
        0 <= coverage.lines_covered <= coverage.lines
        and 0 <= coverage.branches_covered <= coverage.branches
        and 0 <= coverage.statements_covered <= coverage.statements
    )


def _contradiction(case: Case, fact: Fact) -> Iterator[Reason]:
    """Yield how a fact that says yes contradicts itself: nobody believes such a yes."""
    verdict, document = fact.verdict, fact.document
    if verdict is None or verdict.answer is not Answer.YES:
        return
    what = ""
    if any(reason.answer is not Answer.YES for reason in verdict.reasons):
        what = "says yes, and gives reasons against it"
    elif isinstance(document, Evidence) and document.counts:
        counts = document.counts
        if counts.failed + counts.errors or document.failures:
            what = "says yes, and counts failed tests"
        elif min(counts.executed, counts.passed) <= 0:
            what = "says yes, and no test was executed"
        elif not adds_up(counts):
            what = "says yes, and its counts do not add up"
    elif isinstance(document, Evidence) and not _proves(document):
        what = "says yes, and holds nothing that it could rest on"
    if not what and isinstance(document, Evidence) and not is_share(document.coverage):
        what = "says yes, and covers more code than there is"
    if what:
        yield cannot_tell(
            f"{case.wanted.evidence}: {what}",
            where=Location(path=fact.where),
            remedy=f"do not trust whoever wrote it; {case.opening}",
        )


def _of_another_sort(case: Case, fact: Fact) -> Iterator[Reason]:
    """Yield that a report is none of what its kind's name says: tests of code, and no coverage."""
    kind, document, verdict = case.wanted.evidence, fact.document, fact.verdict
    wanted = _HOLDS.get(kind)
    if wanted is None or not isinstance(document, Evidence) or document.said:
        return
    # Load tests and benchmarks are measured, whatever they are called but `unit`.
    held = {
        "tests": document.counts is not None or (kind != "unit" and bool(document.metrics)),
        "coverage": document.coverage is not None,
        "a list of findings": bool(document.found),
    }
    if verdict and verdict.answer is Answer.YES and not held[wanted]:
        yield cannot_tell(
            f"{kind}: holds no {wanted.removeprefix('a ')}",
            where=Location(path=fact.where),
            remedy=f"record the report of {wanted} as {kind}, and this one under another name",
        )
