"""The metrics in engines outside: equal answers to our own SQL, on everything that is awkward."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import ibis
import msgspec
import psycopg
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from ibis.backends.sql.compilers import bigquery, pyspark, trino

from cdkit.core.errors import CannotTell, Missing, RequestError, Unreadable
from cdkit.dora import even, portable
from cdkit.dora.even import Given
from cdkit.dora.outside import expressions, known, measure_outside
from cdkit.dora.told import Measured
from tests.dora import tables
from tests.parts import loopback, sparks
from tests.parts.clickhouse import ClickHouse

pytestmark = [  # what clients warn Ibis of is no affair of ours
    pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning"),
]


def in_duckdb(path: Path, told: tables.Rows) -> str:
    with duckdb.connect(str(path)) as connection:
        tables.fill(connection, told)
    return f"duckdb://{path}"


def answer(url: str, **names: str) -> tables.Answer:
    by_service, together, course, _ = measure_outside(url, names, tables.ASKED, {})
    return by_service, together, course


NOTHING_ELSE: tables.Rows = {"incidents": [], "changes": []}

# Equal answers


@settings(max_examples=10)
@given(data=st.data())
def test_the_portable_form_answers_as_our_own_sql_does(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def choose(several: Sequence[object]) -> object:
        return data.draw(st.sampled_from(several))

    names: list[str | None] = data.draw(st.sampled_from([["orders"], [None, "", "stock"]]))
    told = tables.rows(choose, names, data.draw(st.integers(0, 9)))
    folder = tmp_path_factory.mktemp("made")
    tables.same(answer(in_duckdb(folder / "x.duckdb", told)), tables.ours(folder, told))


def test_so_it_does_with_many_services(tmp_path: Path) -> None:
    told = tables.seeded(1)
    ours = tables.ours(tmp_path, told)
    assert {one.rollbacks > 0 for one in tables.every(ours)} == {True, False}
    tables.same(answer(in_duckdb(tmp_path / "x.duckdb", told)), ours)


@pytest.mark.needs("postgres")
def test_postgresql_answers_the_same(tmp_path: Path, postgres: str) -> None:
    told = tables.seeded(2)
    of_postgres = {"VARCHAR": "text", "TIMESTAMPTZ": "timestamptz", "BOOLEAN": "boolean"}
    with psycopg.connect(postgres) as connection:
        connection.execute("CREATE SCHEMA ops")
        for table, columns in tables.COLUMNS.items():
            typed = ", ".join(f'"{name}" {of_postgres[kind]}' for name, kind in columns.items())
            connection.execute(f"CREATE TABLE ops.{table} ({typed})".encode())
            marks = ", ".join(["%s"] * len(columns))
            text = f"INSERT INTO ops.{table} VALUES ({marks})"  # noqa: S608 - our own names
            connection.cursor().executemany(text.encode(), told[table])
    url, named = in_postgres(postgres), {kind: f"ops.{kind}" for kind in tables.COLUMNS}
    tables.same(answer(url, **named), tables.ours(tmp_path, told))
    none = {"incidents": "none", "changes": "none"}
    tables.same(answer(url, **(named | none)), tables.ours(tmp_path, told | NOTHING_ELSE))


def in_postgres(dsn: str) -> str:
    parts = dict(part.split("=", 1) for part in dsn.split())
    return f"postgres://{parts['user']}@/{parts['dbname']}?host={parts['host']}"


@pytest.mark.needs("chdb")
def test_clickhouse_answers_the_same(tmp_path: Path, clickhouse: ClickHouse) -> None:
    told = tables.seeded(3)
    ours = tables.ours(tmp_path, told)
    for kind in tables.COLUMNS:
        clickhouse.run(
            f"CREATE TABLE {kind} ENGINE = MergeTree ORDER BY tuple() AS "  # noqa: S608 - our own names
            f"SELECT * FROM file('{tmp_path}/{kind}.parquet')"
        )
    url = f"clickhouse://127.0.0.1:{clickhouse.port}"
    tables.same(answer(url), ours)
    for name in ("lives", "blamed", "broken", "brought"):  # chDB has one session for all who call
        clickhouse.run(f"DROP TEMPORARY TABLE cdkit_{name}")
    none = {"incidents": "none", "changes": "none"}
    tables.same(answer(url, **none), tables.ours(tmp_path, told | NOTHING_ELSE))


@pytest.mark.needs("spark")
def test_spark_answers_the_same(tmp_path: Path) -> None:
    told = tables.seeded(4)
    ours = tables.ours(tmp_path, told)
    named = [f"--table={kind}={tmp_path}/{kind}.parquet" for kind in tables.COLUMNS]
    found = told_by_a_program(str(sparks.python()), tmp_path, "--engine=spark://local", *named)
    *by_service, together = (msgspec.convert(one, Measured) for one in found["measured"])
    tables.same((tuple(by_service), together, None), ours)
    read = [f"--{kind[:-1]}-file={tmp_path}/{kind}.parquet" for kind in tables.COLUMNS]
    tables.same_course(
        found["course"], told_by_a_program(sys.executable, tmp_path, *read)["course"]
    )


def told_by_a_program(python: str, folder: Path, *given: str) -> dict[str, Any]:
    days = (tables.ASKED.until - tables.ASKED.since).days
    command = [
        *(python, "-m", "cdkit", "report-dora", *given, "--json", "dora.json"),
        *("--until", tables.ASKED.until.isoformat(), "--days", str(days), "--records", "none"),
    ]
    environ = os.environ | sparks.environ()
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]} {done.stderr[-2000:]}"
    found: dict[str, Any] = json.loads((folder / "dora.json").read_text())
    return found


@pytest.mark.parametrize("name", ["trino", "bigquery"])
def test_what_was_never_run_is_at_least_sql(name: str) -> None:
    """Neither is to be had here; that both can be asked in their own words is all that is held."""
    engine = known()[name]
    even_tables = even.tables(_unbound(), tables.ASKED, engine.micros, engine.order)
    for expression in expressions(engine, even_tables, tables.ASKED).values():
        text = COMPILERS[name].to_sqlglot(expression.unbind()).sql(name)
        (parsed,) = sqlglot.parse(text, dialect=name)
        assert isinstance(parsed, sqlglot.exp.Query)
        assert FUNCTIONS[name] in text


COMPILERS = {"trino": trino.compiler, "bigquery": bigquery.compiler}
FUNCTIONS = {"trino": "TO_UNIXTIME(", "bigquery": "UNIX_MICROS("}


def test_no_window_that_spark_is_asked_runs_to_the_last_row() -> None:
    """Such a one is quadratic there; `tests/bench/dora_spark.py` shows what it costs."""
    engine = known()["spark"]
    even_tables = even.tables(_unbound(), tables.ASKED, engine.micros, engine.order)
    lives = portable.lives(even_tables["deployments"], tables.ASKED)
    asked = [
        lives,
        portable.blamed(even_tables["incidents"], lives, tables.ASKED),
        portable.brought(even_tables["changes"], lives, tables.ASKED, asof=engine.asof),
    ]
    texts = [pyspark.compiler.to_sqlglot(one.unbind()).sql("spark") for one in asked]
    frames = {
        one for text in texts for one in re.findall(r"ORDER BY [^()]*ROWS (BETWEEN .+?)\)", text)
    }
    assert frames == {
        "BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
        "BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING",
    }


def _unbound() -> dict[str, Given]:
    types = {"VARCHAR": "string", "TIMESTAMPTZ": "timestamp('UTC')", "BOOLEAN": "boolean"}
    return {
        kind: Given(
            name=kind, table=ibis.table({one: types[of] for one, of in columns.items()}, name=kind)
        )
        for kind, columns in tables.COLUMNS.items()
    }


# What cannot be answered


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("mysql://db/x", "no engine goes by 'mysql'"),
        ("deployments", "no engine goes by ''"),
        ("postgres://me:hunter2@db/x", "a password stands in the URL"),
        ("postgres://db:port/x", "this is no URL"),
        ("postgres://db/x?sslmod=require", "PostgreSQL has no setting 'sslmod'"),
        ("trino://db/x?secure=true", "Trino has no setting 'secure'"),
        ("clickhouse://db/x?secure=yes", "secure='yes' says neither"),
    ],
)
def test_a_url_that_is_wrong_is_refused_and_never_repeated(url: str, what: str) -> None:
    with pytest.raises(RequestError, match=what) as told:
        answer(url)
    assert "hunter2" not in f"{told.value} {told.value.remedy}"


def test_a_server_that_is_not_there_gives_no_answer_and_no_password() -> None:
    url = f"postgres://me@127.0.0.1:{loopback.free_port()}/x"
    with pytest.raises(CannotTell, match="PostgreSQL gave no answer") as told:
        measure_outside(url, {}, tables.ASKED, {"CDKIT_ENGINE_PASSWORD": "hunter2"})
    assert "hunter2" not in str(told.value)


def test_a_password_goes_to_clickhouse_over_tls_where_nothing_else_is_said() -> None:
    """Ibis takes `secure` and drops it: what is sent first is looked at."""
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            for _ in range(2):  # it asks again before it gives up
                caller, _address = server.accept()
                with caller:
                    got.append(caller.recv(1000))

        listening = threading.Thread(target=listen, daemon=True)
        listening.start()
        url = f"clickhouse://me@127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(CannotTell, match="ClickHouse gave no answer"):
            measure_outside(url, {}, tables.ASKED, {"CDKIT_ENGINE_PASSWORD": "hunter2"})
    assert got[0].startswith(b"\x16\x03")  # a handshake: RFC 8446, 5.1
    assert b"hunter2" not in b"".join(got)


@pytest.mark.parametrize("extra", sorted({one.extra for one in known().values()}))
def test_what_ibis_needs_for_an_engine_is_locked_with_it(extra: str) -> None:
    """Ibis imports `packaging` for every engine, and its own extras forget it for some."""
    lock = (Path(__file__).parents[2] / f"requirements/{extra}.txt").read_text(encoding="utf-8")
    names = {line.partition("==")[0] for line in lock.splitlines() if "==" in line}
    assert {"ibis-framework", "packaging"} <= names


def test_a_path_may_begin_where_a_host_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tables.seeded(5, services=2, many=30)
    (tmp_path / "Data").mkdir()
    in_duckdb(tmp_path / "Data/x.duckdb", told)
    monkeypatch.chdir(tmp_path)
    tables.same(answer("duckdb://Data/x.duckdb"), tables.ours(tmp_path, told))


def test_a_table_that_is_not_there_is_missing(tmp_path: Path) -> None:
    url = in_duckdb(tmp_path / "x.duckdb", tables.seeded(1, many=4))
    with pytest.raises(Missing, match="events: there is no such table") as told:
        answer(url, incidents="events")
    assert "incidents=none" in told.value.remedy


def test_where_there_are_no_incidents_none_are_measured(tmp_path: Path) -> None:
    told = tables.seeded(5, services=2, many=30)
    url = in_duckdb(tmp_path / "x.duckdb", told)
    without = {**told, "incidents": []}
    tables.same(answer(url, incidents="none"), tables.ours(tmp_path, without))


def test_what_no_engine_has_is_asked_of_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ibis by itself asks a DuckDB for what stands nowhere; who measures in Spark has none."""
    told = tables.seeded(5, services=2, many=30)
    url = in_duckdb(tmp_path / "x.duckdb", told)
    ours = tables.ours(tmp_path, told | NOTHING_ELSE)
    monkeypatch.setattr(ibis.options, "default_backend", object())
    tables.same(answer(url, incidents="none", changes="none"), ours)


