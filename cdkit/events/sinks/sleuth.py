"""Sleuth: registers a deploy of a commit.

Source: Sleuth, "Deploy registration" (`register_deploy`). A commit that it has already is no fault.
"""

from cdkit.events.service import Form, Service
from cdkit.events.sinks._service import sink_of
from cdkit.events.when import When

_BODY = {
    "sha": "{commit}",
    "environment": "{environment}",
    "date": "{time}",
    "ignore_if_duplicate": "true",
    "links": {"run": "?{run-url}"},
}

SINK = sink_of(
    Service(
        name="sleuth",
        base="https://app.sleuth.io",
        forms=(
            Form(
                path="/api/1/deployments/{setting.organization}/{setting.deployment}/register_deploy",
                body=_BODY,
                takes=When(
                    type="service.deployed, service.upgraded, service.rolledback",
                    outcome="success",
                ),
            ),
        ),
        headers={"Authorization": "Bearer {key.token}"},
        keys={"token": "SLEUTH_TOKEN"},
        needs=("organization", "deployment"),
    )
)
