"""The decision: a pure function of a policy, facts and the time. Closed unless all say yes."""

from datetime import datetime

from msgspec import Struct

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Answered, Evidence
from cdkit.core.finding import Location
from cdkit.core.verdict import Answer, Reason, Verdict, cannot_tell, judge, no, yes
from cdkit.gate.contracts import Ran, held
from cdkit.gate.explain import asked, opening
from cdkit.gate.numbers import bounds
from cdkit.gate.policy import Policy, Requirement, age_of, required
from cdkit.gate.select import Selected, disagreeing, missing_shards, select
from cdkit.gate.subject import SKEW, Known, Request, known_of, moment_of

_MOST_REASONS = 50
"""Reasons that one fact may bring along; the rest are counted."""


class Ruling(Struct, frozen=True, kw_only=True):
    """The answer of the gate, and of each requirement by itself."""

    verdict: Verdict
    requirements: tuple[Answered, ...]


class _Case(Struct, frozen=True, kw_only=True):
    """One requirement with all that is needed to answer it."""

    wanted: Requirement
    request: Request
    known: Known
    now: datetime
    ran: Ran

    @property
    def opening(self) -> str:
        return opening(self.wanted.evidence, self.request.image)


def decide(
    request: Request,
    policy: Policy,
    collected: Collected,
    now: datetime,
    doubts: tuple[Reason, ...] = (),
    ran: Ran | None = None,
) -> Ruling:
    """Decide whether an image may enter a stage.

    `collected` holds the facts about the image and about what it is related to; `now` carries its
    zone; `doubts` are reasons why the policy itself may not count; `ran` is what runs where, for
    the contracts of migrations. Raises RequestError where the policy has no such stage.

    Yes takes a yes from every requirement of the stage and of those before it. A requirement is
    answered "cannot tell" by a fact that is missing, unreadable, of a replay, from the future, too
    old, of another source, incomplete, in contradiction with itself or with another.
    """
    known = known_of(request, collected, now)
    answered = [
        _answer(
            asked(stage, wanted),
            _Case(wanted=wanted, request=request, known=known, now=now, ran=ran or Ran()),
            collected,
        )
        for stage, wanted in required(policy, request.stage)
    ]
    if not answered:
        answered.append(_requires_nothing(request))
    if collected.unreadable:
        answered.append(_closed("every record can be read", collected.unreadable))
    if doubts:
        answered.append(_closed("the policy counts", doubts))
    reasons = [reason for one in answered for reason in one.reasons]
    return Ruling(verdict=judge(reasons), requirements=tuple(answered))


def _closed(requirement: str, reasons: tuple[Reason, ...]) -> Answered:
    return Answered(requirement=requirement, answer=judge(reasons).answer, reasons=reasons)


def _requires_nothing(request: Request) -> Answered:
    reason = cannot_tell(
        f"the policy requires nothing to enter {request.stage}: nothing was examined",
        remedy=f"add what must be there to the stage {request.stage} or one before it, such as "
        "`- evidence: unit`",
    )
    return _closed("the policy requires something", (reason,))


def _answer(requirement: str, case: _Case, collected: Collected) -> Answered:
    selected = select(case.wanted, case.request, collected, case.known, case.now)
    doubts = [*_missing(case, selected), *_unfit(case, selected)]
    reasons = [*doubts, *_told(case, selected)]
    if not any(reason.answer is not Answer.YES for reason in reasons):
        reasons += bounds(case.wanted, selected.facts, case.opening)
        reasons += held(case.wanted, selected.facts, case.ran, case.request, case.now)
    return Answered(
        requirement=requirement,
        answer=judge(reasons).answer,
        reasons=judge(reasons).reasons,
        facts=tuple(fact.digest for fact in selected.facts),
    )


def _missing(case: _Case, selected: Selected) -> list[Reason]:
    """Return what should be there and is not."""
    kind = case.wanted.evidence
    if not selected.facts:
        what = f"there is no fact of the kind {kind} about this image"
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


def _unfit(case: _Case, selected: Selected) -> list[Reason]:
    """Return why facts that are there may not be counted."""
    kind = case.wanted.evidence
    reasons = [
        cannot_tell(
            f"{kind}: says {_answer_of(fact)}, and another fact of the same run and attempt"
            " says otherwise",
            where=Location(path=fact.where),
            remedy=f"find out which is right; then {case.opening} in a new run",
        )
        for fact in disagreeing(selected.facts)
    ]
    for fact in selected.facts:
        reasons += _unsigned(case, fact)
        reasons += _wrong_time(case, fact)
        reasons += _wrong_source(case, fact)
        reasons += _contradiction(case, fact)
    return reasons


