"""Rows of an environment that is spelt otherwise are left out, which is said."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from cdkit.dora.engine import measure, other_spellings
from cdkit.dora.outside import measure_outside
from cdkit.dora.told import Deployed, Told
from tests.dora.tables import ASKED, START
from tests.dora.test_outside import in_postgres

DEPLOYMENTS = """service,environment,at
orders,production,2026-01-02T10:00:00Z
orders,Production,2026-01-03T10:00:00Z
orders,Production,2026-01-04T10:00:00Z
orders,staging,2026-01-05T10:00:00Z
"""
INCIDENTS = """service,environment,opened_at
orders,PRODUCTION ,2026-01-02T11:00:00Z
orders,production,2026-01-02T12:00:00Z
"""
LEFT = "left out, since 'production' is asked for: write both alike, or ask for that one"
SAID = (
    f"2 deployments of 'Production' {LEFT}",
    f"1 incident of 'PRODUCTION ' {LEFT}",
)


def test_rows_of_another_spelling_are_left_out_and_said(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(DEPLOYMENTS)
    (tmp_path / "i.csv").write_text(INCIDENTS)
    told = Told(
        deployment_files=(str(tmp_path / "d.csv"),), incident_files=(str(tmp_path / "i.csv"),)
    )
    assert other_spellings(told, ASKED) == SAID
    assert measure(told, ASKED)[0][0].deployments == 1


def test_what_events_and_sources_told_is_looked_at_too() -> None:
    told = Told(deployments=(Deployed(service="orders", environment="Production", at=START),))
    (said,) = other_spellings(told, ASKED)
    assert said.startswith("1 deployment of 'Production' left out")


@pytest.mark.needs("postgres")
def test_an_engine_outside_says_the_same(postgres: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        for name, text in (("deployments", DEPLOYMENTS), ("incidents", INCIDENTS)):
            (*_, at), *rows = (line.split(",") for line in text.splitlines())
            typed = f'service text, environment text, "{at}" timestamptz'
            connection.execute(f"CREATE TABLE {name} ({typed})".encode())
            insert = f"INSERT INTO {name} VALUES (%s, %s, %s)"  # noqa: S608 - our own names
            connection.cursor().executemany(insert.encode(), rows)
    url = in_postgres(postgres)
    *_, notes = measure_outside(url, {"changes": "none"}, ASKED, {})
    assert notes == SAID
    *_, notes = measure_outside(url, {"changes": "none", "incidents": "none"}, ASKED, {})
    assert notes == SAID[:1]
