"""ClickHouse over HTTP: `clickhouse://user@host:8443/database?secure=true`.

It joins by time itself (ASOF); its `quantile` is a guess from a sample (ClickHouse reference,
"quantile"), so ours goes by ranks.
"""

from typing import Any

from cdkit.dora.address import Address
from cdkit.dora.calling import call
from cdkit.dora.outside import Engine, temporary

_TRUE = frozenset({"1", "true", "yes"})


def _connect(address: Address) -> Any:  # noqa: ANN401 - a backend of Ibis
    import ibis

    database = address.path[0] if address.path else "default"
    secure = address.settings.get("secure", "").lower() in _TRUE
    return ibis.clickhouse.connect(
        **address.told(), database=database, secure=secure, settings={"join_use_nulls": 1}
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
    keep=temporary,
)
