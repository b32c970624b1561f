"""Apache DevLake's webhook: a deployment with its commit, failed ones too.

Source: DevLake, "Incoming Webhook", "Register a deployment". The address is the one of the
connection, `https://<host>/api/rest/plugins/webhook/connections/<id>`. Its environments are four;
one whose name is none of the usual ones is said with `settings: {environment: PRODUCTION}`.
"""

from cdkit.events.service import Form, Service
from cdkit.events.sinks._service import sink_of
from cdkit.events.when import When


def _body(result: str) -> dict[str, object]:
    span = {"startedDate": "{began}", "finishedDate": "{time}", "result": result}
    return {
        "id": "{id}",
        "name": "{title}",
        "url": "?{run-url}",
        "environment": "{setting.environment}",
        **span,
        "deploymentCommits": [{"repoUrl": "{repository-url}", "commitSha": "{commit}", **span}],
    }


_DEPLOYED = "service.deployed, service.upgraded, service.rolledback"

SINK = sink_of(
    Service(
        name="devlake",
        forms=(
            Form(
                body=_body("SUCCESS"),
                path="/deployments",
                takes=When(type=_DEPLOYED, outcome="success"),
            ),
            Form(
                body=_body("FAILURE"),
                path="/deployments",
                takes=When(type=_DEPLOYED, outcome="failure, error"),
            ),
        ),
        headers={"Authorization": "Bearer {key.token}"},
        keys={"url": "DEVLAKE_URL", "token": "DEVLAKE_TOKEN"},
        settings={"environment": "{tier}"},
    )
)
