"""ClickHouse over HTTP: `clickhouse://user@host:8443/database?secure=true`.

A password goes over TLS unless `secure=false` is written. It joins by time itself (ASOF); its
`quantile` is a guess from a sample (ClickHouse reference, "quantile"), so ours goes by ranks.
"""

from typing import Any

from cdkit.dora.address import Address, refuse
from cdkit.dora.calling import call
from cdkit.dora.outside import Engine, temporary

_SECURE = {"true": True, "false": False}


def _connect(address: Address) -> Any:  # noqa: ANN401 - a backend of Ibis
    import ibis

    database = address.path[0] if address.path else "default"
    said = address.settings.get("secure", "true" if address.password else "false")
    if (secure := _SECURE.get(said)) is None:
        refuse(f"secure={said[:30]!r} says neither", "write secure=true or secure=false")
    return ibis.clickhouse.connect(
        **({"port": 8443 if secure else 8123} | address.told()),
        database=database,
        interface="https" if secure else "http",  # Ibis takes `secure`, and hands it to nobody
        settings={"join_use_nulls": 1},
    )


ENGINE = Engine(
    name="ClickHouse",
    schemes=("clickhouse",),
    extra="clickhouse",
    connect=_connect,
    micros=lambda time: call(
        "toUnixTimestamp64Micro", time.cast("timestamp('UTC', 6)"), gives="int64"
    ),
    settings=frozenset({"secure"}),
    asof=True,
    instants=True,
    keep=temporary,
)
