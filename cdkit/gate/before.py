"""What answered a requirement for a release before: what this image is compared with."""

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.fact import Fact
from cdkit.gate.case import Case, Release
from cdkit.gate.policy import unsigned_by
from cdkit.gate.select import select
from cdkit.gate.subject import Request, is_of_kind, known_of


def facts_of(case: Case, release: Release) -> tuple[Fact, ...]:
    """Return the facts that spoke for a release, by the requirement of a case.

    Where a signature is asked those that have it count, if there are any: nobody lowers what this
    image is held against by an unsigned fact about another.
    """
    request = Request(
        image=release.image, key=release.key, stage=case.stage, replay=case.request.replay
    )
    of_kind = [fact for fact in release.facts if is_of_kind(fact, case.wanted.evidence)]
    signed = [
        fact for fact in of_kind if case.signers and not unsigned_by(case.signers, fact.signers)
    ]
    left_out = {id(fact) for fact in of_kind} - {id(fact) for fact in signed} if signed else set()
    facts = tuple(fact for fact in release.facts if id(fact) not in left_out)
    collected = Collected(facts=facts)
    known = known_of(request, collected, case.now)
    return select(case.wanted, request, collected, known, case.now).facts
