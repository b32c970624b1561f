"""The decision: a pure function of a policy, facts and the time. Closed unless all say yes."""

from collections.abc import Iterable
from datetime import datetime

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Answered, Evidence
from cdkit.core.finding import Location
from cdkit.core.verdict import Answer, Reason, cannot_tell, judge, no, yes
from cdkit.gate.approve import approved
from cdkit.gate.back import asks_for_a_schema, let_in, schema
from cdkit.gate.case import Case, Past
from cdkit.gate.compare import compared
from cdkit.gate.contracts import Ran, held
from cdkit.gate.decided import undecided
from cdkit.gate.explain import asked
from cdkit.gate.fit import unfit
from cdkit.gate.named import named
from cdkit.gate.numbers import bounds
from cdkit.gate.policy import (
    Policy,
    Requirement,
    asked_of_identities,
    required,
    stage_of,
)
from cdkit.gate.quarantine import expired, quarantined
from cdkit.gate.ruling import Ruling
from cdkit.gate.say import says
from cdkit.gate.select import Selected, missing_shards, select
from cdkit.gate.subject import Request, known_of, signed, trusted
from cdkit.gate.waive import Word, waived, words_of

__all__ = ["Past", "Ran", "Ruling", "decide"]

_MOST_REASONS = 50
"""Reasons that one fact may bring along; the rest are counted."""


def decide(
    request: Request,
    policy: Policy,
    collected: Collected,
    now: datetime,
    doubts: tuple[Reason, ...] = (),
    ran: Ran | None = None,
    past: Past | None = None,
) -> Ruling:
    """Decide whether an image may enter a stage, stay in it, or come back to it.

    `collected` holds the facts about the image and about what it is related to; `now` carries its
    zone; `doubts` are reasons why the policy or the records may be the change's own; `ran` is what
    runs where, for the contracts of migrations; `past` the releases before. Raises RequestError
    where the policy has no such stage.

    Yes takes a yes from every requirement of the stage and of those before it. A requirement is
    answered "cannot tell" by a fact that is missing, unreadable, unsigned where a signature is
    asked, of a replay, from the future, too old, of another source, incomplete, in contradiction
    with itself or with another.
    """
    signers = asked_of_identities(policy, request.stage, request.question)
    known = known_of(request, trusted(collected, signers), now)
    proved = known_of(request, signed(collected), now)

    def case(stage: str, wanted: Requirement) -> Case:
        return Case(
            wanted=wanted,
            stage=stage,
            policy=policy,
            request=request,
            known=known,
            proved=proved,
            now=now,
            ran=ran or Ran(),
            past=past or Past(),
        )

    if request.question == "return":
        stage_of(policy, request.stage)
        answered = _returning(case(request.stage, Requirement(evidence="identity")), collected)
    else:
        stay = request.question == "stay"
        cases = [case(*each) for each in required(policy, request.stage, stay=stay)]
        answered = _asking(cases, request, policy, collected, now)
        if collected.unreadable:
            answered.append(_closed("every record can be read", collected.unreadable))
    if doubts:
        answered.append(_closed("the change is not its own judge", doubts))
    reasons = [reason for one in answered for reason in one.reasons]
    return Ruling(verdict=judge(reasons), requirements=tuple(answered))


def _asking(
    cases: list[Case], request: Request, policy: Policy, collected: Collected, now: datetime
) -> list[Answered]:
    words = words_of(policy, collected.facts, request, now)
    answered = [_answer(one, collected, words) for one in cases]
    if not answered:
        answered.append(_requires_nothing(request))
    past = cases[0].past if cases else Past()
    if past.unreadable and any(one.looks_back for one in cases):
        answered.append(_closed("every record of what runs can be read", past.unreadable))
    return answered


def _returning(case: Case, collected: Collected) -> list[Answered]:
    """Answer what going back takes: no more than that it was here, and can live here still."""
    answered = [let_in(case, collected), _answer(case, collected)]
    if asks_for_a_schema(case.policy):
        answered.append(schema(case))
    return answered


def _closed(requirement: str, reasons: tuple[Reason, ...]) -> Answered:
    return Answered(requirement=requirement, answer=judge(reasons).answer, reasons=reasons)


def _requires_nothing(request: Request) -> Answered:
    verb = "stay in" if request.question == "stay" else "enter"
    reason = cannot_tell(
        f"the policy requires nothing to {verb} {request.stage}: nothing was examined",
        remedy=f"add what must be there to the stage {request.stage}"
        f"{'' if request.question == 'stay' else ' or one before it'}, such as `- evidence: unit`",
    )
    return _closed("the policy requires something", (reason,))


def _answer(case: Case, collected: Collected, words: tuple[Word, ...] = ()) -> Answered:
    """Answer a requirement; what a waiver covers hides nothing else that it asks."""
    selected = select(case.wanted, case.request, collected, case.known, case.now)
    doubts = [
        *_missing(case, selected),
        *unfit(case, selected),
        *undecided(case, selected.facts),
    ]
    reasons = waived(case, [*doubts, *_told(case, selected)], words)
    if selected.facts and all(reason.answer is Answer.YES for reason in reasons):
        reasons += waived(case, _beyond(case, selected), words)
    verdict = judge(reasons)
    return Answered(
        requirement=asked(case.stage, case.wanted),
        answer=verdict.answer,
        reasons=verdict.reasons,
        facts=tuple(fact.digest for fact in selected.facts),
    )


