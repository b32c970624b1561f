"""The part of the passport on people: who approved, who waived a requirement, who used force."""

from datetime import UTC, datetime
from typing import Any

from cdkit.core.documents.dossier import Dossier
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Decision, Evidence
from cdkit.report.passport.markup import Markup, element, joined, link, section, table
from cdkit.report.passport.pieces import fields, moment_of, run, short, tag, when

REVIEW = "break-glass-review"
"""The kind of evidence that a person looked at a decision which was forced."""


def people(dossier: Dossier) -> Markup:
    """Return approvals, waivers and gates that were opened by force; each says if there is none."""
    told = [(fact, fields(fact.document)) for fact in dossier.facts]
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


def _approvals(told: list[tuple[Fact, dict[str, Any]]]) -> list[tuple[str, ...]]:
    return [
        (
            str(one.get("who", "")),
            when(str(one.get("at", ""))),
            short(str(one.get("commit", ""))),
            link(str(one.get("how", "")) or fact.kind, str(one.get("url", ""))),
        )
        for fact, document in told
        if isinstance(fact.document, Evidence)
        for one in document.get("approvals") or ()
    ]


def _waivers(told: list[tuple[Fact, dict[str, Any]]], at: datetime) -> list[tuple[str, ...]]:
    return [waiver(fact, document, at) for fact, document in told if fact.kind == "waiver"]


def waiver(fact: Fact, document: dict[str, Any], at: datetime) -> tuple[str, ...]:
    """Return a waiver, given as JSON has it, as cells; one whose last day is over says so."""
    what = " ".join(str(document[name]) for name in ("requirement", "rule") if document.get(name))
    expires = str(document.get("expires", ""))
    origin = fact.document.origin
    return (
        what or "what for is not said",
        str(document.get("reason", "")),
        origin.actor or "nobody known",
        joined([expires, " ", tag("over", "warn")]) if _over(expires, at) else expires,
        str(document.get("stage", "")) or "each",
        joined([when(origin.recorded_at), ", ", run(origin)]),
    )


def _over(expires: str, at: datetime) -> bool:
    """Whether a last day (`YYYY-MM-DD`, UTC) has passed; what is no day never counted."""
    day = moment_of(f"{expires}T23:59:59Z")
    return day is None or day < at.astimezone(UTC)


def _forced(told: list[tuple[Fact, dict[str, Any]]]) -> list[tuple[str, ...]]:
    reviews = {
        str((document.get("said") or {}).get("decision", "")): fact.document.origin
        for fact, document in told
        if fact.kind == REVIEW
    }
    rows: list[tuple[str, ...]] = []
    for fact, document in told:
        if not isinstance(fact.document, Decision) or not document.get("incident"):
            continue
        origin = fact.document.origin
        review = reviews.get(fact.digest)
        # Nobody reviews what they forced themselves.
        seen = review is not None and review.actor not in {"", origin.actor}
        rows.append(
            (
                str(document["incident"]),
                origin.actor or "nobody known",
                when(origin.recorded_at),
                when(str(document.get("until", ""))),
                f"by {review.actor}" if review and seen else tag("not yet", "warn"),
            )
        )
    return rows
