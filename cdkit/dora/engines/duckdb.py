"""A file of DuckDB that somebody fills, opened for reading: `duckdb:///path/to/file.duckdb`."""

from typing import Any

from cdkit.dora.address import Address
from cdkit.dora.calling import call
from cdkit.dora.outside import Engine, temporary


def _connect(address: Address) -> Any:  # noqa: ANN401 - a backend of Ibis
    import ibis

    path = "/".join((address.host, *address.path))
    backend = ibis.duckdb.connect(path, read_only=True)
    backend.raw_sql("SET TimeZone = 'UTC'")
    backend.raw_sql("SET asof_loop_join_threshold = 0")
    return backend


ENGINE = Engine(
    name="DuckDB",
    schemes=("duckdb",),
    extra="duckdb",
    connect=_connect,
    files=True,
    micros=lambda time: call("epoch_us", time, gives="int64"),
    asof=True,
    quantile=lambda column, share: column.quantile(share),
    keep=temporary,
)
