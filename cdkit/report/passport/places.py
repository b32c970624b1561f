"""The part of the passport on where the image runs, and where it ran before."""

from cdkit.core.documents.dossier import Dossier, Stay
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Decision, Deployment
from cdkit.core.verdict import Answer
from cdkit.report.web.markup import Markup, element, joined, section, table
from cdkit.report.web.pieces import (
    NONE,
    image,
    moment_of,
    plural,
    run,
    short,
    tag,
    to_fact,
    verdict,
    when,
)

_HEAD = ("environment", "service", "since", "until", "before it", "after it", "run", "let in by")


def places(dossier: Dossier) -> Markup:
    """Return where it runs now, then each earlier stay, newest first."""
    now = [stay for stay in dossier.stays[::-1] if not stay.until]
    before = [stay for stay in dossier.stays[::-1] if stay.until]
    note = ""
    if dossier.replayed:
        told = plural(dossier.replayed, "deployment")
        note = f"Only replayed, and so not counted: {told}."
    if not dossier.stays:
        told = "No record says that it was deployed."
        return section("deployments", "Deployments", element("p", told, class_="empty"), note=note)
    rows = [_row(stay, dossier) for stay in (*now, *before)]
    return section("deployments", "Deployments", table("Deployments", _HEAD, rows), note=note)


def _row(stay: Stay, dossier: Dossier) -> tuple[str, ...]:
    deployment = stay.deployment
    until = when(stay.until) if stay.until else tag("runs now", "yes")
    after = image(stay.after) if stay.after else ("taken out" if stay.until else NONE)
    return (
        deployment.environment,
        deployment.service,
        when(deployment.origin.recorded_at),
        until,
        image(stay.before) if stay.before else "nothing",
        after,
        _by(stay),
        _let_in_by(deployment, dossier.facts),
    )


def _by(stay: Stay) -> Markup:
    origin = stay.deployment.origin
    who = [" by ", origin.actor] if origin.actor else []
    return joined([run(origin), *who])


def _let_in_by(deployment: Deployment, facts: tuple[Fact, ...]) -> Markup:
    """Return the decision that a deployment names, else the last one before it that opened."""
    known = {fact.digest: fact.document for fact in facts if isinstance(fact.document, Decision)}
    if deployment.decision:
        return _named(deployment.decision, known.get(deployment.decision))
    opened = [
        fact.digest
        for fact in facts
        if isinstance(fact.document, Decision) and _opened(fact.document, deployment)
    ]
    if not opened:
        return tag("no decision", "warn")
    return to_fact("decision", opened[-1], frozenset(opened))


def _named(digest: str, decision: Decision | None) -> Markup:
    if decision is None:
        return joined([short(digest), " ", tag("not in the records", "warn")])
    told = to_fact("decision", digest, frozenset({digest}))
    if decision.verdict.answer is Answer.YES:
        return told
    return joined([told, " ", verdict(decision.verdict.answer)])


def _opened(decision: Decision, deployment: Deployment) -> bool:
    """Whether a decision opened the gate to where this deployment went, before it."""
    at = moment_of(deployment.origin.recorded_at)
    moment = moment_of(decision.origin.recorded_at)
    ended = moment_of(decision.until)
    return (
        decision.verdict.answer is Answer.YES
        and decision.origin.replay is None
        and decision.question != "stay"
        and deployment.environment in {decision.stage, decision.environment} - {""}
        and moment is not None
        and at is not None
        and moment <= at
        and not (decision.incident and ended is not None and ended < at)
    )
