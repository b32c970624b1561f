"""Lives of some services, made up: what each deployed, when, how long it took, what went wrong."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cdkit.core.documents.delivery import Delivery
from cdkit.dora.delivery import delivery, shown_services
from cdkit.dora.editions import EDITIONS
from cdkit.dora.engine import measure
from cdkit.dora.history import history
from cdkit.dora.told import Asked, Changed, Deployed, Incident, Told

UNTIL = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
ASKED = Asked(
    environment="production", since=UNTIL - timedelta(days=90), until=UNTIL, incidents=True
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Life:
    """How a service lives: how often it is deployed, how slow its changes are, how it fails.

    `every` is the days between two deployments, `lead` the hours that a change takes half a year
    ago and now, `fails` the share that fails, `mends` the hours until that is over.
    """

    name: str
    team: str
    every: float
    lead: tuple[float, float]
    fails: float = 0.0
    mends: float = 2.0
    since: float = 185.0


LIVES = (
    Life(name="orders", team="checkout", every=1.1, lead=(46, 15), fails=0.07, mends=1.2),
    Life(name="payments", team="checkout", every=2.3, lead=(60, 70), fails=0.14, mends=5),
    Life(name="catalogue", team="discovery", every=1.9, lead=(30, 22), fails=0.1, mends=0.6),
    Life(name="search", team="discovery", every=2.6, lead=(20, 26), fails=0.05, since=61),
    Life(name="billing", team="finance", every=27, lead=(400, 300)),
)


_PEOPLE = ("amira", "jonas", "priya")


def told(*lives: Life, seed: int = 7) -> Told:
    """Return what these services lived through, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - made-up lives, the same each time
    made: list[Deployed] = []
    changes: list[Changed] = []
    incidents: list[Incident] = []
    for life in lives or LIVES:
        for one, brought, wrong in _lived(life, chance):
            made.append(one)
            changes += brought
            incidents += wrong
    incidents += [
        Incident(
            service="orders",
            environment="production",
            opened_at=UNTIL - timedelta(days=40),
            resolved_at=UNTIL - timedelta(days=39, hours=20),
            cause="none",
            id="INC-900",
        )
    ]
    made.sort(key=lambda one: one.at)
    return Told(deployments=tuple(made), changes=tuple(changes), incidents=tuple(incidents))


Step = tuple[Deployed, list[Changed], list[Incident]]


def _lived(life: Life, chance: random.Random) -> Iterator[Step]:
    at, number, good = UNTIL - timedelta(days=life.since), 0, ""
    while (at := at + timedelta(days=life.every * chance.uniform(0.35, 1.6))) < UNTIL:
        number += 1
        at = at.replace(minute=chance.randrange(60), second=0, microsecond=0)
        one = _made(life, f"{life.name}-{number}", at)
        share = 1 - (UNTIL - at) / timedelta(days=185)
        usual = life.lead[0] + (life.lead[1] - life.lead[0]) * share
        brought = [_change(life, one, usual, n, chance) for n in range(chance.randint(1, 4))]
        mended = at + timedelta(hours=life.mends * chance.uniform(0.3, 2.2))
        if chance.random() >= life.fails:
            good = one.digest
            yield one, brought, []
        elif good and chance.random() < 0.5:
            yield one, brought, []
            yield _made(life, f"{one.id}-back", mended, digest=good), [], []
        else:
            good = one.digest
            told_of = Incident(
                service=life.name,
                environment="production",
                opened_at=at + timedelta(minutes=chance.randint(4, 90)),
                resolved_at=mended + timedelta(hours=2) if mended < UNTIL else None,
                cause=one.id,
                id=f"INC-{chance.randint(100, 899)}",
            )
            yield one, brought, [told_of]
            fix = _made(life, f"{one.id}-fix", mended + timedelta(hours=1), planned=False)
            yield fix, [_change(life, fix, 0.7, 0, chance)], []


def _made(
    life: Life, name: str, at: datetime, *, digest: str = "", planned: bool | None = None
) -> Deployed:
    return Deployed(
        service=life.name,
        environment="production",
        at=at,
        digest=digest or f"sha256:{hashlib.sha256(name.encode()).hexdigest()}",
        commit=hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest(),
        planned=planned,
        team=life.team,
        id=name,
        who=_PEOPLE[len(name) % len(_PEOPLE)],
        url=f"https://ci.example.com/{life.name}/runs/{name.rpartition('-')[2]}",
    )


def _change(
    life: Life, brought_by: Deployed, usual: float, n: int, chance: random.Random
) -> Changed:
    hours = usual * chance.uniform(0.3, 2.4)
    return Changed(
        service=life.name,
        commit=hashlib.sha1(f"{brought_by.id}/{n}".encode(), usedforsecurity=False).hexdigest(),
        committed_at=brought_by.at - timedelta(hours=hours),
        merged_at=brought_by.at - timedelta(hours=hours * chance.uniform(0.1, 0.5)),
        deployment=brought_by.id,
    )


def delivered(known: Told | None = None, asked: Asked = ASKED) -> Delivery:
    """Return what is shown of them, as `report-dora` gathers it."""
    known = known or told()
    by_service, together = measure(known, asked)
    edition = EDITIONS["2025-quick-check"]
    course = history(known, asked, shown_services(by_service))
    return delivery(by_service, together, asked, edition, course)


@functools.cache
def example() -> Delivery:
    """Return what is shown of all of them, made once."""
    return delivered()
