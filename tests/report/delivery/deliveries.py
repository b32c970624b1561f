"""Deliveries for the tests of their page: the made-up lives, and what a foreigner would write."""

from __future__ import annotations

from datetime import timedelta

from cdkit.core.documents.delivery import (
    Definition,
    Delivery,
    Listing,
    Made,
    Metric,
    Part,
    Reading,
    Service,
)
from cdkit.core.documents.document import Replay
from cdkit.core.verdict import Reason, judge, yes
from cdkit.report.report import Report, render
from tests.dora.lives import UNTIL

KEYS = ("lead", "lead_merge", "frequency", "fail", "recovery", "rework")
UNITS = {"frequency": "1/d", "fail": "1", "rework": "1"}


def report(
    delivery: Delivery | None,
    *reasons: Reason,
    notes: tuple[str, ...] = (),
    replay: Replay | None = None,
) -> Report:
    return Report(
        step="report-dora",
        question="How well do we deliver?",
        verdict=judge([yes("measured"), *reasons]),
        exhibit=delivery,
        notes=notes,
        tool="cdkit 1.2.3",
        replay=replay,
    )


def shown(delivery: Delivery, *reasons: Reason, notes: tuple[str, ...] = ()) -> str:
    return render("html", report(delivery, *reasons, notes=notes))


def made(text: str) -> Made:
    return Made(
        service=text, at=UNTIL, kind="back", id=text, digest=text, commit=text, team=text,
        planned=False, changes=3, lead=60.0, merged=30.0, failed=text, incidents=(text, text),
        who=text, url="javascript:alert(3)",
    )  # fmt: skip


def service(text: str, *, services: int = 1, listed: int = 1) -> Service:
    reading = Reading(shown=text, value=1.0, n=7, band=text, more=text)
    parts = (Part(value=1.0, shown=text, n=1, few=True), Part(value=None), Part(value=2.0))
    listings = tuple(
        Listing(metric=key, order=text, made=(made(text),) * listed, of=1000) for key in KEYS
    )
    return Service(
        name=text,
        services=services,
        deployments=7,
        coverage=(text,),
        listings=listings,
        metrics=tuple(
            Metric(
                key=key, title=text, unit=UNITS.get(key, "s"), now=reading, before=reading,
                change=text, turn="worse", parts=parts,
            )
            for key in KEYS
        ),
    )  # fmt: skip


def hostile(text: str, *, services: int = 2, listed: int = 1) -> Delivery:
    """Return a delivery in which this text stands wherever a foreigner can put some."""
    return Delivery(
        environment=text,
        since=UNTIL - timedelta(days=90),
        until=UNTIL,
        services=tuple(service(f"{text}{n}", listed=listed) for n in range(services)),
        together=service(text, services=services, listed=listed),
        edition=text,
        source=text,
        minimum=5,
        hours=24,
        step_name=text,
        definitions=(Definition(key="lead", title=text, means=text, source=text),),
    )
