"""A world in which GitHub is a double on loopback, and how it is asked."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cdkit.core.doors.http import RequestsHttp
from cdkit.core.world import World
from cdkit.dora.source import Found, Question, SourceTable, resolve
from cdkit.dora.told import Asked
from tests.dora.forges import GitHub
from tests.worlds import NOW, StandingClock, world

A, B, C = "a" * 40, "b" * 40, "c" * 40
TOKEN = "ghs_the-token"


def outside(folder: Path, system: GitHub, **environ: str) -> World:
    clock = StandingClock()
    told = {"GITHUB_REPOSITORY": "acme/orders", "GITHUB_API_URL": system.url}
    told |= {"GITHUB_TOKEN": TOKEN} | environ
    found = world(folder, environ=told)
    return dataclasses.replace(found, clock=clock, http=RequestsHttp(clock))


def ask(
    folder: Path,
    system: GitHub,
    table: SourceTable | None = None,
    *,
    budget: float = 300,
    days: float = 30,
) -> Found:
    there = outside(folder, system)
    (source,) = resolve([table or "github"])
    return source.gather(question(budget=budget, days=days), there)


def question(*, budget: float = 300, days: float = 30) -> Question:
    asked = Asked(environment="production", since=NOW - timedelta(days=days), until=NOW)
    return Question(
        asked=asked, since=asked.since, before=NOW - timedelta(days=2 * days), ends=budget
    )


def settled(**settings: str) -> SourceTable:
    return SourceTable(type="github", settings=settings)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def done(when: str) -> tuple[str, str]:
    return ("SUCCESS", when)