def _unsigned(case: _Case, fact: Fact) -> list[Reason]:
    """Return why a fact that nobody of those signed who must have does not count."""
    wanted = case.wanted.signed_by
    if not wanted or set(wanted) & set(fact.signers):
        return []
    found = f"signed by {', '.join(fact.signers)}" if fact.signers else "not signed"
    return [
        cannot_tell(
            f"{case.wanted.evidence}: is {found}, and the policy wants {' or '.join(wanted)}",
            where=Location(path=fact.where),
            remedy=f"{case.opening} in the job that signs",
        )
    ]


def _wrong_time(case: _Case, fact: Fact) -> list[Reason]:
    kind, moment, at = case.wanted.evidence, moment_of(fact), fact.document.origin.recorded_at
    where = Location(path=fact.where)
    if moment is None:
        what = f"{kind}: was recorded at {at[:40]!r}, which is no time with a zone"
        return [cannot_tell(what, where=where, remedy=case.opening)]
    if moment > case.now + SKEW:
        return [
            cannot_tell(
                f"{kind}: was recorded at {at}, in the future",
                where=where,
                remedy=f"set the clock of the machine that recorded it, or of this one; then "
                f"{case.opening}",
            )
        ]
    if case.wanted.max_age and case.now - moment > age_of(case.wanted.max_age):
        what = f"{kind}: was recorded at {at}, more than {case.wanted.max_age} ago"
        return [cannot_tell(what, where=where, remedy=f"{case.opening} again")]
    return []


def _wrong_source(case: _Case, fact: Fact) -> list[Reason]:
    """Hold the source that a fact was found out on against the one the image was built from."""
    wanted, tree, origin = case.wanted, case.known.tree, fact.document.origin
    if wanted.same_source is False or (wanted.same_source is None and wanted.about == "image"):
        return []
    where = Location(path=fact.where)
    if not tree or not origin.tree:
        if not wanted.same_source:
            return []
        whose = "the fact does not say on which source it was found out"
        if not tree:
            whose = "the image's identity does not say from which source it was built"
        remedy = "let the step run in a clean git checkout"
        return [cannot_tell(f"{wanted.evidence}: {whose}", where=where, remedy=remedy)]
    if origin.tree == tree and not origin.dirty:
        return []
    found = "with changes that were not committed" if origin.dirty else f"tree {origin.tree[:12]}"
    return [
        cannot_tell(
            f"{wanted.evidence}: was found out on another source ({found}) than the image was"
            f" built from (tree {tree[:12]})",
            where=where,
            remedy=f"check out the commit that the image was built from and {case.opening}; where"
            " the tests live elsewhere on purpose, the policy can say `same-source: false`",
        )
    ]


def _contradiction(case: _Case, fact: Fact) -> list[Reason]:
    """Return how a fact that says yes contradicts itself: nobody believes such a yes."""
    verdict, document = fact.verdict, fact.document
    if verdict is None or verdict.answer is not Answer.YES:
        return []
    what = ""
    if any(reason.answer is not Answer.YES for reason in verdict.reasons):
        what = "says yes, and gives reasons against it"
    elif isinstance(document, Evidence) and document.counts:
        counts = document.counts
        if counts.failed + counts.errors or document.failures:
            what = "says yes, and counts failed tests"
        elif min(counts.executed, counts.passed) <= 0:
            what = "says yes, and no test was executed"
    remedy = f"do not trust whoever wrote it; {case.opening}"
    where = Location(path=fact.where)
    return [cannot_tell(f"{case.wanted.evidence}: {what}", where=where, remedy=remedy)] * bool(what)


def _told(case: _Case, selected: Selected) -> list[Reason]:
    """Return what the facts themselves say, their own files and lines kept."""
    return [reason for fact in selected.facts for reason in _reasons(case, fact)]


def _reasons(case: _Case, fact: Fact) -> list[Reason]:
    kind, verdict = case.wanted.evidence, fact.verdict
    if verdict is None:
        return [yes(f"{kind}: {_source_said(fact)}")]
    told = [_named(reason, case) for reason in verdict.reasons if reason.answer == verdict.answer]
    kept = told[:_MOST_REASONS]
    if len(told) > len(kept):
        more = f"{kind}: {len(told) - len(kept)} more reasons stand in the fact"
        kept.append(_of_answer(verdict.answer, more, fact, case))
    if kept:
        return kept
    return [_of_answer(verdict.answer, f"{kind}: the fact says {verdict.answer}", fact, case)]


def _named(reason: Reason, case: _Case) -> Reason:
    """Say of which kind of evidence a reason is, and what would open it."""
    kind = case.wanted.evidence
    what = reason.what if reason.what.startswith(f"{kind}:") else f"{kind}: {reason.what}"
    remedy = reason.remedy
    if reason.answer is not Answer.YES:
        remedy = f"{remedy}; then {case.opening}" if remedy else case.opening
    return Reason(
        answer=reason.answer, what=what, where=reason.where, remedy=remedy, rule=reason.rule
    )


def _of_answer(answer: Answer, what: str, fact: Fact, case: _Case) -> Reason:
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


def _answer_of(fact: Fact) -> str:
    return fact.verdict.answer.value if fact.verdict else "yes"
