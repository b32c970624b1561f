"""GitHub's `repository_dispatch`: starts the workflows of a repository that wait for this type.

Source: GitHub REST API, "Create a repository dispatch event". The event travels as text, so that
its signature holds to the byte: `cdkit read-event` reads it on the other side. A workflow's own
token may do this in its own repository; another needs a token with `contents: write` there.
"""

from cdkit.events.service import Form, Service
from cdkit.events.sinks._service import sink_of

_BODY = {
    "event_type": "{kind}",
    "client_payload": {
        "cdevent": "{event-json}",
        "webhook-id": "?{webhook-id}",
        "webhook-timestamp": "?{webhook-timestamp}",
        "webhook-signature": "?{webhook-signature}",
    },
}

SINK = sink_of(
    Service(
        name="github-dispatch",
        base="https://api.github.com",
        forms=(Form(path="/repos/{setting.repository}/dispatches", body=_BODY),),
        headers={
            "Authorization": "Bearer {key.token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        },
        keys={"token": "GITHUB_TOKEN"},
        needs=("repository",),
        path_safe="/",
    )
)
