"""The life of an image: everything that was recorded of it, in order."""

from collections.abc import Iterator

from msgspec import Struct

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Decision, Deployment, Evidence, Findings, Identity, Waiver
from cdkit.report.markup import Child, Markup, joined, tag
from cdkit.report.passport.known import Known
from cdkit.report.passport.pieces import badge, day

_MOST = 200


class _Event(Struct, frozen=True):
    at: str
    what: Markup
    kind: str


def timeline(known: Known) -> Markup | None:
    """Return every fact as an event, the oldest first; None where there is none."""
    facts = sorted(known.facts, key=lambda one: (one.document.origin.recorded_at, one.digest))
    events = [_event(fact) for fact in facts]
    if not events:
        return None
    items = [
        tag("li", day(one.at), " ", one.what, class_=f"is-{one.kind}" if one.kind else None)
        for one in events[-_MOST:]
    ]
    left = len(events) - len(items)
    first = [tag("li", f"{left} earlier records are not shown")] if left else []
    return tag("ol", *first, *items, class_="timeline")


def _event(fact: Fact) -> _Event:
    document = fact.document
    at = document.origin.recorded_at
    words = joined(*_words(fact))
    match document:
        case Evidence() | Findings() | Decision():
            answer = document.verdict.answer
            return _Event(at, joined(words, " ", badge(answer)), answer.value)
        case _:
            return _Event(at, words, "")


def _words(fact: Fact) -> Iterator[Child]:
    document = fact.document
    who = f" by {document.origin.actor}" if document.origin.actor else ""
    match document:
        case Identity():
            yield f"was identified{who}"
        case Evidence() | Findings():
            yield f"was examined for {document.evidence}"
        case Decision():
            verb = {"enter": "to enter", "stay": "to stay in", "return": "to come back to"}
            yield f"asked {verb.get(document.question, document.question)} {document.stage}{who}"
            if document.incident:
                yield f", by force for {document.incident}"
        case Waiver():
            yield f"was let pass without {document.requirement}{who}, until {document.expires}"
        case Deployment():
            done = "was put into" if document.status == "deployed" else "was taken out of"
            yield f"{done} {document.environment} as {document.service or 'a service'}{who}"
