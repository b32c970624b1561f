"""BigQuery: `bigquery://project/dataset?location=EU`; who asks is Google's own affair (ADC).

`APPROX_QUANTILES` is a guess and `PERCENTILE_CONT` no aggregate (GoogleSQL reference), so quantiles
go by ranks.
"""

from typing import Any

from cdkit.dora.address import Address
from cdkit.dora.calling import call
from cdkit.dora.outside import Engine


def _connect(address: Address) -> Any:  # noqa: ANN401 - a backend of Ibis
    import ibis

    dataset = address.path[0] if address.path else ""
    return ibis.bigquery.connect(
        project_id=address.host, dataset_id=dataset, location=address.settings.get("location")
    )


ENGINE = Engine(
    name="BigQuery",
    schemes=("bigquery",),
    extra="bigquery",
    connect=_connect,
    micros=lambda time: call("UNIX_MICROS", time, gives="int64"),
    settings=frozenset({"location"}),
)
