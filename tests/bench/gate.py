"""The gate over a thousand facts: reading them from the folder and deciding, after the start."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import msgspec

from cdkit.core.documents.kinds import Evidence
from cdkit.core.documents.ran import pack
from cdkit.core.documents.statement import state
from cdkit.evidence.store import open_store
from cdkit.gate.decide import decide
from cdkit.gate.policy import Policy, Requirement, Stage
from cdkit.gate.subject import Request
from cdkit.steps.gate_facts import Asked, gather
from tests.bench.measure import show
from tests.evidence.doubles import IMAGE, IMAGE_KEY, SUBJECT, evidence
from tests.worlds import NOW, world

FACTS = 1_000
KINDS = 20
ALLOWED = 0.1
"""Seconds."""


def gate(folder: Path) -> int:
    """Compare reading 1,000 unsigned facts and deciding about them with what is allowed."""
    place = folder / "gate"
    place.mkdir()
    store = open_store("records", world(place))
    names = pack(sorted(f"tests.module_{n // 20}.test_{n}".encode() for n in range(200)))
    for n in range(FACTS):
        found = msgspec.structs.replace(
            evidence(f"kind-{n % KINDS}", run=str(n // KINDS), recorded_at=_at(n)), ran=names
        )
        assert isinstance(found, Evidence)
        store.put(state(found, SUBJECT))
    wanted = tuple(
        Requirement(evidence=f"kind-{n}", at_least={"executed": 1}, tests=("tests.module_1.*",))
        for n in range(KINDS)
    )
    policy = Policy(version=1, stages=(Stage(name="deployment", enter=wanted),))
    request = Request(image=IMAGE, key=IMAGE_KEY, stage="deployment")
    outside = world(place)
    taken = []
    for _ in range(7):
        began = time.perf_counter()
        asked = Asked(request=request, policy=policy, now=NOW)
        found_facts = gather(asked, store, outside)
        ruling = decide(
            request, policy, found_facts.collected, NOW, (), found_facts.ran, found_facts.past
        )
        taken.append(time.perf_counter() - began)
        assert ruling.verdict.is_yes
    return show("a gate over 1,000 facts / 0.1 s", statistics.median(taken) / ALLOWED, 1)


def _at(number: int) -> str:
    """Return when a fact was recorded: each run a minute after the one before."""
    minute = number // KINDS
    return f"2026-11-23T{9 + minute // 60:02}:{minute % 60:02}:00Z"
