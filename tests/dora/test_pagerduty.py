"""PagerDuty asked for incidents, by a double on loopback."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cdkit.core.doors.http import RequestsHttp
from cdkit.dora.source import Found, Question, SourceTable, resolve
from cdkit.dora.told import Asked
from tests.dora.forges import Given, PagerDuty, running
from tests.worlds import NOW, StandingClock, world


@pytest.fixture
def pagerduty() -> Iterator[PagerDuty]:
    system = PagerDuty()
    with running(system):
        yield system


def ask(folder: Path, system: PagerDuty, *, days: float = 30, **settings: str) -> Found:
    clock = StandingClock()
    there = dataclasses.replace(
        world(folder, environ={"PAGERDUTY_TOKEN": "u+key"}), clock=clock, http=RequestsHttp(clock)
    )
    asked = Asked(environment="production", since=NOW - timedelta(days=days), until=NOW)
    told = {name.replace("_", "-"): value for name, value in settings.items()}
    (source,) = resolve([SourceTable(type="pagerduty", url=system.url, settings=told)])
    return source.gather(
        Question(asked=asked, since=asked.since, before=asked.since, ends=300), there
    )


def incident(name: str, days: float, **more: object) -> dict[str, object]:
    opened = NOW - timedelta(days=days)
    told = {"id": name, "created_at": opened.isoformat(), "status": "triggered", "urgency": "high"}
    return told | {"service": {"id": "PIJ90N7", "summary": "orders"}} | more


def test_incidents_are_told_with_their_service_and_their_end(
    pagerduty: PagerDuty, tmp_path: Path
) -> None:
    over = (NOW - timedelta(days=1)).isoformat()
    pagerduty.incidents = [
        incident("Q1", 3),
        incident("Q2", 3, status="resolved", resolved_at=over),
        incident("Q3", 3, status="resolved", last_status_change_at=over),
        incident("Q4", 3, status="acknowledged", last_status_change_at=over),
    ]
    found = ask(tmp_path, pagerduty)
    end = NOW - timedelta(days=1)
    assert [(one.id, one.service, one.resolved_at) for one in found.incidents] == [
        *(("Q1", "orders", None), ("Q2", "orders", end), ("Q3", "orders", end)),
        ("Q4", "orders", None),
    ]
    assert {q.headers["authorization"] for q in pagerduty.asked} == {"Token token=u+key"}


def test_only_services_of_that_name_count(pagerduty: PagerDuty, tmp_path: Path) -> None:
    pagerduty.incidents = [
        incident("Q1", 3, service={"summary": "pay (production)"}),
        incident("Q2", 3, service={"summary": "pay (staging)"}),
        incident("Q3", 3, service=None),
    ]
    found = ask(tmp_path, pagerduty, service_name="{service} (production)", urgency="high")
    assert [(one.id, one.service) for one in found.incidents] == [("Q1", "pay")]
    assert pagerduty.asked[0].query["urgencies[]"] == "high"


def test_a_long_window_is_asked_for_in_parts(pagerduty: PagerDuty, tmp_path: Path) -> None:
    pagerduty.incidents = [incident(f"Q{day}", day) for day in range(365, 0, -1)]
    found = ask(tmp_path, pagerduty, days=365)
    assert len({one.id for one in found.incidents}) == 365
    windows = {(q.query["since"][:10], q.query["until"][:10]) for q in pagerduty.asked}
    assert windows == {
        *(("2025-11-23", "2026-04-22"), ("2026-04-22", "2026-09-19")),
        ("2026-09-19", "2026-11-23"),
    }


def test_more_than_it_ever_tells_cannot_be_told(pagerduty: PagerDuty, tmp_path: Path) -> None:
    page = {"incidents": [incident("Q1", 3)], "more": True}
    pagerduty.next.extend([Given(body=page)] * 100)
    (reason,) = ask(tmp_path, pagerduty).reasons
    assert reason.what.startswith("PagerDuty has more than 10000 incidents from 2026-10-24")


def test_its_limit_is_in_seconds(pagerduty: PagerDuty, tmp_path: Path) -> None:
    limit = {"ratelimit-remaining": "0", "ratelimit-reset": "12"}
    pagerduty.next.append(Given(status=429, headers=limit))
    assert ask(tmp_path, pagerduty).reasons == ()
    assert len(pagerduty.asked) == 2


def test_a_wrong_key_is_told(pagerduty: PagerDuty, tmp_path: Path) -> None:
    pagerduty.next.append(Given(status=401, body={"error": {"message": "no", "code": 2006}}))
    (reason,) = ask(tmp_path, pagerduty).reasons
    assert (reason.what.endswith("/incidents answers 401 (no)"), "u+key" in str(reason)) == (
        *(True, False),
    )
    assert "PAGERDUTY_TOKEN" in reason.remedy