def _beyond(case: Case, selected: Selected) -> list[Reason]:
    """Return what a requirement asks beyond facts that count and say yes."""
    return [
        *bounds(case.wanted, selected, case.opening),
        *_contracts(case, selected.facts),
        *named(case, selected.facts),
        *compared(case, selected),
        *says(case, selected.facts),
        *approved(case, selected.facts),
    ]


def _contracts(case: Case, facts: tuple[Fact, ...]) -> list[Reason]:
    return held(case.wanted, facts, case.ran, case.request, case.now, case.signers)


def _missing(case: Case, selected: Selected) -> list[Reason]:
    """Return what should be there and is not."""
    kind = case.wanted.evidence
    if not selected.facts:
        what = f"there is no fact of the kind {kind} about this image"
        if case.wanted.stage:
            what = f"no gate was asked whether this image may enter {case.wanted.stage}"
        if selected.set_aside:
            what += f", only {selected.set_aside} that a replay of another time left"
        elif not case.known.tree and case.wanted.about == "any":
            what += ", and no identity names a clean source whose facts would count"
        return [cannot_tell(what, remedy=case.opening)]
    reasons = [
        cannot_tell(
            f"{kind}: nothing is known of the platform {platform}",
            remedy=f"{case.opening}, for that platform or for the whole image",
        )
        for platform in selected.platforms_missing
    ]
    reasons += [_left_behind(case, fact) for fact in selected.left_behind]
    for job, shards in missing_shards(selected.facts).items():
        which = ", ".join(map(str, shards[:20]))
        said = f"misses the shards {which}" if shards != (0,) else "disagrees on how many there are"
        reasons.append(
            cannot_tell(
                f"{kind}: the job {job or '(unnamed)'} was split, and {said}",
                remedy="run the shards that are missing, and let each leave its fact",
            )
        )
    return reasons


def _left_behind(case: Case, fact: Fact) -> Reason:
    origin = fact.document.origin
    return cannot_tell(
        f"{case.wanted.evidence}: the job {origin.job} did not say yes in the run {origin.run}, and"
        " was not run again since",
        where=Location(path=fact.where),
        remedy="run that job again as well, or the whole pipeline, and let each leave its fact",
    )


def _told(case: Case, selected: Selected) -> list[Reason]:
    """Return what the facts themselves say, their own files and lines kept."""
    reasons = [reason for fact in selected.facts for reason in _reasons(case, fact)]
    return [*reasons, *_retries(case, selected.retried)]


def _retries(case: Case, facts: Iterable[Fact]) -> list[Reason]:
    """Return what earlier attempts said: a pass after a failure is a flake, counted and shown."""
    failed = [
        failure.name
        for fact in facts
        if isinstance(fact.document, Evidence)
        for failure in fact.document.failures
    ]
    if not failed:
        return []
    names = ", ".join(dict.fromkeys(failed[:5]))
    return [yes(f"{case.wanted.evidence}: failed in an earlier attempt: {names}")]


def _reasons(case: Case, fact: Fact) -> list[Reason]:
    kind, verdict = case.wanted.evidence, fact.verdict
    if verdict is None:
        return [yes(f"{kind}: {_source_said(fact)}")]
    if covered := quarantined(case, fact):
        return covered
    speaks = verdict.answer is Answer.YES
    told = [_named(x, case) for x in verdict.reasons if (x.answer is Answer.YES) is speaks]
    kept = told[:_MOST_REASONS]
    if len(told) > len(kept):
        more = f"{kind}: {len(told) - len(kept)} more reasons stand in the fact"
        kept.append(_of_answer(verdict.answer, more, fact, case))
    if verdict.answer is Answer.NO:
        kept += [
            _of_answer(verdict.answer, f"{kind}: {x}", fact, case) for x in expired(case, [fact])
        ]
    if not any(reason.answer is verdict.answer for reason in kept):
        kept.append(
            _of_answer(verdict.answer, f"{kind}: the fact says {verdict.answer}", fact, case)
        )
    return kept


def _named(reason: Reason, case: Case) -> Reason:
    """Say of which kind of evidence a reason is, and what would open it."""
    kind = case.wanted.evidence
    what = reason.what if reason.what.startswith(f"{kind}:") else f"{kind}: {reason.what}"
    remedy = reason.remedy
    if reason.answer is not Answer.YES:
        remedy = f"{remedy}; then {case.opening}" if remedy else case.opening
    return Reason(
        answer=reason.answer, what=what, where=reason.where, remedy=remedy, rule=reason.rule
    )


def _of_answer(answer: Answer, what: str, fact: Fact, case: Case) -> Reason:
    where = Location(path=fact.where)
    match answer:
        case Answer.YES:
            return yes(what, where)
        case Answer.NO:
            return no(what, where=where, remedy=f"look at the fact; mend it, and {case.opening}")
        case Answer.CANNOT_TELL:
            return cannot_tell(what, where=where, remedy=f"look at the fact; {case.opening}")


def _source_said(fact: Fact) -> str:
    origin = fact.document.origin
    commit = getattr(fact.document, "commit", "") or origin.commit
    dirty = ", with changes that were not committed" if origin.dirty else ""
    return f"built from commit {commit[:12]}{dirty}" if commit else "known, its source is not"
