"""The metrics in Spark: six hundred times the rows of a service cost little more than to start.

A window that runs to the last row is quadratic there, and so many rows of one service would keep it
busy for minutes; ours run from the first row.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import duckdb

from tests.bench.measure import show
from tests.parts import sparks

FEW = 100
MANY = 60_000
"""Deployments of one service, with three times as many changes."""
PATIENCE = 300.0
"""Seconds: a quadratic window takes longer."""

_MAKE = (
    """COPY (SELECT 'orders' AS service, 'production' AS environment, 'd' || i AS digest,
    TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(i * 60) AS "at"
    FROM range({many}) t(i)) TO '{folder}/deployments.parquet'""",
    """COPY (SELECT 'orders' AS service,
    TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(i * 20) AS committed_at
    FROM range(3 * {many}) t(i)) TO '{folder}/changes.parquet'""",
)


def dora_spark(folder: Path) -> int:
    """Compare many rows with few, which is mostly what it takes to start; pass where it is not."""
    if why := sparks.missing():
        print(f"# the metrics in Spark: not measured, {why}")
        return 0
    few, many = (_seconds(folder / f"spark-{rows}", rows) for rows in (FEW, MANY))
    return show(f"the metrics in Spark: {MANY} deployments / {FEW}", many / few, 2)


def _seconds(place: Path, rows: int) -> float:
    place.mkdir()
    with duckdb.connect() as made:
        for text in _MAKE:
            made.execute(text.replace("{folder}", str(place)).replace("{many}", str(rows)))
    tables = ("deployments=deployments.parquet", "changes=changes.parquet")
    named = [f"--table={one.replace('=', f'={place}/')}" for one in tables]
    command = [
        *(str(sparks.python()), "-m", "cdkit", "report-dora", "--engine", "spark://local", *named),
        *("--table=incidents=none", "--records", "none", "--until", "2026-03-01T00:00:00Z"),
    ]
    environ = os.environ | sparks.environ()
    began = time.perf_counter()
    try:
        subprocess.run(
            command, cwd=place, env=environ, capture_output=True, timeout=PATIENCE, check=True
        )
    except subprocess.TimeoutExpired:
        return PATIENCE
    return time.perf_counter() - began
