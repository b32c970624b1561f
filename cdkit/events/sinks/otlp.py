"""OpenTelemetry: each event is a span, from when it began to when it was done, over OTLP/HTTP.

Source: OTLP 1.x, "OTLP/HTTP", JSON encoding (ids in hexadecimal, nanoseconds as text); semantic
conventions 1.44, CI/CD, deployment and VCS attributes. All events of a chain are one trace.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from cdkit.core.world import Response
from cdkit.events.service import Form, Service
from cdkit.events.sinks._service import sink_of
from cdkit.events.when import When

_OK, _ERROR, _INTERNAL = 1, 2, 1
_PATH = "/v1/traces"
_DEPLOYED = "service.deployed, service.upgraded, service.rolledback"


def _attribute(name: str, hole: str) -> dict[str, Any]:
    return {"?": "", "key": name, "value": {"stringValue": hole}}


def _body(code: int, *outcome: dict[str, Any]) -> dict[str, Any]:
    attributes = [
        _attribute("cdevents.type", "{type}"),
        _attribute("cdevents.id", "{id}"),
        _attribute("cicd.pipeline.run.id", "{run}"),
        _attribute("cicd.pipeline.run.url.full", "{run-url}"),
        _attribute("cicd.pipeline.task.name", "{job}"),
        _attribute("deployment.environment.name", "{environment}"),
        *outcome,
        _attribute("vcs.repository.url.full", "{repository-url}"),
        _attribute("vcs.ref.head.revision", "{commit}"),
        _attribute("artifact.purl", "{artifact}"),
    ]
    span = {
        "traceId": "{trace-id}",
        "spanId": "{span-id}",
        "name": "{kind} {about}",
        "kind": _INTERNAL,
        "startTimeUnixNano": "{began-ns-text}",
        "endTimeUnixNano": "{time-ns-text}",
        "attributes": attributes,
        "status": {"code": code},
    }
    resource = {"attributes": [_attribute("service.name", "{service}")]}
    scope = {"scope": {"name": "cdkit"}, "spans": [span]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}


def _judge(answer: Response) -> str:
    """Return the fault that a partial success hides: the collector dropped the span."""
    if not answer.body:
        return ""
    try:
        told = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError):
        return "an answer that is no OTLP in JSON"
    partial = told.get("partialSuccess") if isinstance(told, dict) else None
    dropped = partial.get("rejectedSpans") if isinstance(partial, dict) else None
    return (
        "" if any(dropped == none for none in (None, 0, "0")) else "the collector rejected the span"
    )


def _forms() -> Iterator[Form]:
    """Yield a form for each outcome of each thing that has one: a deployment is no pipeline run."""
    for outcome, code, status, result in (
        ("failure, error", _ERROR, "failed", "{outcome}"),
        ("success", _OK, "succeeded", "{outcome}"),
        ("cancel", 0, "{none}", "cancellation"),
        ("", 0, "{none}", "{none}"),
    ):
        made = _attribute("deployment.id", "{id}"), _attribute("deployment.status", status)
        for types, told in (
            (_DEPLOYED, made),
            ("pipelinerun.*", (_attribute("cicd.pipeline.result", result),)),
            ("taskrun.*", (_attribute("cicd.pipeline.task.run.result", result),)),
            ("", ()),
        ):
            takes = When(type=types, outcome=outcome)
            yield Form(path=_PATH, body=_body(code, *told), takes=takes)


SINK = sink_of(
    Service(
        name="otlp",
        forms=tuple(_forms()),
        keys={"url": "OTEL_EXPORTER_OTLP_ENDPOINT"},
        judge=_judge,
        is_open_address=True,
    )
)
