"""Microsoft Teams, by a workflow that posts an adaptive card when a webhook is called.

Source: Microsoft Learn, "Create incoming webhooks with Workflows"; adaptive cards, schema 1.4.
"""

from cdkit.core.escape import adaptive_card
from cdkit.events.service import Form, Service
from cdkit.events.sinks._service import sink_of

_CARD = {
    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
    "type": "AdaptiveCard",
    "version": "1.4",
    "body": [
        {"type": "TextBlock", "text": "{title}", "weight": "Bolder", "wrap": True},
        {
            "type": "FactSet",
            "facts": [
                {"?": "", "title": "Environment", "value": "{environment}"},
                {"?": "", "title": "Commit", "value": "{commit}"},
                {"?": "", "title": "By", "value": "{actor}"},
                {"title": "At", "value": "{time}"},
            ],
        },
    ],
    "actions": [{"?": "", "type": "Action.OpenUrl", "title": "The run", "url": "{run-url}"}],
}
_BODY = {
    "type": "message",
    "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": _CARD}],
}

SINK = sink_of(
    Service(
        name="teams",
        forms=(Form(body=_BODY),),
        keys={"url": "TEAMS_WEBHOOK_URL"},
        escape=adaptive_card,
    )
)
