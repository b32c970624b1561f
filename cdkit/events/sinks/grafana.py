"""Grafana: an annotation, from when it began to when it was done.

Source: Grafana HTTP API, "Create Annotation" (`POST /api/annotations`; times in milliseconds).
"""

from cdkit.events.service import Form, Service
from cdkit.events.sinks._service import sink_of

_BODY = {
    "dashboardUID": "?{setting.dashboard}",
    "time": "{began-ms}",
    "timeEnd": "{time-ms}",
    "tags": ["cdkit", "{kind}", "?{service}", "?{environment}", "?outcome:{outcome}"],
    "text": "{title}",
}

SINK = sink_of(
    Service(
        name="grafana",
        forms=(Form(body=_BODY, path="/api/annotations"),),
        headers={"Authorization": "Bearer {key.token}"},
        keys={"url": "GRAFANA_URL", "token": "GRAFANA_TOKEN"},
        settings={"dashboard": ""},
    )
)
