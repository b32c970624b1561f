"""BigQuery: `bigquery://project/dataset?location=EU`; who asks is Google's own affair.

The credentials are the application's default ones (Google Cloud, "Application Default
Credentials"); Ibis by itself would open a browser where there are none.

`APPROX_QUANTILES` is a guess and `PERCENTILE_CONT` no aggregate (GoogleSQL reference), so quantiles
go by ranks.
"""

from typing import Any

from cdkit.dora.address import Address
from cdkit.dora.calling import call
from cdkit.dora.outside import Engine

_SCOPE = "https://www.googleapis.com/auth/bigquery"


def _connect(address: Address) -> Any:  # noqa: ANN401 - a backend of Ibis
    import google.auth
    import ibis

    credentials, _project = google.auth.default(scopes=[_SCOPE])
    return ibis.bigquery.connect(
        project_id=address.host,
        dataset_id=address.path[0] if address.path else "",
        location=address.settings.get("location"),
        credentials=credentials,
    )


ENGINE = Engine(
    name="BigQuery",
    schemes=("bigquery",),
    extra="bigquery",
    connect=_connect,
    micros=lambda time: call("UNIX_MICROS", time, gives="int64"),
    settings=frozenset({"location"}),
)
