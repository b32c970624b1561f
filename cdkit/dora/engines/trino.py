"""Trino: `trino://user@host:8443/catalog/schema`; with a password it is asked over TLS.

It has no exact quantile (`approx_percentile` alone) and no join by time.
"""

from typing import Any

from cdkit.dora.address import Address
from cdkit.dora.calling import call
from cdkit.dora.outside import Engine
from cdkit.dora.portable import Expr


def _connect(address: Address) -> Any:  # noqa: ANN401 - a backend of Ibis
    import ibis

    names = dict(zip(("database", "schema"), address.path, strict=False))
    told = address.told()
    password = told.pop("password", None)
    return ibis.trino.connect(
        **told, **names, auth=password, http_scheme="https" if password else "http", timezone="UTC"
    )


def _micros(time: Expr) -> Expr:
    return (call("to_unixtime", time, gives="float64") * 1e6).round().cast("int64")


ENGINE = Engine(
    name="Trino",
    schemes=("trino",),
    extra="trino",
    connect=_connect,
    micros=_micros,
)
