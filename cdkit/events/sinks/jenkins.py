"""Jenkins: starts a job that has the parameters which are named here.

Source: Jenkins, "Remote Access API", `buildWithParameters`. The key is `user:token`, an API token,
with which no crumb is needed. A job in folders is `team/orders`.
"""

from cdkit.events.service import Form, Service
from cdkit.events.sinks._service import sink_of

_BODY = {
    "CDKIT_READ_EVENT_EVENT": "{event-json}",
    "CDKIT_READ_EVENT_WEBHOOK_ID": "?{webhook-id}",
    "CDKIT_READ_EVENT_WEBHOOK_TIMESTAMP": "?{webhook-timestamp}",
    "CDKIT_READ_EVENT_WEBHOOK_SIGNATURE": "?{webhook-signature}",
}

SINK = sink_of(
    Service(
        name="jenkins",
        forms=(Form(path="/job/{setting.job}/buildWithParameters", body=_BODY),),
        headers={"Authorization": "Basic {key.basic}"},
        keys={"url": "JENKINS_URL", "token": "JENKINS_TOKEN"},
        needs=("job",),
        path_joint="/job/",
        is_web_form=True,
    )
)
