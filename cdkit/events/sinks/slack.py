"""Slack, by an incoming webhook: a line for people, with what they may want to look at.

Source: Slack, "Sending messages using incoming webhooks" and "Block Kit".
"""

from cdkit.core.escape import slack
from cdkit.events.service import Form, Service
from cdkit.events.sinks._service import sink_of

_BODY = {
    "text": "{title}",
    "blocks": [
        {"type": "section", "text": {"type": "mrkdwn", "text": "*{title}*"}},
        {
            "type": "context",
            "elements": [
                {"?": "", "type": "mrkdwn", "text": "commit {commit}"},
                {"?": "", "type": "mrkdwn", "text": "by {actor}"},
                {"?": "", "type": "mrkdwn", "text": "team {team}"},
                {"type": "mrkdwn", "text": "{time}"},
            ],
        },
        {
            "?": "",
            "type": "actions",
            "elements": [
                {
                    "type": "button",
                    "text": {"type": "plain_text", "text": "The run"},
                    "url": "{run-url}",
                }
            ],
        },
    ],
}

SINK = sink_of(
    Service(
        name="slack",
        forms=(Form(body=_BODY),),
        keys={"url": "SLACK_WEBHOOK_URL"},
        escape=slack,
    )
)
