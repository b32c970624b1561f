"""GitLab's pipeline triggers: starts a pipeline of a project, with the event in a variable.

Source: GitLab, "Pipeline trigger tokens API", `POST /projects/:id/trigger/pipeline`. The project
is its number or its path.
"""

from cdkit.events.service import Form, Service
from cdkit.events.sinks._service import sink_of

_BODY = {
    "token": "{key.token}",
    "ref": "{setting.ref}",
    "variables": {
        "CDKIT_READ_EVENT_EVENT": "{event-json}",
        "CDKIT_READ_EVENT_WEBHOOK_ID": "?{webhook-id}",
        "CDKIT_READ_EVENT_WEBHOOK_TIMESTAMP": "?{webhook-timestamp}",
        "CDKIT_READ_EVENT_WEBHOOK_SIGNATURE": "?{webhook-signature}",
    },
}

SINK = sink_of(
    Service(
        name="gitlab-trigger",
        base="https://{setting.host}",
        forms=(Form(path="/api/v4/projects/{setting.project}/trigger/pipeline", body=_BODY),),
        keys={"token": "GITLAB_TRIGGER_TOKEN"},
        settings={"host": "gitlab.com", "ref": "main"},
        needs=("project",),
    )
)
