"""Made-up lives of services as tables: ties, empty cells, roll-backs, and the same written out."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pytest
from msgspec import Struct, structs

from cdkit.dora.engine import measure
from cdkit.dora.history import History, history
from cdkit.dora.told import Asked, Measured, Spread, Told

Rows = dict[str, Sequence[tuple[object, ...]]]
Answer = tuple[tuple[Measured, ...], Measured | None, History | None]

START = datetime(2026, 1, 1, tzinfo=UTC)
ASKED = Asked(environment="production", since=START, until=START + timedelta(days=20))

COLUMNS = {
    "deployments": {
        "service": "VARCHAR",
        "environment": "VARCHAR",
        "at": "TIMESTAMPTZ",
        "digest": "VARCHAR",
        "commit": "VARCHAR",
        "outcome": "VARCHAR",
        "planned": "BOOLEAN",
        "rollback": "BOOLEAN",
        "id": "VARCHAR",
    },
    "changes": {
        "service": "VARCHAR",
        "committed_at": "TIMESTAMPTZ",
        "merged_at": "TIMESTAMPTZ",
        "deployment": "VARCHAR",
    },
    "incidents": {
        "service": "VARCHAR",
        "environment": "VARCHAR",
        "opened_at": "TIMESTAMPTZ",
        "resolved_at": "TIMESTAMPTZ",
        "cause": "VARCHAR",
    },
}

Choose = Callable[[Sequence[object]], object]
"""Takes one of several: a seeded chance, or what looks for faults."""


def when(choose: Choose) -> datetime:
    """A time of some forty, so that many are equal, in some zone."""
    hours = choose(range(-60, 500, 14))
    assert isinstance(hours, int)
    zone = choose((0, 9, -5))
    assert isinstance(zone, int)
    micros = choose((0, 0, 1, 999_999))
    assert isinstance(micros, int)
    at = START + timedelta(hours=hours, microseconds=micros)
    return at.astimezone(timezone(timedelta(hours=zone)))


def rows(choose: Choose, services: Sequence[str | None], many: int) -> Rows:
    """Rows of each table: `many` deployments, as many changes, half as many incidents."""
    return {
        "deployments": [
            (
                choose(services),
                choose(("production", "production", "production", "Staging")),
                when(choose),
                choose((None, "", "a", "a", "b", "B", "ä", "c")),
                choose((None, "c1", "c2")),
                choose((None, "", "success", "success", "success", "failure")),
                choose((None, None, True, False)),
                choose((None, None, None, False, True)),
                choose((None, "", "d1", "d2", "D2", "é3")),
            )
            for _ in range(many)
        ],
        "changes": [
            (
                choose(services),
                when(choose),
                choose((None, when(choose))),
                choose((None, None, "", "d1", "D2", "none")),
            )
            for _ in range(many)
        ],
        "incidents": [
            (
                choose(services),
                choose(("production", "production", "Staging")),
                when(choose),
                choose((None, when(choose))),
                choose((None, "", "", "none", "d1", "b", "c2", "unknown")),
            )
            for _ in range(many // 2)
        ],
    }


def seeded(seed: int, services: int = 40, many: int = 600) -> Rows:
    """Rows made by chance, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - a made-up life
    names = [None, "", *(f"service {n}" for n in range(services))]
    return rows(chance.choice, names, many)


def fill(connection: duckdb.DuckDBPyConnection, told: Rows) -> None:
    """Put rows into tables of DuckDB."""
    connection.execute("SET TimeZone = 'UTC'")
    for table, columns in COLUMNS.items():
        typed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        connection.execute(f"CREATE OR REPLACE TABLE {table} ({typed})")
        if told[table]:
            row = f"({', '.join('?' * len(columns))})"
            every = [value for one in told[table] for value in one]
            values = ", ".join([row] * len(told[table]))
            connection.execute(f"INSERT INTO {table} VALUES {values}", every)  # noqa: S608 - our own names


def files(folder: Path, told: Rows) -> Told:
    """Write rows as Parquet, which our own SQL reads."""
    with duckdb.connect() as connection:
        fill(connection, told)
        for table in COLUMNS:
            connection.execute(f"COPY {table} TO '{folder}/{table}.parquet'")
    return Told(
        deployment_files=(f"{folder}/deployments.parquet",),
        change_files=(f"{folder}/changes.parquet",),
        incident_files=(f"{folder}/incidents.parquet",),
    )


def ours(folder: Path, told: Rows, asked: Asked = ASKED) -> Answer:
    """What our own SQL answers."""
    given = files(folder, told)
    return *measure(given, asked), history(given, asked, ())


def same(one: Answer, other: Answer) -> None:
    """Assert that two answers are equal, quantiles to the last digits that a double has."""
    if one[2] and other[2]:
        same_course(*(structs.replace(each, listings={}) for each in (one[2], other[2])))
    assert [each.service for each in one[0]] == [each.service for each in other[0]]
    for left, right in zip(every(one), every(other), strict=True):
        assert counts(left) == counts(right)
        assert quantiles(left) == pytest.approx(quantiles(right), rel=1e-9, abs=1e-6, nan_ok=True)


def same_course(one: object, other: object) -> None:
    """Assert that two courses are equal, of the doubles all but the last digits."""
    exact, close = zip(*(_apart(flat(each)) for each in (one, other)), strict=True)
    assert exact[0] == exact[1]
    assert close[0] == pytest.approx(close[1], rel=1e-9, abs=1e-6)


def flat(told: object, at: str = "") -> dict[str, object]:
    """All that is told, by where it stands; a time as its seconds."""
    if isinstance(told, Struct):
        told = structs.asdict(told)
    if isinstance(told, Mapping | list | tuple):
        inside = told.items() if isinstance(told, Mapping) else enumerate(told)
        return {
            key: value for name, one in inside for key, value in flat(one, f"{at}/{name}").items()
        }
    return {at: told.timestamp() if isinstance(told, datetime) else told}


def _apart(told: dict[str, object]) -> tuple[dict[str, object], dict[str, float]]:
    """Tell apart what is exact and what is a double."""
    close = {at: one for at, one in told.items() if isinstance(one, float)}
    return {at: one for at, one in told.items() if at not in close}, close


def every(answer: Answer) -> list[Measured]:
    """All services, and all of them together."""
    return [*answer[0], *([answer[1]] if answer[1] else [])]


def counts(measured: Measured) -> dict[str, object]:
    """All that is a number of something, by its name."""
    values = structs.asdict(measured)
    return {name: one.n if isinstance(one, Spread) else one for name, one in values.items()}


def quantiles(measured: Measured) -> list[float]:
    """All quantiles in order; not a number where there is none."""
    spreads = [one for one in structs.astuple(measured) if isinstance(one, Spread)]
    told = [value for one in spreads for value in (one.p50, one.p90, one.p95)]
    return [math.nan if value is None else value for value in told]