def test_without_deployments_nothing_is_asked() -> None:
    with pytest.raises(RequestError, match="without deployments there is nothing to measure"):
        answer("duckdb:///nowhere.duckdb", deployments="none")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("DROP COLUMN service", "deployments: has no column 'service'"),
        ('ALTER COLUMN "at" TYPE VARCHAR', "its column 'at' is of the type string"),
        ("ALTER COLUMN planned TYPE VARCHAR", "its column 'planned' is of the type string"),
    ],
)
def test_a_table_of_another_make_is_told(tmp_path: Path, change: str, what: str) -> None:
    path = tmp_path / "x.duckdb"
    url = in_duckdb(path, tables.seeded(1, many=4))
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"ALTER TABLE deployments {change}")
    with pytest.raises(Unreadable, match=what):
        answer(url)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("deployments SET environment = NULL", "deployments: 1 row without 'environment'"),
        ('deployments SET "at" = NULL', "deployments: 1 row without 'at'"),
        ("deployments SET outcome = 'FAILED'", "deployments: the outcome 'FAILED' is neither of"),
        ("changes SET committed_at = NULL", "changes: 1 row without 'committed_at'"),
        ("incidents SET opened_at = NULL", "incidents: 1 row without 'opened_at'"),
    ],
)
def test_a_row_that_cannot_be_placed_is_not_passed_over(
    tmp_path: Path, change: str, what: str
) -> None:
    path = tmp_path / "x.duckdb"
    at = tables.START
    told: tables.Rows = {
        "deployments": [("a", "production", at, "", "", "success", None, None, "")],
        "changes": [("a", at, None, "")],
        "incidents": [("a", "production", at, None, "")],
    }
    url = in_duckdb(path, told)
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"UPDATE {change}")
    with pytest.raises(Unreadable, match=what):
        answer(url)


def test_times_of_a_type_without_a_zone_are_said(tmp_path: Path) -> None:
    path = tmp_path / "naive.duckdb"
    with duckdb.connect(str(path)) as connection:
        tables.fill(connection, NOTHING_ELSE | {"deployments": []})
        for name in ("deployments", "changes"):
            connection.execute(f"DROP TABLE IF EXISTS {name}")
        connection.execute(
            'CREATE TABLE deployments (service VARCHAR, environment VARCHAR, "at" TIMESTAMP)'
        )
        connection.execute("CREATE TABLE changes (service VARCHAR, committed_at TIMESTAMPTZ)")
    *_, notes = measure_outside(f"duckdb://{path}", {}, tables.ASKED, {})
    assert notes == (
        (
            "the times of 'at' in deployments have no zone, and are read as UTC: name a view in "
            "which they have one, where they are of another"
        ),
    )
