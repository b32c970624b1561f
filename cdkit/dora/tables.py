"""The tables of the metrics for DuckDB: rows from here and files that it reads itself, as views.

A view reads no more of a file than what is asked of it, and copies nothing.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from cdkit.core.errors import RequestError, Unreadable
from cdkit.dora.columns import TABLES, Column, check_columns, wanted
from cdkit.dora.told import Told
from cdkit.dora.zones import Times, Unzoned, check_zone, refuse_no_moment

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# By itself DuckDB takes the quotes of a late row for part of its text, where the first had none; it
# passes over all rows before a longer one, which it takes for the header, and those that begin with
# the sign of what may be a comment.
_AS_RFC_4180 = (
    "header = true, all_varchar = true, quote = '\"', escape = '\"', skip = 0, comment = ''"
)
_READERS = {
    ".csv": f"read_csv({{path}}, {_AS_RFC_4180})",
    ".tsv": f"read_csv({{path}}, {_AS_RFC_4180}, delim = '\t')",
    ".ndjson": "read_ndjson({path}{columns})",
    ".jsonl": "read_ndjson({path}{columns})",
    ".json": "read_json({path}{columns})",
    ".parquet": "read_parquet({path})",
}
_SQL_TYPES = {"text": "VARCHAR", "time": "TIMESTAMPTZ", "truth": "BOOLEAN"}
_ZONELESS = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE"})
_AT_ONCE = 50_000
"""Rows handed over in one go: some 10 MB of JSON."""


def lay(connection: "DuckDBPyConnection", told: Told) -> None:
    """Make the views `told_deployments`, `told_changes` and `told_incidents`.

    Raises Unreadable where a file is not what its name says or lacks a column, RequestError where
    its name says nothing, or where there is no such zone.
    """
    if told.zone:
        check_zone(connection, told.zone)
    rows = (told.deployments, told.changes, told.incidents)
    for (table, columns), paths, given in zip(TABLES.items(), _files(told), rows, strict=True):
        _rows(connection, table, given)
        parts = [f"SELECT * FROM rows_{table}"]  # noqa: S608 - our own names
        parts += [_file(connection, columns, path, told.zone) for path in paths]
        text = " UNION ALL ".join(parts)
        connection.execute(f"CREATE TEMP VIEW told_{table} AS {text}")


def _rows(connection: "DuckDBPyConnection", table: str, rows: Sequence[msgspec.Struct]) -> None:
    """Put rows from here into a table, as JSON: to bind them one by one takes 50 times as long."""
    columns = TABLES[table]
    typed = ", ".join(f"{one.known} {_SQL_TYPES[one.kind]}" for one in columns)
    connection.execute(f"CREATE TEMP TABLE rows_{table} ({typed})")
    shape = msgspec.json.encode([{one.name: _SQL_TYPES[one.kind] for one in columns}]).decode()
    text = f"INSERT INTO rows_{table} SELECT unnest(from_json(?, ?), max_depth := 2)"
    for stretch in _stretches(rows):
        connection.execute(text, [msgspec.json.encode(stretch).decode(), shape])


def _stretches(rows: Sequence[msgspec.Struct]) -> Iterator[Sequence[msgspec.Struct]]:
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]


def unzoned(connection: "DuckDBPyConnection", told: Told) -> Iterator[Unzoned]:
    """Yield the columns of files in which times name no zone, where the user named none for them.

    Raises Unreadable, as `lay` does, and where a time is there twice or never in the user's zone.
    """
    import duckdb

    if told.zone:
        check_zone(connection, told.zone)
    for columns, paths in zip(TABLES.values(), _files(told), strict=True):
        found: dict[str, dict[str, int]] = {}
        for path in paths:
            read, types = _looked_into(connection, columns, path)
            try:
                for column in _times(columns, types):
                    if number := _number(connection, column, read, told.zone, path):
                        found.setdefault(column.name, {})[path] = number
            except duckdb.Error as fault:
                raise unreadable(fault, path, wanted(columns)) from fault
        for name, numbers in found.items():
            if not told.zone:
                yield Unzoned(column=name, rows=sum(numbers.values()), paths=tuple(numbers))


def _number(
    connection: "DuckDBPyConnection", column: Times, read: str, zone: str, path: str
) -> int:
    """Return how many times of a column name no zone; refuse those that are no moment in `zone`."""
    odd = column.no_moment(zone) if zone else "FALSE"
    text = (
        f"SELECT count(*), count(*) FILTER ({odd}), min({column.local}) FILTER ({odd}) "  # noqa: S608 - quoted
        f"FROM {read} WHERE {column.zoneless}"
    )
    ((number, twice, first),) = connection.execute(text).fetchall()
    refuse_no_moment(column.name, twice, first, zone, path)
    return int(number)


def _files(told: Told) -> tuple[tuple[str, ...], ...]:
    return told.deployment_files, told.change_files, told.incident_files


def _file(connection: "DuckDBPyConnection", columns: Sequence[Column], path: str, zone: str) -> str:
    """Return the query that reads a file, all of whose columns were looked up."""
    read, types = _looked_into(connection, columns, path)
    local = {one.name: one.moment(zone) for one in _times(columns, types)} if zone else {}
    chosen = ", ".join(_column(one, types, local.get(one.name, "")) for one in columns)
    return f"SELECT {chosen} FROM {read}"  # noqa: S608 - quoted


def _looked_into(
    connection: "DuckDBPyConnection", columns: Sequence[Column], path: str
) -> tuple[str, dict[str, str]]:
    """Return how a file is read, and the types of its columns; of JSON each is there, as text."""
    import duckdb

    reader = next((text for end, text in _READERS.items() if path.lower().endswith(end)), None)
    if reader is None:
        raise RequestError(
            "is of a kind that is not read",
            where=path,
            remedy=f"give a file that ends in one of: {', '.join(_READERS)}",
        )
    plain = reader.format(path=_quoted(path), columns="")
    try:
        there = connection.execute(f"DESCRIBE SELECT * FROM {plain}").fetchall()  # noqa: S608 - quoted
    except duckdb.Error as fault:
        raise unreadable(fault, path, wanted(columns)) from fault
    types = {str(row[0]): str(row[1]) for row in there}
    check_columns(columns, types, path)
    if "{columns}" in reader:
        types |= {one.name: "VARCHAR" for one in columns}
    return reader.format(path=_quoted(path), columns=_typed(columns)), types


def _times(columns: Sequence[Column], types: dict[str, str]) -> Iterator[Times]:
    """Yield the columns of times in which one may name no zone, by their types."""
    for one in columns:
        of = types.get(one.name, "")
        if one.kind == "time" and (of == "VARCHAR" or of in _ZONELESS):
            yield Times(name=one.name, is_text=of == "VARCHAR")


def _typed(columns: Sequence[Column]) -> str:
    """Return a JSON reader's columns: by itself it knows only those of the first 20,480 rows."""
    named = ", ".join(f"{one.name!r}: 'VARCHAR'" for one in columns)
    return f", columns = {{{named}}}"


def _column(one: Column, types: dict[str, str], local: str) -> str:
    """Return the expression of a column; where a file has none it is what stands for none.

    `local` is the one of a time that may name no zone, where the user named one.
    """
    sql_type = _SQL_TYPES[one.kind]
    usual = f"'{one.usual}'" if one.kind == "text" and not one.told else "NULL"
    if one.name not in types:
        return f"CAST({usual} AS {sql_type}) AS {one.known}"
    given = local or f'CAST("{one.name}" AS {sql_type})'
    if one.usual:
        given = f"nullif({given}, '')"
    return f"{given if usual == 'NULL' else f'coalesce({given}, {usual})'} AS {one.known}"


def _quoted(path: str) -> str:
    """Return a path as a text of SQL that stands for this file alone, and is no pattern."""
    plain = "".join(f"[{sign}]" if sign in "*?[" else sign for sign in path)
    return "'" + plain.replace("'", "''") + "'"


def unreadable(fault: Exception, where: str | None, remedy: str) -> Unreadable:
    """Return what DuckDB said of a table, cut to its first line."""
    said = (str(fault).splitlines() or [type(fault).__name__])[0][:300]
    return Unreadable(f"cannot be read: {said}", where=where, remedy=remedy)
