"""PostgreSQL: `postgres://user@host:5432/database/schema?sslmode=verify-full`.

What the URL does not say libpq takes from PGHOST, PGPASSWORD, ~/.pgpass and so on (PostgreSQL
manual, "Environment Variables"). Its texts sort by the collation of the database, so order is asked
for by their bytes; `percentile_cont` is exact.
"""

from typing import Any

from cdkit.dora.address import Address
from cdkit.dora.calling import call
from cdkit.dora.outside import Engine, temporary
from cdkit.dora.portable import Expr

_SETTINGS = frozenset({"sslmode", "sslrootcert", "host", "connect_timeout"})
"""`host` may be the folder of a socket, which has no place before the `/`."""


def _connect(address: Address) -> Any:  # noqa: ANN401 - a backend of Ibis
    import ibis

    names = dict(zip(("database", "schema"), address.path, strict=False))
    told = {"connect_timeout": "20"} | address.told() | names | address.settings
    backend = ibis.postgres.connect(**told)
    backend.raw_sql("SET TIME ZONE 'UTC'").close()
    return backend


def _micros(time: Expr) -> Expr:
    """Return microseconds: seconds are a double here, exact to one up to the year 2106."""
    return (call("date_part", "epoch", time, gives="float64") * 1e6).round().cast("int64")


ENGINE = Engine(
    name="PostgreSQL",
    schemes=("postgres", "postgresql"),
    extra="postgres",
    connect=_connect,
    micros=_micros,
    order=lambda text: call("convert_to", text, "UTF8", gives="binary"),
    settings=_SETTINGS,
    quantile=lambda column, share: column.quantile(share),
    keep=temporary,
)
