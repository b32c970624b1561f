"""Waivers: a requirement that need not be kept for a while, on somebody's word.

They stand in the policy, which the change under judgement cannot alter, or are facts that a person
left in a CI job, whom the CI system vouches for and the policy names in `may-waive`. One that has
ended counts no more; the identity of an image is never waived.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

from msgspec import Struct, structs

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Waiver
from cdkit.core.finding import Location
from cdkit.core.verdict import Answer, Reason, yes
from cdkit.gate.case import Case
from cdkit.gate.policy import Policy, SignerLists, signers_told, unsigned_by
from cdkit.gate.read import day_of
from cdkit.gate.subject import SKEW, UNVOUCHED, Request, counts_here, moment_of


class Word(Struct, frozen=True, kw_only=True):
    """A waiver, wherever it stood.

    `signers` are those of a fact: it waives nothing that asks for a signature which it has not.
    None stands for one that the policy itself holds.
    """

    evidence: str
    rule: str
    stage: str
    reason: str
    owner: str
    expires: date
    where: Location | None = None
    signers: tuple[str, ...] | None = None


def words_of(
    policy: Policy, facts: Iterable[Fact], request: Request, now: datetime
) -> tuple[Word, ...]:
    """Return the waivers that speak of this image, those that have ended among them."""
    written = [
        Word(
            evidence=one.evidence,
            rule=one.rule,
            stage=one.stage,
            reason=one.reason,
            owner=one.owner,
            expires=day,
        )
        for one in policy.waivers
        if one.image in {"", request.key} and (day := day_of(one.expires)) is not None
    ]
    return (*written, *_left(policy, facts, request, now))


def _left(policy: Policy, facts: Iterable[Fact], request: Request, now: datetime) -> Iterator[Word]:
    for fact, document in _about(facts, request, now):
        day = day_of(document.expires)
        if day is None or not _may(policy, document):
            continue
        yield Word(
            evidence=document.requirement,
            rule=document.rule,
            stage=document.stage,
            reason=document.reason,
            owner=document.origin.actor,
            expires=day,
            where=Location(path=fact.where),
            signers=fact.signers,
        )


def _about(facts: Iterable[Fact], request: Request, now: datetime) -> Iterator[tuple[Fact, Waiver]]:
    """Yield the waivers that were left for this image by now."""
    for fact in facts:
        document, moment = fact.document, moment_of(fact)
        if not isinstance(document, Waiver) or not counts_here(fact, request, now):
            continue
        if request.key not in fact.keys or not document.image.endswith(f"@{request.key}"):
            continue
        if moment is not None and moment <= now + SKEW:
            yield fact, document


def _may(policy: Policy, waiver: Waiver) -> bool:
    """Whether the policy names who left a waiver, and a CI system vouches for that."""
    may = {who.casefold() for who in policy.may_waive} - {""}
    origin = waiver.origin
    return origin.system not in UNVOUCHED and origin.actor.casefold() in may


def idle(policy: Policy, facts: Iterable[Fact], request: Request, now: datetime) -> Iterator[str]:
    """Say which waivers and quarantines that have not ended excuse nothing, and why."""
    today = now.astimezone(UTC).date()

    def holds(expires: str) -> bool:
        return (day := day_of(expires)) is not None and day >= today

    for waiver in policy.waivers:
        if holds(waiver.expires) and (why := _unasked(policy, waiver.evidence, waiver.stage)):
            yield f"the waiver of {waiver.owner} for {waiver.evidence!r} excuses nothing: {why}"
    for kept in policy.quarantine:
        if holds(kept.expires) and kept.evidence and (why := _unasked(policy, kept.evidence)):
            yield f"the quarantine of {kept.test!r} in {kept.evidence!r} excuses nothing: {why}"
    for _, left in _about(facts, request, now):
        who = left.origin.actor
        why = _unasked(policy, left.requirement, left.stage)
        if not _may(policy, left):
            why = f"the policy does not name {who} in `may-waive`"
        if why and holds(left.expires):
            yield f"the waiver that {who} left for {left.requirement!r} excuses nothing: {why}"


def _unasked(policy: Policy, kind: str, stage: str = "") -> str:
    """Say what is asked for where no stage, or not this one, asks for a kind; else nothing."""
    asked = {(at.name, one.evidence) for at in policy.stages for one in (*at.enter, *at.stay)}
    kinds = sorted({one for at, one in asked if stage in {"", at}})
    if kind in kinds:
        return ""
    return f"{stage or 'the policy'} asks for {', '.join(kinds) or 'nothing'}"


def waived(case: Case, reasons: Iterable[Reason], words: tuple[Word, ...]) -> list[Reason]:
    """Return reasons with those that a waiver covers turned into a yes that says so."""
    mine = [
        word
        for word in words
        if word.evidence == case.wanted.evidence and word.stage in {"", case.stage}
    ]
    if not mine or case.wanted.evidence == "identity":
        return list(reasons)
    return [_covered(reason, mine, case.today, case.signers) for reason in reasons]


def _missing(word: Word, asked: SignerLists) -> SignerLists:
    """Return of whose signatures a waiver has none; one that the policy holds needs none."""
    return () if word.signers is None else unsigned_by(asked, word.signers)


def _covered(reason: Reason, words: list[Word], today: date, asked: SignerLists) -> Reason:
    if reason.answer is Answer.YES:
        return reason
    told = [word for word in words if word.rule in {"", reason.rule}]
    fitting = [word for word in told if not _missing(word, asked)]
    holding = [word for word in fitting if word.expires >= today]
    if holding:
        word = holding[0]
        return yes(
            f"{reason.what}: waived until {word.expires} ({word.owner}: {word.reason})",
            reason.where or word.where,
        )
    if not told:
        return reason
    word = max(fitting or told, key=lambda one: one.expires)
    why = f"ended on {word.expires}"
    if not fitting:
        why = f"is not signed by {signers_told(_missing(word, asked))}"
    return structs.replace(reason, what=f"{reason.what} (the waiver of {word.owner} {why})")
