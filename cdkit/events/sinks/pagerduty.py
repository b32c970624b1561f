"""PagerDuty: a change event, which wakes nobody and stands beside the next incident.

Source: PagerDuty, "Send Change Events to the PagerDuty Events API" (v2, `change/enqueue`).
"""

from cdkit.events.service import Form, Service
from cdkit.events.sinks._service import sink_of

_BODY = {
    "routing_key": "{key.token}",
    "payload": {
        "summary": "{title}",
        "source": "{repository}",
        "timestamp": "{time}",
        "custom_details": {
            "event": "{id}",
            "type": "{kind}",
            "service": "?{service}",
            "environment": "?{environment}",
            "artifact": "?{artifact}",
            "commit": "?{commit}",
            "outcome": "?{outcome}",
        },
    },
    "links": [{"?": "", "href": "{run-url}", "text": "The run"}],
}

SINK = sink_of(
    Service(
        name="pagerduty",
        base="https://{setting.host}",
        forms=(Form(body=_BODY, path="/v2/change/enqueue"),),
        keys={"token": "PAGERDUTY_ROUTING_KEY"},
        settings={"host": "events.pagerduty.com"},
    )
)
