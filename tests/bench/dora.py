"""The delivery metrics of a large organisation: a million deployments, three million commits."""

from __future__ import annotations

import resource
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from cdkit.dora.engine import measure, of_rows
from cdkit.dora.told import Asked, Told
from tests.bench.dora_by_hand import ASK, MAKE
from tests.bench.measure import show

START = datetime(2024, 11, 27, tzinfo=UTC)
UNTIL = START + timedelta(days=730)
MOST_MEMORY = 1024.0
"""MiB."""
_RUNS = 5


def dora(folder: Path) -> int:
    """Compare our metrics with the same written by hand, and memory with what it may hold."""
    place = folder / "dora"
    place.mkdir()
    with duckdb.connect() as made:
        for text in MAKE:
            made.execute(text.replace("{folder}", str(place)))
    told = _told(place, "parquet")
    asked = Asked(environment="production", since=START, until=UNTIL)
    assert measure(told, asked) == of_rows(_by_hand(place)), "the answers differ"
    ratios, ours, by_hand = [], [], []
    for _ in range(_RUNS):
        ours.append(_seconds(lambda: measure(told, asked)))
        by_hand.append(_seconds(lambda: _by_hand(place)))
        ratios.append(ours[-1] / by_hand[-1])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"# five metrics: ours {min(ours):.2f} s, by hand {min(by_hand):.2f} s", flush=True)
    missed = show("five metrics of 1 M deployments / by hand", statistics.median(ratios), 1.3)
    missed += show("their memory / 1 GB", memory / MOST_MEMORY, 1)
    quarter = Asked(environment="production", since=UNTIL - timedelta(days=90), until=UNTIL)
    short = min(_seconds(lambda: measure(told, quarter)) for _ in range(3))
    missed += show("the last 90 days / two years", short / min(ours), 0.7)
    return missed + _lines(place, asked, min(ours))


def _lines(place: Path, asked: Asked, parquet: float) -> int:
    """Compare JSON lines with Parquet: where the planner takes a join that is quadratic, 100 x."""
    with duckdb.connect() as made:
        for name in ("deployments", "changes", "incidents"):
            made.execute(f"COPY '{place}/{name}.parquet' TO '{place}/{name}.ndjson'")
    lines = _seconds(lambda: measure(_told(place, "ndjson"), asked))
    return show("the same from JSON lines / from Parquet", lines / parquet, 8)


def _told(place: Path, kind: str) -> Told:
    return Told(
        deployment_files=(str(place / f"deployments.{kind}"),),
        change_files=(str(place / f"changes.{kind}"),),
        incident_files=(str(place / f"incidents.{kind}"),),
    )


def _by_hand(place: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(ASK.replace("{folder}", str(place))).fetchall()


def _seconds(work: Any) -> float:  # noqa: ANN401 - whatever it gives
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
