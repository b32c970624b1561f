"""An environment under another spelling: `Production`, where `production` is asked for.

Names are compared as they stand, since systems differ in whether they tell such two apart. That
rows were left out for a spelling is said.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cdkit.core.spoken import counted
from cdkit.dora.even import Given
from cdkit.dora.told import Asked

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

KINDS = ("deployments", "incidents")
"""The tables whose rows have an environment."""

_IN_SQL = """
SELECT environment, count(*) FROM told_{kind}
WHERE environment <> $environment AND lower(trim(environment)) = lower(trim($environment))
GROUP BY environment ORDER BY environment
"""


def in_duckdb(connection: "DuckDBPyConnection", kind: str, asked: Asked) -> Iterator[str]:
    """Yield what is to be said of one of the `KINDS`, in the views that `lay` made."""
    text = _IN_SQL.replace("{kind}", kind)
    found = connection.execute(text, {"environment": asked.environment}).fetchall()
    yield from _said(kind, found, asked)


def elsewhere(kind: str, given: Given, asked: Asked) -> Iterator[str]:
    """Yield what is to be said of one of the `KINDS`, where it stands in an engine outside."""
    if given.table is None:
        return
    name = given.table["environment"].cast("string")
    other = (name != asked.environment) & (
        name.strip().lower() == asked.environment.strip().lower()
    )
    counts = given.table.filter(other).group_by(name.name("environment")).agg(rows=other.count())
    rows = counts.order_by("environment").to_pyarrow().to_pylist()
    yield from _said(kind, ((row["environment"], row["rows"]) for row in rows), asked)


def _said(kind: str, found: Iterable[tuple[str, int]], asked: Asked) -> Iterator[str]:
    for name, rows in found:
        yield (
            f"{counted(rows, kind.removesuffix('s'))} of {name[:60]!r} left out, since"
            f" {asked.environment!r} is asked for: write both alike, or ask for that one"
        )
