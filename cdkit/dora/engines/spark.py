"""Spark: a cluster by `spark://host:7077`, Spark Connect by `sc://host:15002`, or `spark://local`.

It joins nothing by time; `percentile` is exact (Spark SQL functions), `percentile_approx` is not.
What the session needs beyond the address it takes from SPARK_CONF_DIR, as any Spark program does.
"""

from typing import Any

from cdkit.dora.address import Address
from cdkit.dora.calling import call, sum_up
from cdkit.dora.outside import Engine
from cdkit.dora.portable import Expr

_PATIENCE = 20.0
"""Seconds."""


def _connect(address: Address) -> Any:  # noqa: ANN401 - a backend of Ibis
    import ibis
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("cdkit report-dora")
    place = f"{address.host}:{address.port}" if address.port else address.host
    if address.scheme == "sc":
        builder = builder.remote(_answering(f"sc://{place}{_token(address)}", place))
    elif address.host == "local":
        local = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        quiet = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
        small = {"spark.sql.debug.maxToStringFields": "999"}
        builder = builder.master("local[*]").config(map=local | quiet | small)
    else:
        builder = builder.master(f"spark://{place}")
    session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    if address.path:
        session.catalog.setCurrentDatabase(address.path[0])
    return ibis.pyspark.connect(session)


def _answering(url: str, place: str) -> str:
    """Return the URL; TimeoutError where nobody answers, which Spark tries for ten minutes."""
    import grpc
    from pyspark.sql.connect.client import DefaultChannelBuilder

    channel = DefaultChannelBuilder(url).toChannel()
    try:
        grpc.channel_ready_future(channel).result(timeout=_PATIENCE)
    except grpc.FutureTimeoutError as fault:
        raise TimeoutError(f"nobody answers at {place}") from fault
    finally:
        channel.close()
    return url


def _token(address: Address) -> str:
    """Return what Spark Connect wants after the address (its "connection string")."""
    return f"/;use_ssl=true;token={address.password.reveal()}" if address.password else ""


def _keep(backend: Any, name: str, table: Expr) -> Expr:  # noqa: ANN401 - a backend of Ibis
    """Keep a table in the session's memory, under a name that only the session sees."""
    frame = backend._session.sql(backend.compile(table)).cache()  # noqa: SLF001 - Ibis shows no other way
    frame.createOrReplaceTempView(name)
    return backend.table(name).cast(table.schema())  # Spark numbers rows by 32 bits


ENGINE = Engine(
    name="Spark",
    schemes=("spark", "sc"),
    extra="spark",
    connect=_connect,
    files=True,
    instants=True,  # Ibis has one type for TIMESTAMP and TIMESTAMP_NTZ, which is rare
    micros=lambda time: call("unix_micros", time, gives="int64"),
    quantile=lambda column, share: sum_up("percentile", column, share, gives="float64"),
    keep=_keep,
)
