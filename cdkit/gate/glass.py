"""Breaking the glass: a person opens the gate for one image, for some hours, and says why.

It works with the registry, the signer and the policy out of reach, since that is when it is
needed. Who did it, for which incident and what was not answered stand in the decision, which
`cdkit audit` lists until somebody has reviewed it.
"""

import re
from datetime import datetime, timedelta

from msgspec import Struct, structs

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.kinds import Answered, Decision
from cdkit.core.verdict import Answer, Reason, cannot_tell, judge, yes
from cdkit.gate.policy import BreakGlass, Policy
from cdkit.gate.ruling import Ruling
from cdkit.gate.subject import (
    SKEW,
    UNVOUCHED,
    Request,
    counts_here,
    is_a_machine,
    moment_of,
)

_INCIDENT = re.compile(r"\S(.{0,198}\S)?", re.ASCII)


class Breaker(Struct, frozen=True, kw_only=True):
    """Who wants to break the glass, and for which incident, as the CI system says.

    `is_of_a_change` is true where a change that nobody merged runs: it may have written this
    itself.
    """

    incident: str
    actor: str = ""
    system: str = ""
    is_of_a_change: bool = False


class Broken(Struct, frozen=True, kw_only=True):
    """A ruling after somebody tried to break the glass; `until` is empty where that failed."""

    ruling: Ruling
    until: datetime | None = None


def broken(
    ruling: Ruling,
    policy: Policy,
    breaker: Breaker,
    request: Request,
    collected: Collected,
    now: datetime,
) -> Broken:
    """Return a ruling that is open by force; or shut, with why the person could not open it."""
    terms = policy.break_glass or BreakGlass()
    began = _began(breaker, request, collected, now) or now
    until = began + timedelta(hours=terms.hours)
    reasons = _refusals(terms, breaker, until, now)
    if reasons:
        answered = _answered(reasons)
        told = [reason for one in (*ruling.requirements, answered) for reason in one.reasons]
        ruling = Ruling(verdict=judge(told), requirements=(*ruling.requirements, answered))
        return Broken(ruling=ruling)
    shut = [one for one in ruling.requirements if one.answer is not Answer.YES]
    opened = yes(
        f"{breaker.actor} broke the glass for {breaker.incident}, until"
        f" {until.isoformat(timespec='seconds')}: {len(shut)} of {len(ruling.requirements)}"
        " requirements are not answered with yes"
    )
    verdict = structs.replace(judge([opened]), answer=Answer.YES)
    requirements = (*ruling.requirements, _answered([opened]))
    return Broken(ruling=Ruling(verdict=verdict, requirements=requirements), until=until)


def _answered(reasons: list[Reason]) -> Answered:
    verdict = judge(reasons)
    return Answered(
        requirement="the glass was broken", answer=verdict.answer, reasons=verdict.reasons
    )


def _refusals(terms: BreakGlass, breaker: Breaker, until: datetime, now: datetime) -> list[Reason]:
    what = remedy = ""
    if not _INCIDENT.fullmatch(breaker.incident):
        what = f"{breaker.incident[:80]!r} names no incident"
        remedy = "give the incident's number or address"
    elif breaker.system in UNVOUCHED or not breaker.actor:
        what = "nobody vouches for who breaks the glass here"
        remedy = "do it in a CI job that a person started, such as a workflow_dispatch"
    elif is_a_machine(breaker.actor):
        what = f"{breaker.actor} is no person"
        remedy = "let a person start the job"
    elif breaker.is_of_a_change:
        what = "a change that is not merged breaks no glass"
        remedy = "start the job on the default branch"
    elif terms.hours <= 0:
        what, remedy = "the policy lets nobody break the glass", "mend what keeps the gate shut"
    elif terms.by and breaker.actor.casefold() not in {who.casefold() for who in terms.by}:
        what = f"{breaker.actor} may not break the glass"
        remedy = f"ask one of: {', '.join(terms.by)}"
    elif until <= now:
        what = f"the glass was broken for {breaker.incident} already, until {until.isoformat()}"
        remedy = "open another incident, or mend what keeps the gate shut"
    return [cannot_tell(what, remedy=remedy)] if what else []


def _began(
    breaker: Breaker, request: Request, collected: Collected, now: datetime
) -> datetime | None:
    """Return when the glass was first broken for this incident and image, by the facts."""
    moments = [
        moment
        for fact in collected.facts
        if isinstance(fact.document, Decision)
        and fact.document.incident == breaker.incident
        and counts_here(fact, request, now)
        and (moment := moment_of(fact)) is not None
        and moment <= now + SKEW
    ]
    return min(moments, default=None)
