"""What another gate decided, as evidence: that it let this very image into a stage of its own.

So the next environment need not know what the one before it asks: it trusts who signs there.
"""

from collections.abc import Iterable, Iterator

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Decision
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell
from cdkit.gate.case import Case
from cdkit.gate.subject import is_of_a_laptop

_LETS_IN = frozenset({"enter", "return"})


def of_stage(fact: Fact, stage: str) -> bool:
    """Whether a fact is a decision on entering this stage; each is where no stage is asked for."""
    document = fact.document
    if not stage or not isinstance(document, Decision):
        return True
    return document.stage == stage and document.question in _LETS_IN


def said(fact: Fact) -> dict[str, str]:
    """Return what a decision says of itself, by name: what a policy may hold it to."""
    document = fact.document
    if not isinstance(document, Decision):
        return {}
    return {
        "stage": document.stage,
        "policy": document.policy.where,
        "policy-digest": document.policy.digest,
    }


def undecided(case: Case, facts: Iterable[Fact]) -> Iterator[Reason]:
    """Yield why a decision does not count: it was forced, or it is about another image."""
    for fact in facts:
        document, where = fact.document, Location(path=fact.where)
        if not isinstance(document, Decision):
            continue
        if is_of_a_laptop(fact, case.request):
            yield cannot_tell(
                "decision: was made at a terminal, where any policy may be asked",
                where=where,
                remedy=f"let the gate of {document.stage} decide in a CI job",
            )
        if document.incident:
            yield cannot_tell(
                f"decision: {document.stage} was opened by force, for {document.incident[:80]}",
                where=where,
                remedy=f"let the gate of {document.stage} decide by its policy",
            )
        if not document.image.endswith(f"@{case.request.key}"):
            yield cannot_tell(
                f"decision: is about {document.image[:200]}, another image",
                where=where,
                remedy=f"let the gate of {document.stage} decide about this image",
            )
