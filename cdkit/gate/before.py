"""What answered a requirement for a release before: what this image is compared with."""

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.fact import Fact
from cdkit.gate.case import Case, Release
from cdkit.gate.policy import SignerLists, unsigned_by
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
    collected = Collected(facts=signed_of(release, case.wanted.evidence, case.signers))
    known = known_of(request, collected, case.now)
    return select(case.wanted, request, collected, known, case.now).facts


def signed_of(release: Release, kind: str, asked: SignerLists) -> tuple[Fact, ...]:
    """Return the facts about a release; of those of a kind the signed ones, if there are any."""
    of_kind = [fact for fact in release.facts if is_of_kind(fact, kind)]
    unsigned = {id(fact) for fact in of_kind if unsigned_by(asked, fact.signers)}
    if len(unsigned) == len(of_kind):
        return release.facts
    return tuple(fact for fact in release.facts if id(fact) not in unsigned)
