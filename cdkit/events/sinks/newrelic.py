"""New Relic's change tracking: a marker for a deployment of an entity.

Source: New Relic, "Track changes using NerdGraph" (`changeTrackingCreateDeployment`). GraphQL says
200 for what it refused too, with `errors`.
"""

import msgspec

from cdkit.core.world import Response
from cdkit.events.service import Form, Service
from cdkit.events.sinks._service import sink_of
from cdkit.events.when import When

_QUERY = (
    "mutation($deployment: ChangeTrackingDeploymentInput!) "
    "{ changeTrackingCreateDeployment(deployment: $deployment) { deploymentId } }"
)
_BODY = {
    "query": _QUERY,
    "variables": {
        "deployment": {
            "entityGuid": "{setting.entity}",
            "version": "{version}",
            "commit": "?{commit}",
            "deepLink": "?{run-url}",
            "deploymentType": "{setting.deployment-type}",
            "description": "{title}",
            "groupId": "?{chain}",
            "timestamp": "{time-ms}",
            "user": "?{actor}",
        }
    },
}


def _judge(answer: Response) -> str:
    """Return the fault that an answer of 200 hides: errors, or no answer of GraphQL at all."""
    try:
        told = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError):
        return "an answer that is not GraphQL's"
    if not isinstance(told, dict) or told.get("errors") or not told.get("data"):
        return "GraphQL reports errors: look at the entity, the key and its rights"
    return ""


SINK = sink_of(
    Service(
        name="newrelic",
        base="https://{setting.host}/graphql",
        forms=(
            Form(
                body=_BODY,
                takes=When(
                    type="service.deployed, service.upgraded, service.rolledback",
                    outcome="success",
                ),
            ),
        ),
        headers={"API-Key": "{key.token}"},
        keys={"token": "NEW_RELIC_API_KEY"},
        settings={"host": "api.newrelic.com", "deployment-type": "BASIC"},
        needs=("entity",),
        judge=_judge,
    )
)
