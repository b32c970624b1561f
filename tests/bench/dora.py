"""The delivery metrics of a large organisation: a million deployments, three million commits."""

from __future__ import annotations

import resource
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from cdkit.dora.engine import measure
from cdkit.dora.told import Asked, Told
from tests.bench.measure import show

SERVICES = 500
START = datetime(2024, 11, 27, tzinfo=UTC)
MOST_MEMORY = 1024.0
"""MiB."""

_MAKE = (
    """COPY (SELECT 'svc-' || lpad((hash(i) % 500)::VARCHAR, 4, '0') AS service,
    CASE hash(i * 7) % 3 WHEN 0 THEN 'production' WHEN 1 THEN 'staging' ELSE 'test' END
      AS environment,
    TIMESTAMPTZ '2024-11-27 00:00:00+00' + to_seconds(i * 63) AS "at",
    'sha256:' || md5(i::VARCHAR) AS digest, md5('c' || i) AS commit, 'd' || i AS id
    FROM range(1_000_000) t(i)) TO '{folder}/deployments.parquet'""",
    """COPY (SELECT 'svc-' || lpad((hash(i * 3) % 500)::VARCHAR, 4, '0') AS service,
    md5('k' || i) AS commit,
    TIMESTAMPTZ '2024-11-27 00:00:00+00' + to_seconds(i * 21) AS committed_at
    FROM range(3_000_000) t(i)) TO '{folder}/changes.parquet'""",
    """COPY (SELECT 'svc-' || lpad((hash(i * 5) % 500)::VARCHAR, 4, '0') AS service,
    'production' AS environment,
    TIMESTAMPTZ '2024-11-27 00:00:00+00' + to_seconds(i * 1575) AS opened_at,
    TIMESTAMPTZ '2024-11-27 00:00:00+00' + to_seconds(i * 1575 + 3600) AS resolved_at
    FROM range(40_000) t(i)) TO '{folder}/incidents.parquet'""",
)

_BY_HAND = """
SET TimeZone = 'UTC'; SET asof_loop_join_threshold = 0;
CREATE TEMP TABLE d AS SELECT service, "at" AS t, digest,
  row_number() OVER (PARTITION BY service ORDER BY "at") AS n
  FROM '{folder}/deployments.parquet' WHERE environment = 'production';
CREATE TEMP TABLE bad AS SELECT DISTINCT i.service, d.n, i.resolved_at - d.t AS took
  FROM '{folder}/incidents.parquet' i ASOF JOIN d
  ON i.service = d.service AND i.opened_at >= d.t;
CREATE TEMP TABLE lead AS SELECT c.service, epoch(d.t - c.committed_at) AS took
  FROM '{folder}/changes.parquet' c ASOF JOIN d
  ON c.service = d.service AND c.committed_at <= d.t;
SELECT service, count(*), (SELECT count(*) FROM bad b WHERE b.service = d.service),
  max(l.q) FROM d LEFT JOIN (SELECT service, quantile_cont(took, [0.5, 0.9, 0.95]) AS q
  FROM lead GROUP BY service) l USING (service) GROUP BY service;
"""
"""Three of the five metrics as one would write them for this data alone."""


def dora(folder: Path) -> int:
    """Compare the five metrics with three of them written by hand, and memory with what it may."""
    place = folder / "dora"
    place.mkdir()
    with duckdb.connect() as made:
        for text in _MAKE:
            made.execute(text.replace("{folder}", str(place)))
    told = Told(
        deployment_files=(str(place / "deployments.parquet"),),
        change_files=(str(place / "changes.parquet"),),
        incident_files=(str(place / "incidents.parquet"),),
    )
    until = START + timedelta(days=730)
    asked = Asked(environment="production", since=START, until=until)
    ours, by_hand, services = [], [], 0
    for _ in range(3):
        began = time.perf_counter()
        found, _together = measure(told, asked)
        ours.append(time.perf_counter() - began)
        services = len(found)
        began = time.perf_counter()
        with duckdb.connect() as hand:
            hand.execute(_BY_HAND.replace("{folder}", str(place))).fetchall()
        by_hand.append(time.perf_counter() - began)
    assert services == SERVICES
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"# five metrics {min(ours):.2f} s, three by hand {min(by_hand):.2f} s")
    missed = show("five metrics of 1 M deployments / three by hand", min(ours) / min(by_hand), 3)
    return missed + show("their memory / 1 GB", memory / MOST_MEMORY, 1)
