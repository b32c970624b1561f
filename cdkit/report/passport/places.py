"""The part of the passport on where the image runs, and where it ran before."""

from cdkit.core.documents.dossier import Dossier, Stay
from cdkit.report.passport.markup import Markup, element, joined, section, table
from cdkit.report.passport.pieces import NONE, image, plural, run, tag, to_fact, when

_HEAD = ("environment", "service", "since", "until", "before it", "after it", "run", "let in by")


def places(dossier: Dossier) -> Markup:
    """Return where it runs now, then each earlier stay, newest first."""
    known = frozenset(fact.digest for fact in dossier.facts)
    now = [stay for stay in dossier.stays[::-1] if not stay.until]
    before = [stay for stay in dossier.stays[::-1] if stay.until]
    note = ""
    if dossier.replayed:
        told = plural(dossier.replayed, "deployment was", "deployments were")
        note = f"{told} only replayed, and do not count."
    if not dossier.stays:
        told = "No record says that it was deployed."
        return section("deployments", "Deployments", element("p", told, class_="empty"), note=note)
    rows = [_row(stay, known) for stay in (*now, *before)]
    return section("deployments", "Deployments", table("Deployments", _HEAD, rows), note=note)


def _row(stay: Stay, known: frozenset[str]) -> tuple[str, ...]:
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
        to_fact("decision", deployment.decision, known) if deployment.decision else "not said",
    )


def _by(stay: Stay) -> Markup:
    origin = stay.deployment.origin
    who = [" by ", origin.actor] if origin.actor else []
    return joined([run(origin), *who])
