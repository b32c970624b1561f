"""Trino: `trino://user@host:8443/catalog/schema`; with a password it is asked over TLS.

It has no exact quantile (`approx_percentile` alone) and no join by time.
"""

from typing import Any

from cdkit.dora.address import Address, refuse
from cdkit.dora.calling import call
from cdkit.dora.outside import Engine
from cdkit.dora.portable import Expr


def _connect(address: Address) -> Any:  # noqa: ANN401 - a backend of Ibis
    import ibis
    from trino.auth import BasicAuthentication

    names = dict(zip(("database", "schema"), address.path, strict=False))
    told = address.told()
    password = told.pop("password", None)
    if password and not address.user:
        refuse("a password is set, and no user is named", "write trino://user@host:8443/catalog")
    auth = BasicAuthentication(address.user, password) if password else None
    scheme = "https" if password else "http"
    return ibis.trino.connect(**told, **names, auth=auth, http_scheme=scheme, timezone="UTC")


def _micros(time: Expr) -> Expr:
    return (call("to_unixtime", time, gives="float64") * 1e6).round().cast("int64")


ENGINE = Engine(
    name="Trino",
    schemes=("trino",),
    extra="trino",
    connect=_connect,
    micros=_micros,
)
