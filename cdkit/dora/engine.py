"""DuckDB, in this process: rows and files in, the metrics out.

It is an extra (`cdkit[dora]`): who does not measure does not carry it.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cdkit.core.errors import MissingExtra, RequestError, Unreadable
from cdkit.dora import sql
from cdkit.dora.told import Asked, Changed, Deployed, Incident, Measured, Spread, Told

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_READERS = {
    ".csv": "read_csv(?, header = true, all_varchar = true)",
    ".tsv": "read_csv(?, header = true, all_varchar = true, delim = '\t')",
    ".ndjson": "read_ndjson(?)",
    ".jsonl": "read_ndjson(?)",
    ".json": "read_json(?)",
    ".parquet": "read_parquet(?)",
}
_TYPES: dict[str, tuple[str, ...]] = {
    "told_deployments": (
        *("service!", "environment!", "at!t", "digest", "commit", "outcome=success", "planned?b"),
        *("team", "id"),
    ),
    "told_changes": ("service!", "commit", "committed_at!t", "merged_at?t", "deployment"),
    "told_incidents": (
        *("service!", "environment!", "opened_at!t", "resolved_at?t", "cause", "id"),
    ),
}
"""Columns: `!` must be there, `t` is a time, `b` a truth, `?` may be null; others are text."""

_FOR_PEOPLE = frozenset({"who", "url"})
_ALL = "all services together"


def measure(told: Told, asked: Asked) -> tuple[tuple[Measured, ...], Measured | None]:
    """Return the metrics of each service, and of all of them together where there are several.

    Raises MissingExtra where DuckDB is not installed, Unreadable where a file is not what its name
    says or lacks a column.
    """
    with judged(told, asked) as connection:
        return _measured(connection, asked)


@contextmanager
def judged(told: Told, asked: Asked) -> Iterator["DuckDBPyConnection"]:
    """Open a database with what was told, judged: the tables that `sql.py` makes.

    Raises what `measure` raises.
    """
    connection = _connect()
    with connection:
        connection.execute(sql.TABLES)
        _rows(connection, "told_deployments", told.deployments, Deployed)
        _rows(connection, "told_changes", told.changes, Changed)
        _rows(connection, "told_incidents", told.incidents, Incident)
        for table, paths in (
            ("told_deployments", told.deployment_files),
            ("told_changes", told.change_files),
            ("told_incidents", told.incident_files),
        ):
            for path in paths:
                _file(connection, table, path)
        given = _given(asked)
        for text in (sql.DEPLOYMENTS, sql.INCIDENTS, sql.FAILURES, sql.LEADS):
            connection.execute(text, _used(text, given))
        yield connection


def _connect() -> "DuckDBPyConnection":
    try:
        import duckdb
    except ImportError as fault:
        raise MissingExtra("duckdb", "dora", wanted_by="the metrics") from fault
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    # Over files the planner guesses few rows, and takes a join that is quadratic.
    connection.execute("SET asof_loop_join_threshold = 0")
    return connection


def _rows(
    connection: "DuckDBPyConnection", table: str, rows: Sequence[Any], kind: type[Any]
) -> None:
    if not rows:
        return
    names = [name for name in kind.__struct_fields__ if name not in _FOR_PEOPLE]
    values = [[_plain(getattr(row, name)) for name in names] for row in rows]
    marks = ", ".join("?" for _ in names)
    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)  # noqa: S608 - our own names


def _plain(value: object) -> object:
    """Return a value as DuckDB takes it: times in UTC."""
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _file(connection: "DuckDBPyConnection", table: str, path: str) -> None:
    import duckdb

    reader = next((text for end, text in _READERS.items() if path.lower().endswith(end)), None)
    if reader is None:
        raise RequestError(
            "is of a kind that is not read",
            where=path,
            remedy=f"give a file that ends in one of: {', '.join(_READERS)}",
        )
    try:
        there = connection.execute(f"DESCRIBE SELECT * FROM {reader}", [path]).fetchall()  # noqa: S608 - our own text
        columns = {str(row[0]) for row in there}
        chosen = [_column(one, columns, path) for one in _TYPES[table]]
        connection.execute(f"INSERT INTO {table} SELECT {', '.join(chosen)} FROM {reader}", [path])  # noqa: S608 - the same
    except duckdb.Error as fault:
        said = str(fault).splitlines()[0][:300]
        raise Unreadable(f"cannot be read: {said}", where=path, remedy=_columns(table)) from fault


def _column(one: str, there: set[str], path: str) -> str:
    """Return the expression of a column, as its mark in `_TYPES` has it."""
    name = one.split("!", maxsplit=1)[0].split("?", maxsplit=1)[0].split("=", maxsplit=1)[0]
    if name not in there:
        if "!" in one:
            raise Unreadable(
                f"has no column {name!r}", where=path, remedy=f"it has: {', '.join(sorted(there))}"
            )
        return "NULL" if "?" in one else f"'{one.partition('=')[2]}'"
    if one.endswith(("!t", "?t")):
        return f'CAST("{name}" AS TIMESTAMPTZ)'
    if one.endswith("?b"):
        return f'CAST("{name}" AS BOOLEAN)'
    return f"coalesce(CAST(\"{name}\" AS VARCHAR), '{one.partition('=')[2]}')"


def _columns(table: str) -> str:
    names = ", ".join(one.split("!")[0].split("?")[0].split("=")[0] for one in _TYPES[table])
    return f"give a table with the columns {names}; times as RFC 3339"


def _measured(
    connection: "DuckDBPyConnection", asked: Asked
) -> tuple[tuple[Measured, ...], Measured | None]:
    given = _given(asked)
    by_service = _result(connection, "service", given)
    together = _result(connection, f"'{_ALL}'", given)
    return by_service, together[0] if len(by_service) > 1 else None


def _given(asked: Asked) -> dict[str, Any]:
    return {
        "environment": asked.environment,
        "since": asked.since,
        "until": asked.until,
        "hours": asked.hours,
    }


def _used(text: str, given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if f"${name}" in text}


def _result(
    connection: "DuckDBPyConnection", group: str, given: dict[str, Any]
) -> tuple[Measured, ...]:
    text = sql.RESULT.replace("{group}", group)
    rows = connection.execute(text, _used(text, given)).fetchall()
    return tuple(_of_row(row) for row in rows)


def _of_row(row: Sequence[Any]) -> Measured:
    names = (
        *("service", "services", "deployments", "rollbacks", "redeployments", "failed", "rework"),
        *("with_changes", "incidents", "incidents_linked", "still_failing"),
    )
    values: dict[str, Any] = dict(zip(names, row[: len(names)], strict=True))
    spreads = iter(row[len(names) :])
    pairs = list(zip(spreads, spreads, strict=True))
    told = ("commit_lead", "merge_lead", "between", "recovery", "restore")
    values |= {name: _spread(*pair) for name, pair in zip(told, pairs, strict=True)}
    return Measured(**values)


def _spread(n: int | None, quantiles: Iterable[float] | None) -> Spread:
    if not n or quantiles is None:
        return Spread()
    p50, p90, p95 = quantiles
    return Spread(n=n, p50=p50, p90=p90, p95=p95)
