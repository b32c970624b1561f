"""GitHub's `workflow_dispatch`: starts one workflow, which has the inputs that are named here.

Source: GitHub REST API, "Create a workflow dispatch event". The workflow declares the inputs
`cdevent`, and where it is signed `webhook-id`, `webhook-timestamp` and `webhook-signature`.
"""

from cdkit.events.service import Form, Service
from cdkit.events.sinks._service import sink_of

_BODY = {
    "ref": "{setting.ref}",
    "inputs": {
        "cdevent": "{event-json}",
        "webhook-id": "?{webhook-id}",
        "webhook-timestamp": "?{webhook-timestamp}",
        "webhook-signature": "?{webhook-signature}",
    },
}

SINK = sink_of(
    Service(
        name="github-workflow",
        base="https://api.github.com",
        forms=(
            Form(
                path="/repos/{setting.repository}/actions/workflows/{setting.workflow}/dispatches",
                body=_BODY,
            ),
        ),
        headers={
            "Authorization": "Bearer {key.token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        },
        keys={"token": "GITHUB_TOKEN"},
        settings={"ref": "main"},
        needs=("repository", "workflow"),
        path_safe="/",
    )
)
