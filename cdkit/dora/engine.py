"""DuckDB, in this process: rows and files in, the metrics out.

It is an extra (`cdkit[dora]`): who does not measure does not carry it.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cdkit.core.errors import MissingExtra
from cdkit.dora import spelling, sql
from cdkit.dora.columns import TABLES, check_values, wanted
from cdkit.dora.tables import lay, unreadable, unzoned
from cdkit.dora.told import Asked, Measured, Spread, Told

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ALL = "all services together"
_MICROSECONDS = 1e6
_JUDGEMENT = (
    ("deployments", sql.HERE),
    ("deployments", sql.LIVES),
    ("incidents", sql.BLAME),
    ("incidents", sql.BROKEN),
    ("changes", sql.BROUGHT),
)
"""What is asked in turn, each with the table that is read by it."""


def measure(told: Told, asked: Asked) -> tuple[tuple[Measured, ...], Measured | None]:
    """Return the metrics of each service, and of all of them together where there are several.

    Raises MissingExtra where DuckDB is not installed, Unreadable where a file is not what its name
    says, lacks a column or has rows that cannot be placed.
    """
    with judged(told, asked) as connection:
        rows = _run(connection, sql.RESULT, asked).fetchall()
    return of_rows(rows)


def without_zone(told: Told) -> tuple[str, ...]:
    """Return what is to be said of times in files that name no zone, a line for each column.

    Raises RequestError where `told` names a zone that is none, Unreadable where a time is there
    twice or never in it; else as `measure` does.
    """
    with _connected() as connection:
        return tuple(one.said() for one in unzoned(connection, told))


def other_spellings(told: Told, asked: Asked) -> tuple[str, ...]:
    """Return what is to be said of rows of the same environment in another spelling.

    Raises what `measure` raises.
    """
    with _connected() as connection:
        lay(connection, told)
        found: list[str] = []
        for table in spelling.KINDS:
            with _reading(table, told):
                found += spelling.in_duckdb(connection, table, asked)
    return tuple(found)


@contextmanager
def judged(told: Told, asked: Asked) -> "Iterator[DuckDBPyConnection]":
    """Open a connection to all that was told, as judged: it has the views of `sql.VIEWS`."""
    with _connected() as connection:
        lay(connection, told)
        for table, text in _JUDGEMENT:
            with _reading(table, told):
                _all(connection, text, asked)
        for table, text in sql.FAULTS.items():
            without_environment, without_time, outcome = _run(connection, text, asked).fetchall()[0]
            time = next(one.name for one in TABLES[table] if one.kind == "time" and one.told)
            nameless = {"environment": without_environment, time: without_time}
            check_values(nameless, outcome, _places(table, told))
        _all(connection, sql.VIEWS, asked)
        yield connection


@contextmanager
def _reading(table: str, told: Told) -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.Error as fault:
        raise unreadable(fault, _places(table, told), wanted(TABLES[table])) from fault


def _places(table: str, told: Told) -> str:
    """Return where a table was told: its files, else its name."""
    files = {
        "deployments": told.deployment_files,
        "changes": told.change_files,
        "incidents": told.incident_files,
    }[table]
    return ", ".join(files[:3]) + (", …" if len(files) > 3 else "") or f"the {table}"


def _connected() -> "DuckDBPyConnection":
    try:
        import duckdb
    except ImportError as fault:
        raise MissingExtra("duckdb", "dora", wanted_by="the metrics") from fault
    connection = duckdb.connect()
    for setting in _SETTINGS:
        connection.execute(f"SET {setting}")
    return connection


_SETTINGS = (
    "TimeZone = 'UTC'",
    "enable_progress_bar = false",
    "preserve_insertion_order = false",
    # Over files the planner guesses few rows, and takes a join that is quadratic.
    "asof_loop_join_threshold = 0",
)


def _all(connection: "DuckDBPyConnection", text: str, asked: Asked) -> None:
    for statement in text.split(";\n"):
        if statement.strip():
            _run(connection, statement, asked)


def _run(connection: "DuckDBPyConnection", text: str, asked: Asked) -> "DuckDBPyConnection":
    given = {
        "environment": asked.environment,
        "since": asked.since,
        "until": asked.until,
        "hours": asked.hours,
    }
    used = {name: value for name, value in given.items() if f"${name}" in text}
    return connection.execute(text, used)


def of_rows(rows: Iterable[Sequence[Any]]) -> tuple[tuple[Measured, ...], Measured | None]:
    """Return the metrics of the rows of `sql.RESULT`: the one without a name is of all together."""
    measured = [(row[0], _of_row(row)) for row in rows]
    by_service = tuple(one for name, one in measured if name is not None)
    together = next((one for name, one in measured if name is None), None)
    return by_service, together if len(by_service) > 1 else None


def _of_row(row: Sequence[Any]) -> Measured:
    names = (
        *("services", "deployments", "rollbacks", "redeployments", "failed", "rework"),
        *("with_changes", "unsuccessful", "incidents", "incidents_linked", "still_failing"),
        "incidents_unknown",
    )
    counts = row[1 : len(names) + 1]
    values: dict[str, Any] = dict(zip(names, counts, strict=True))
    spreads = iter(row[len(names) + 1 :])
    pairs = list(zip(spreads, spreads, strict=True))
    told = ("commit_lead", "merge_lead", "between", "recovery", "restore")
    values |= {name: _spread(*pair) for name, pair in zip(told, pairs, strict=True)}
    return Measured(service=ALL if row[0] is None else row[0], **values)


def _spread(n: int | None, quantiles: Iterable[float] | None) -> Spread:
    """Return a spread in seconds of one in microseconds."""
    if not n or quantiles is None:
        return Spread()
    p50, p90, p95 = (value / _MICROSECONDS for value in quantiles)
    return Spread(n=n, p50=p50, p90=p90, p95=p95)
