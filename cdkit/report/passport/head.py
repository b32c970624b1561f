"""The top of the passport: what it is of, and the four things that people look for first."""

from collections.abc import Iterator

from cdkit.core.documents.dossier import Dossier
from cdkit.core.documents.kinds import Decision, Evidence, Findings, Identity
from cdkit.core.verdict import Answer
from cdkit.report.web.markup import NOTHING, Markup, element, joined
from cdkit.report.web.pieces import code, is_ahead, plural, verdict, when


def head(dossier: Dossier) -> Markup:
    """Return the name of the image, a summary, and warnings that must not be missed."""
    repository = dossier.image.rpartition("@")[0]
    return element(
        "header",
        element("p", "Image passport", class_="eyebrow"),
        element("h1", repository or "An image without a name"),
        element("p", code(dossier.digest), class_="digest"),
        element("ul", *_cards(dossier), class_="cards", aria_label="At a glance"),
        *_alerts(dossier),
        class_="top",
    )


def _cards(dossier: Dossier) -> Iterator[Markup]:
    yield _card("Runs now", *_running(dossier))
    yield _card("Last decision", *_decided(dossier))
    yield _card("Evidence", *_evidence(dossier))
    yield _card("Platforms", *_platforms(dossier.identity))


def _card(heading: str, big: str, note: str) -> Markup:
    told = element("p", note, class_="note") if note else NOTHING
    return element(
        "li", element("h2", heading), element("p", big, class_="big"), told,
        class_="card",
    )  # fmt: skip


def _running(dossier: Dossier) -> tuple[str, str]:
    here = [stay.deployment for stay in dossier.stays if not stay.until]
    if not here:
        was = sorted({stay.deployment.environment for stay in dossier.stays})
        never = "deployed in a replay only" if dossier.replayed else "no record of a deployment"
        return "nowhere", f"ran in {', '.join(was)}" if was else never
    names = list(dict.fromkeys(one.environment for one in here))
    since = min(here, key=lambda one: one.origin.recorded_at).origin.recorded_at
    return ", ".join(names), joined(["since ", when(since)])


def _decided(dossier: Dossier) -> tuple[str, str]:
    decisions = [
        fact.document
        for fact in dossier.facts
        if isinstance(fact.document, Decision)
        and fact.document.origin.replay is None
        and not is_ahead(fact.document.origin.recorded_at, dossier.at)
    ]
    if not decisions:
        found = any(isinstance(fact.document, Decision) for fact in dossier.facts)
        return "none", "none that counts here" if found else "no gate has decided about it"
    last = decisions[-1]
    forced = "by force, " if last.incident else ""
    told = joined([f"to enter {last.stage}, {forced}", when(last.origin.recorded_at)])
    return verdict(last.verdict.answer), told


def _evidence(dossier: Dossier) -> tuple[str, str]:
    answers = [
        fact.document.verdict.answer
        for fact in dossier.facts
        if isinstance(fact.document, Evidence | Findings)
    ]
    if not answers:
        return "none", "nothing was recorded about it"
    words = ((Answer.YES, "yes"), (Answer.NO, "no"), (Answer.CANNOT_TELL, "cannot tell"))
    told = [f"{answers.count(answer)} {word}" for answer, word in words if answer in answers]
    return plural(len(answers), "fact"), ", ".join(told)


def _platforms(identity: Identity | None) -> tuple[str, str]:
    if identity is None:
        return "unknown", "no record of its identity"
    names = [part.platform for part in identity.platforms]
    tags = ", ".join(identity.tags[:3]) + (" …" if len(identity.tags) > 3 else "")
    return ", ".join(names) or "one manifest", f"tags: {tags}" if tags else "no tags"


def _alerts(dossier: Dossier) -> Iterator[Markup]:
    if dossier.unreadable:
        told = plural(len(dossier.unreadable), "record")
        yield _alert(
            f"{told} could not be read, and may have said anything. ",
            element("a", "See which", href="#unread"),
        )
    if dossier.others:
        told = plural(dossier.others + 1, "different identity", "different identities")
        yield _alert(f"The records name {told} of this digest; the newest is shown.")
    if dossier.identity is not None and dossier.identity.image != dossier.image:
        yield _alert("Its identity names it ", code(dossier.identity.image), ".")
    if dossier.identity is not None and dossier.identity.origin.dirty:
        yield _alert("It was built from a working tree with changes that no commit holds.")
    if _replays(dossier):
        told = plural(_replays(dossier), "fact")
        yield _alert(f"From a replay of another time, and so counted by no gate: {told}.")
    if ahead := sum(is_ahead(f.document.origin.recorded_at, dossier.at) for f in dossier.facts):
        yield _alert(f"Says that it was recorded later than now: {plural(ahead, 'fact')}.")
    if dossier.later:
        told = plural(dossier.later, "later fact")
        yield _alert(f"A look back: what was recorded afterwards is left out, {told}.")


def _replays(dossier: Dossier) -> int:
    return sum(fact.document.origin.replay is not None for fact in dossier.facts)


def _alert(*told: str) -> Markup:
    return element("div", element("p", *told), class_="alert", role="note")
