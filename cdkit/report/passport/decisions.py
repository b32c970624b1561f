"""The part of the passport on what gates decided, and on the people who stood for it."""

from collections.abc import Iterator

from cdkit.core.documents.dossier import Dossier
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Answered, Decision, PolicySource
from cdkit.core.verdict import Answer
from cdkit.report.web.markup import (
    NOTHING,
    Markup,
    disclosure,
    element,
    joined,
    section,
    table,
)
from cdkit.report.web.pieces import (
    is_ahead,
    number,
    reasons,
    run,
    short,
    tag,
    to_fact,
    verdict,
    when,
)

_MOST = 50
_OPEN = 3
"""Decisions whose requirements are shown at once; those of older ones are folded away."""
_QUESTIONS = {"enter": "May it enter", "stay": "May it stay in", "return": "May it return to"}


def decisions(dossier: Dossier) -> Markup:
    """Return every decision, newest first, with its requirements and what answered them."""
    found = [fact for fact in dossier.facts[::-1] if isinstance(fact.document, Decision)]
    if not found:
        return section(
            "decisions", "Decisions", element("p", "No gate has decided about it.", class_="empty")
        )
    kinds = {fact.digest: fact.kind for fact in dossier.facts}
    note = f"The newest {_MOST} of {number(len(found))}." if len(found) > _MOST else ""
    shown = [
        _decision(fact, fact.document, kinds, folded=place >= _OPEN, dossier=dossier)
        for place, fact in enumerate(found[:_MOST])
        if isinstance(fact.document, Decision)
    ]
    return section("decisions", "Decisions", *shown, note=note)


def _decision(
    fact: Fact, document: Decision, kinds: dict[str, str], *, folded: bool, dossier: Dossier
) -> Markup:
    asked = _QUESTIONS.get(document.question, "May it pass")
    heading = element(
        "h3", f"{asked} {document.stage}?", verdict(document.verdict.answer),
        *_marks(document, dossier),
    )  # fmt: skip
    who = document.origin.actor
    asked_by = f", asked by {who}" if who else ""
    line = [when(document.origin.recorded_at), ", ", run(document.origin), asked_by]
    requirements = _requirements(document, kinds)
    summary = f"{len(document.requirements)} requirements"
    return element(
        "article",
        element(
            "header",
            heading,
            element("p", *line, class_="note"),
            element("p", *_policy(document.policy), class_="note"),
            _force(document),
            _apart(document),
        ),
        disclosure(summary, requirements) if folded else requirements,
        class_="card decision",
        aria_label=f"{document.stage}: {document.verdict.answer.value}, {fact.digest[7:19]}",
    )


def _marks(document: Decision, dossier: Dossier) -> Iterator[Markup]:
    if document.incident:
        yield tag("opened by force", "warn")
    if document.origin.replay is not None:
        yield tag("replay", "warn")
    if is_ahead(document.origin.recorded_at, dossier.at):
        yield tag("from the future", "warn")


def _force(document: Decision) -> Markup:
    """Say who opened the gate against the policy, for which incident, until when."""
    if not document.incident:
        return NOTHING
    until = joined([", until ", when(document.until)]) if document.until else ""
    who = document.origin.actor or "nobody known"
    return element("p", f"Break-glass by {who} for incident {document.incident}", until)


def _apart(document: Decision) -> Markup:
    """Return the reasons that stand by no requirement, such as doubts about the policy."""
    of_requirements = {reason for one in document.requirements for reason in one.reasons}
    apart = tuple(
        reason
        for reason in document.verdict.reasons
        if reason not in of_requirements and reason.answer is not Answer.YES
    )
    return reasons(apart)


def _policy(policy: PolicySource) -> Iterator[str]:
    yield f"Policy {policy.where}"
    if policy.revision:
        yield joined([" at ", short(policy.revision)])
    yield joined([", ", short(policy.digest)])
    if not policy.protected and policy.where:
        yield joined([" ", tag("not from a protected branch", "warn")])
    if policy.extends is not None:
        yield ", which adds to "
        yield from _policy(policy.extends)


def _requirements(document: Decision, kinds: dict[str, str]) -> Markup:
    rows = [_requirement(one, kinds) for one in document.requirements]
    if not rows:
        return element("p", "It answers no requirement.", class_="empty")
    caption = f"What {document.stage} takes, decided {document.origin.recorded_at}"
    return table(caption, ("requirement", "answer", "why", "answered by"), rows)


def _requirement(one: Answered, kinds: dict[str, str]) -> tuple[str, ...]:
    deciding = tuple(reason for reason in one.reasons if reason.answer is one.answer)
    known = frozenset(kinds)
    by = [to_fact(kinds.get(digest, ""), digest, known) for digest in one.facts[:20]]
    return (
        one.requirement,
        verdict(one.answer),
        reasons(deciding, bare=True),
        joined(by, ", ") if by else element("span", "no fact", class_="note"),
    )
