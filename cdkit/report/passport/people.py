"""The part of the passport on people: who approved, who waived a requirement, who used force."""

from datetime import UTC, datetime

from cdkit.core.documents.dossier import Dossier
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Decision, Evidence, Waiver
from cdkit.report.web.markup import Markup, element, joined, link, section, table
from cdkit.report.web.pieces import moment_of, run, short, tag, when

REVIEW = "break-glass-review"
"""The kind of evidence that a person looked at a decision which was forced."""


def people(dossier: Dossier) -> Markup:
    """Return approvals, waivers and gates that were opened by force; each says if there is none."""
    told = dossier.facts
    found = (
        ("Approvals", _approvals(told), ("who", "when", "commit", "vouched for by")),
        ("Waivers", _waivers(told, dossier.at), _WAIVER),
        ("Opened by force", _forced(told), ("incident", "who", "when", "until", "reviewed")),
    )
    if not any(rows for _, rows, _ in found):
        told_none = "No approval, no waiver, and no gate that was opened by force is recorded."
        return section("people", _HEADING, element("p", told_none, class_="empty"))
    return section("people", _HEADING, *(_part(*one) for one in found))


_HEADING = "Approvals and exceptions"
_WAIVER = ("requirement", "reason", "who", "last day", "stage", "given")


def _part(heading: str, rows: list[tuple[str, ...]], head: tuple[str, ...]) -> Markup:
    shown = table(heading, head, rows) if rows else element("p", "None.", class_="empty")
    return joined([element("h3", heading, class_="sub"), shown])


def _approvals(told: tuple[Fact, ...]) -> list[tuple[str, ...]]:
    return [
        (one.who, when(one.at), short(one.commit), link(one.how or fact.kind, one.url))
        for fact in told
        if isinstance(fact.document, Evidence)
        for one in fact.document.approvals
    ]


def _waivers(told: tuple[Fact, ...], at: datetime) -> list[tuple[str, ...]]:
    return [_waiver(fact.document, at) for fact in told if isinstance(fact.document, Waiver)]


def _waiver(given: Waiver, at: datetime) -> tuple[str, ...]:
    """Return a waiver as cells; one whose last day is over says so."""
    return (
        f"{given.requirement} {given.rule}".strip(),
        given.reason,
        given.origin.actor or "nobody known",
        joined([given.expires, " ", tag("over", "warn")])
        if _over(given.expires, at)
        else given.expires,
        given.stage or "each",
        joined([when(given.origin.recorded_at), ", ", run(given.origin)]),
    )


def _over(expires: str, at: datetime) -> bool:
    """Whether a last day (`YYYY-MM-DD`, UTC) has passed; what is no day never counted."""
    day = moment_of(f"{expires}T23:59:59Z")
    return day is None or day < at.astimezone(UTC)


def _forced(told: tuple[Fact, ...]) -> list[tuple[str, ...]]:
    return [
        (
            fact.document.incident,
            fact.document.origin.actor or "nobody known",
            when(fact.document.origin.recorded_at),
            when(fact.document.until),
            _reviewed(fact.digest, fact.document.origin.actor, told),
        )
        for fact in told
        if isinstance(fact.document, Decision) and fact.document.incident
    ]


def _reviewed(decision: str, actor: str, told: tuple[Fact, ...]) -> str:
    """Return who looked at a forced decision: nobody reviews what they forced themselves."""
    for fact in told:
        document = fact.document
        if not isinstance(document, Evidence) or document.evidence != REVIEW:
            continue
        if document.said.get("decision") == decision and document.origin.actor not in {"", actor}:
            return f"by {document.origin.actor}"
    return tag("not yet", "warn")
