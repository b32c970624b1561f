"""Times that name no zone are said, and read as of the zone that the user names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from cdkit.core.errors import RequestError, Unreadable
from cdkit.dora.engine import judged, without_zone
from cdkit.dora.told import Asked, Told
from cdkit.dora.zones import in_zone, said_of_end

ASKED = Asked(
    environment="production",
    since=datetime(2026, 1, 1, tzinfo=UTC),
    until=datetime(2027, 1, 1, tzinfo=UTC),
)


def table(folder: Path, *times: str, kind: str = "csv") -> Told:
    """A file of deployments at these times, as text; of Parquet without a zone."""
    path = folder / f"d.{kind}"
    rows = ", ".join(f"('orders', 'production', '{at}')" for at in times)
    typed = 'SELECT service, environment, "at"::TIMESTAMP AS "at"' if kind == "parquet" else "FROM"
    source = f'(VALUES {rows}) AS t(service, environment, "at")'
    query = f"{typed} {'FROM ' if kind == 'parquet' else ''}{source}"
    form = {"csv": "FORMAT csv", "ndjson": "FORMAT json", "parquet": "FORMAT parquet"}[kind]
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' ({form})")
    return Told(deployment_files=(str(path),))


def zoned(told: Told, zone: str) -> Told:
    return Told(deployment_files=told.deployment_files, zone=zone)


def made(told: Told) -> list[str]:
    with judged(told, ASKED) as connection:
        rows = connection.execute("SELECT t FROM lives ORDER BY t").fetchall()
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return [f"{start + timedelta(microseconds=row[0]):%m-%d %H:%M}" for row in rows]


NAMED = (
    "2026-06-01T10:00:00Z",
    "2026-06-01T10:00:00.123456z",
    "2026-06-01 10:00:00+02:00",
    "2026-06-01 10:00+02",
    "2026-06-01 10:00:00 -0530",
    "2026-06-01 10:00:00 Europe/Berlin",
    " 2026-06-01T10:00:00Z ",
)
UNNAMED = ("2026-06-01T10:00:00", "2026-06-01 10:00", "2026-06-01", "2026-06-01T10:00:00.5")


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_times_without_a_zone_are_said_once_for_a_column(tmp_path: Path, kind: str) -> None:
    told = table(tmp_path, *NAMED[:4], *UNNAMED, kind=kind)
    assert without_zone(told) == (
        (
            f"4 times of 'at' in {tmp_path}/d.{kind} name no zone, and are read as UTC: "
            "say where they are of with --zone (Europe/Berlin), or --zone UTC"
        ),
    )


@pytest.mark.parametrize("at", NAMED)
def test_a_time_with_its_zone_is_none_of_them(tmp_path: Path, at: str) -> None:
    assert without_zone(table(tmp_path, at)) == ()


@pytest.mark.parametrize("at", UNNAMED)
def test_a_time_without_one_is(tmp_path: Path, at: str) -> None:
    (said,) = without_zone(table(tmp_path, at))
    assert said.startswith("1 time of 'at'")


def test_a_table_whose_type_has_no_zone_is_said(tmp_path: Path) -> None:
    (said,) = without_zone(table(tmp_path, *UNNAMED, kind="parquet"))
    assert said.startswith(f"4 times of 'at' in {tmp_path}/d.parquet name no zone")


@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet"])
def test_a_zone_that_is_named_counts_for_them_alone(tmp_path: Path, kind: str) -> None:
    named = () if kind == "parquet" else ("2026-06-03T10:00:00Z",)
    told = zoned(
        table(tmp_path, "2026-01-02T10:00:00", "2026-06-01T10:00:00", *named, kind=kind),
        "Europe/Berlin",
    )
    assert without_zone(told) == ()
    assert made(told) == ["01-02 09:00", "06-01 08:00", *(["06-03 10:00"] if named else [])]


def test_utc_that_is_named_is_no_note(tmp_path: Path) -> None:
    told = zoned(table(tmp_path, *UNNAMED[:1]), "UTC")
    assert (without_zone(told), made(told)) == ((), ["06-01 10:00"])


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("Europe/Berlin", "2026-10-25T02:30:00"),
        ("Europe/Berlin", "2026-10-25T02:00:00"),
        ("Europe/Berlin", "2026-03-29T02:00:00"),
        ("Europe/Berlin", "2026-03-29T02:59:59"),
        ("Australia/Lord_Howe", "2026-04-05T01:45:00"),
        ("Antarctica/Troll", "2026-10-25T01:30:00"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_local_time_that_is_there_twice_or_never_is_no_time(
    tmp_path: Path, zone: str, at: str, kind: str
) -> None:
    told = zoned(table(tmp_path, "2026-06-01T10:00:00", at, kind=kind), zone)
    with pytest.raises(Unreadable, match=f"1 time of 'at' are there twice or never in {zone}"):
        without_zone(told)


@pytest.mark.parametrize(
    "at",
    [
        "2026-10-25T01:59:59",
        "2026-10-25T03:00:00",
        "2026-03-29T01:59:59",
        "2026-03-29T03:00:00",
        "2026-10-25T02:30:00+02:00",
    ],
)
def test_the_times_around_a_change_of_clocks_are_times(tmp_path: Path, at: str) -> None:
    assert without_zone(zoned(table(tmp_path, at), "Europe/Berlin")) == ()


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "x' OR 1=1 --", "+02:00", "europe/berlin"])
def test_what_is_no_zone_is_a_wrong_request(tmp_path: Path, zone: str) -> None:
    told = zoned(table(tmp_path, *UNNAMED), zone)
    for asking in (without_zone, made):
        with pytest.raises(RequestError, match="is no time zone"):
            asking(told)


def test_a_text_that_is_no_time_is_left_to_who_reads_it(tmp_path: Path) -> None:
    assert without_zone(table(tmp_path, "yesterday")) == ()


def test_the_end_of_the_window_is_in_the_zone_too() -> None:
    local = datetime(2026, 6, 1, 10)  # noqa: DTZ001 - that is the case
    assert in_zone(local, "") == datetime(2026, 6, 1, 10, tzinfo=UTC)
    assert in_zone(local, "Europe/Berlin") == datetime(2026, 6, 1, 8, tzinfo=UTC)
    with pytest.raises(RequestError, match="is there twice or never in Europe/Berlin"):
        in_zone(datetime(2026, 10, 25, 2, 30), "Europe/Berlin")  # noqa: DTZ001 - the same
    (said,) = said_of_end("2026-06-01T10:00:00", "")
    assert said == "until 2026-06-01T10:00:00 names no zone, and is read as UTC"
    assert [*said_of_end("2026-06-01T10:00:00Z", ""), *said_of_end("2026-06-01", "UTC")] == []
    for strange in ("Europe/Nowhere", "../../etc/passwd", "a\0b"):
        with pytest.raises(RequestError, match="is no time zone"):
            in_zone(local, strange)
