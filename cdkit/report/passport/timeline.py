"""The part of the passport that tells, day by day, what happened to the image."""

from collections.abc import Iterator
from itertools import groupby

from cdkit.core.documents.dossier import Dossier
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import (
    Announcement,
    AnyDocument,
    Decision,
    Deployment,
    Evidence,
    Findings,
    Identity,
    Waiver,
)
from cdkit.report.web.markup import Markup, element, joined, section
from cdkit.report.web.pieces import NONE, anchor, clock, day, moment_of, number, tag, verdict

_MOST = 300


def timeline(dossier: Dossier) -> Markup:
    """Return everything in order, oldest first, by day; what has no time comes last."""
    events = [*_events(dossier)]
    if not events:
        return section(
            "timeline",
            "Timeline",
            element("p", "Nothing is known to have happened.", class_="empty"),
        )
    note = "Times are in UTC."
    if len(events) > _MOST:
        note += f" The last {_MOST} of {number(len(events))} events."
    days = [
        element("li", element("h3", name), element("ol", *(item for _, item in of_day)))
        for name, of_day in groupby(events[-_MOST:], key=lambda event: event[0])
    ]
    return section("timeline", "Timeline", element("ol", *days, class_="timeline"), note=note)


def _events(dossier: Dossier) -> Iterator[tuple[str, Markup]]:
    dated = [(moment_of(fact.document.origin.recorded_at), fact) for fact in dossier.facts]
    for moment, fact in dated:
        if moment is not None:
            time = element("time", clock(moment), datetime=f"{moment:%Y-%m-%dT%H:%M:%SZ}")
            yield day(moment), _event(time, fact)
    for moment, fact in dated:
        if moment is None:
            yield "At no known time", _event(element("span", NONE), fact)


def _event(time: Markup, fact: Fact) -> Markup:
    answer = fact.verdict.answer if fact.verdict else None
    told: list[str] = [element("a", _told(fact.document), href=f"#{anchor(fact.digest)}")]
    told += [verdict(answer)] if answer else []
    told += [tag("replay", "warn")] if fact.document.origin.replay is not None else []
    kind = answer.value if answer else fact.kind if isinstance(fact.document, Deployment) else ""
    return element("li", time, joined(told, " "), class_=kind)


def _told(document: AnyDocument) -> str:
    match document:
        case Identity():
            return "Its identity was recorded"
        case Decision():
            return f"A gate decided: {document.stage}"
        case Evidence() | Findings():
            return f"Evidence: {document.evidence}"
        case Deployment():
            place = f"{document.service} in {document.environment}"
            return f"{document.status.capitalize()}: {place}"
        case Announcement():
            return f"It was announced: {document.type}"
        case Waiver():
            return f"A waiver was given: {document.requirement}"
