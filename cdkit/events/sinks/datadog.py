"""Datadog's DORA metrics: deployments that came about, and incidents.

Source: Datadog API, "Send a deployment event" and "Send an incident event" (v2, dora). A time is in
nanoseconds; an id has 16 to 128 characters.
"""

from cdkit.events.service import Form, Service
from cdkit.events.sinks._service import sink_of
from cdkit.events.when import When

_GIT = {"?": "", "commit_sha": "{commit}", "repository_url": "{repository-url}"}
_DEPLOYMENT = {
    "data": {
        "attributes": {
            "id": "{id}",
            "service": "{service}",
            "env": "{environment}",
            "started_at": "{began-ns}",
            "finished_at": "{time-ns}",
            "version": "?{version}",
            "team": "?{team}",
            "git": _GIT,
            "custom_tags": ["?run:{run}", "?planned:{planned}", "rollback:{rollback}"],
        }
    }
}
_INCIDENT = {
    "data": {
        "attributes": {
            "id": "{about}",
            "name": "{title}",
            "services": ["{service}"],
            "env": "?{environment}",
            "started_at": "{began-ns}",
            "team": "?{team}",
            "git": _GIT,
        }
    }
}
_RESOLVED = {
    "data": {
        "attributes": {**_INCIDENT["data"]["attributes"], "finished_at": "{time-ns}"},
    }
}

SINK = sink_of(
    Service(
        name="datadog",
        base="https://api.{setting.site}",
        forms=(
            Form(
                path="/api/v2/dora/deployment",
                body=_DEPLOYMENT,
                takes=When(
                    type="service.deployed, service.upgraded, service.rolledback",
                    outcome="success",
                ),
            ),
            Form(
                path="/api/v2/dora/failure",
                body=_INCIDENT,
                takes=When(type="incident.detected, incident.reported"),
            ),
            Form(path="/api/v2/dora/failure", body=_RESOLVED, takes=When(type="incident.resolved")),
        ),
        headers={"DD-API-KEY": "{key.token}"},
        keys={"token": "DD_API_KEY"},
        settings={"site": "datadoghq.com"},
    )
)
