"""Quarantine: tests that may fail for a while. They run, and are shown."""

from collections.abc import Iterable, Iterator

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Evidence, Failure
from cdkit.core.finding import Location
from cdkit.core.verdict import Answer, Reason, yes
from cdkit.gate.case import Case
from cdkit.gate.fit import adds_up, is_share
from cdkit.gate.named import matcher
from cdkit.gate.policy import Quarantine
from cdkit.gate.read import day_of


def quarantined(case: Case, fact: Fact) -> list[Reason]:
    """Return what to say of a fact that says no where every failure in it is in quarantine.

    Nothing is returned where anything else speaks against the image: a failure that nobody named,
    one that was left out, a suite that broke, a reason that is no failed test's.
    """
    document, verdict = fact.document, fact.verdict
    if verdict is None or verdict.answer is not Answer.NO or not isinstance(document, Evidence):
        return []
    failures, counts = document.failures, document.counts
    if document.failures_left_out or counts is None or counts.passed <= 0:
        return []
    if counts.failed + counts.errors != len(failures) or not adds_up(counts):
        return []
    if not is_share(document.coverage):
        return []
    kept = {failure: _of(case, failure) for failure in failures}
    if not all(kept.values()) or not _only_these(document, verdict.reasons):
        return []
    where = Location(path=fact.where)
    return [
        yes(
            f"{case.wanted.evidence}: {failure.name} failed, in quarantine until"
            f" {quarantine.expires} ({quarantine.owner}: {quarantine.reason})",
            where,
        )
        for failure, quarantine in kept.items()
        if quarantine
    ]


def expired(case: Case, facts: Iterable[Fact]) -> Iterator[str]:
    """Yield what to add to a no: a failure was in quarantine, until its last day passed."""
    documents = [fact.document for fact in facts]
    failures = [f for one in documents if isinstance(one, Evidence) for f in one.failures]
    for quarantine in case.policy.quarantine:
        ended = day_of(quarantine.expires)
        if ended is None or ended >= case.today or not _is_of_kind(quarantine, case):
            continue
        if any(matcher(quarantine.test).fullmatch(failure.name) for failure in failures):
            yield (
                f"the quarantine of {quarantine.test} ended on {quarantine.expires}"
                f" ({quarantine.owner}: {quarantine.reason})"
            )


def _of(case: Case, failure: Failure) -> Quarantine | None:
    """Return the quarantine that holds for a failed test today."""
    for quarantine in case.policy.quarantine:
        ends = day_of(quarantine.expires)
        if ends is None or ends < case.today or not _is_of_kind(quarantine, case):
            continue
        if matcher(quarantine.test).fullmatch(failure.name):
            return quarantine
    return None


def _is_of_kind(quarantine: Quarantine, case: Case) -> bool:
    return quarantine.evidence in {"", case.wanted.evidence}


def _only_these(document: Evidence, reasons: tuple[Reason, ...]) -> bool:
    """Whether every reason against the image is that one of these tests failed, or a count."""
    starts = tuple(f"{document.evidence}: {failure.name} failed" for failure in document.failures)
    for reason in reasons:
        if reason.answer is Answer.YES or reason.what.startswith(starts):
            continue
        if reason.what == f"{document.evidence}: {_more(document)} more tests failed":
            continue
        return False
    return True


def _more(document: Evidence) -> int:
    """Return how many failures the verdict only counts: it names the first twenty."""
    return max(0, len(document.failures) - 20)
