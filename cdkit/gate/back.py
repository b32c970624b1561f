"""Going back: what was let in before needs its identity and a schema that it can live with.

No age, no vulnerability found since and no exception that has ended holds up a roll-back: whatever
is wrong with the old release, it ran.
"""

from collections.abc import Iterable, Iterator

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Answered, Decision, Findings
from cdkit.core.finding import Location
from cdkit.core.verdict import Answer, Reason, cannot_tell, judge, no, yes
from cdkit.gate.before import signed_of
from cdkit.gate.case import Case, Release
from cdkit.gate.contracts import contracts_of
from cdkit.gate.policy import (
    Policy,
    Requirement,
    asked_of_kind,
    asking,
    environment_of,
    signers_told,
    unsigned_by,
)
from cdkit.gate.select import select
from cdkit.gate.subject import (
    SKEW,
    Request,
    counts_here,
    is_of_a_laptop,
    known_of,
    moment_of,
)

SCHEMA = Requirement(evidence="migrations")
_FIRST = "break the glass (`--break-glass INCIDENT`) if that cannot wait"


def let_in(case: Case, collected: Collected) -> Answered:
    """Answer whether a gate let this image into this stage before, by its own decision."""
    found = [fact for fact in collected.facts if _lets_in(case, fact)]
    if found:
        last = max(found, key=lambda fact: fact.document.origin.recorded_at)
        at = last.document.origin.recorded_at
        reason = yes(f"it was let into {case.stage} before, at {at}", Location(path=last.where))
    else:
        reason = cannot_tell(
            f"no decision says that this image was let into {case.stage} before",
            remedy=f"ask whether it may enter, without `--roll-back`; or {_FIRST}",
        )
    return _answered(f"let in before ({case.stage})", [reason], found[:1])


def _lets_in(case: Case, fact: Fact) -> bool:
    """Whether a fact is a decision that let the image in by the policy, not by force."""
    document, moment = fact.document, moment_of(fact)
    asked = asked_of_kind(case.policy, "decision", case.stage)
    return (
        isinstance(document, Decision)
        and counts_here(fact, case.request, case.now)
        and moment is not None
        and moment <= case.now + SKEW
        and document.verdict.answer is Answer.YES
        and document.stage == case.stage
        and document.question in {"enter", "return"}
        and not document.incident
        and not is_of_a_laptop(fact, case.request)
        and document.image.endswith(f"@{case.request.key}")
        and case.request.key in fact.keys
        and not unsigned_by(asked, fact.signers)
    )


def asks_for_a_schema(policy: Policy) -> bool:
    """Whether anything in a policy asks about migrations: a service without a database does not."""
    return SCHEMA.evidence in (one.evidence for one in asking(policy))


def schema(case: Case) -> Answered:
    """Answer whether the image can live with what the releases after it did to the schema.

    Each release since must have been compatible with the one before it, which its own fact says.
    What a contract of theirs took away must be unused by this image: its commit must contain the
    release that stopped using it.
    """
    environment = environment_of(case.policy, case.stage)
    reasons = list(case.past.unreadable)
    if not case.past.known:
        reasons.append(
            cannot_tell(
                f"no record says what was deployed to {environment} since this image",
                remedy=f"record what runs there: `cdkit emit-event --environment {environment}`;"
                f" or {_FIRST}",
            )
        )
    elif not case.past.since:
        reasons.append(yes(f"nothing was deployed to {environment} since this image"))
    for release in case.past.since:
        reasons += _lived(case, release)
    return _answered(f"the schema, as it is now ({environment})", reasons, ())


def _lived(case: Case, release: Release) -> Iterator[Reason]:
    request = Request(
        image=release.image, key=release.key, stage=case.stage, replay=case.request.replay
    )
    asked = asked_of_kind(case.policy, SCHEMA.evidence)
    collected = Collected(facts=signed_of(release, SCHEMA.evidence, asked))
    known = known_of(request, collected, case.now)
    facts = select(SCHEMA, request, collected, known, case.now).facts
    name = f"the release {release.key[:19]}… of {release.deployed_at}"
    if not facts:
        yield cannot_tell(
            f"no fact says what {name} did to the schema",
            remedy=f"`cdkit lint-migrations` in its checkout; or {_FIRST}",
        )
    for fact in facts:
        if missing := unsigned_by(asked, fact.signers):
            yield cannot_tell(
                f"what {name} did to the schema is not signed by {signers_told(missing)}",
                where=Location(path=fact.where),
                remedy=f"record it again in a job that signs: `cdkit lint-migrations`; or {_FIRST}",
            )
        elif fact.verdict and fact.verdict.answer is Answer.YES:
            yield yes(f"{name} left the schema compatible", Location(path=fact.where))
        else:
            yield _broke(name, fact)
    yield from _contracts(case, name, facts)


def _broke(name: str, fact: Fact) -> Reason:
    answer = fact.verdict.answer if fact.verdict else Answer.CANNOT_TELL
    reasons = fact.verdict.reasons if fact.verdict else ()
    why = next((reason for reason in reasons if reason.answer is answer), None)
    what = f"{name}: {why.what}" if why else f"{name}: its fact says {answer.value}"
    where = Location(path=fact.where)
    remedy = f"go forward with a fix, or take the migration back by its way back; or {_FIRST}"
    if answer is Answer.NO:
        return no(what, where=where, remedy=remedy)
    return cannot_tell(what, where=where, remedy=remedy)


def _contracts(case: Case, name: str, facts: Iterable[Fact]) -> Iterator[Reason]:
    for contract in contracts_of(facts):
        gone = ", ".join(contract.objects[:3])
        contains = case.ran.contains.get((contract.commit, case.known.commit))
        if not contract.commit or not case.known.commit or contains is None:
            yield cannot_tell(
                f"{name} took away {gone}, and nobody can tell whether this image uses it still",
                where=contract.where,
                remedy=f"ask in a checkout with the whole history; or {_FIRST}",
            )
        elif contains:
            yield yes(f"{name} took away {gone}, which this image does not use")
        else:
            yield no(
                f"{name} took away {gone}, which this image still uses: it is older than"
                f" {contract.release}",
                where=contract.where,
                remedy="go back to a release that contains it, or forward with a fix",
            )


def schema_facts(past: Iterable[Release]) -> tuple[Fact, ...]:
    """Return the facts about migrations of releases, whose contracts git is asked about."""
    return tuple(
        fact for release in past for fact in release.facts if isinstance(fact.document, Findings)
    )


def _answered(requirement: str, reasons: list[Reason], facts: Iterable[Fact]) -> Answered:
    verdict = judge(reasons)
    return Answered(
        requirement=requirement,
        answer=verdict.answer,
        reasons=verdict.reasons,
        facts=tuple(fact.digest for fact in facts),
    )
