"""An event in the words of CDEvents 0.4.1, for a receiver that knows nothing newer.

Source: CDEvents' SDK for Go, package v04, generated from the schemas of that release: the version
of each of the 45 types, the word for each subject, and what a field was called.
"""

from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from cdkit.events.cloudevents import CloudEvent

Spec = Literal["0.5.1", "0.4.1"]

_WORDS = {
    "pipelinerun": "pipelineRun",
    "taskrun": "taskRun",
    "testcaserun": "testCaseRun",
    "testsuiterun": "testSuiteRun",
    "testoutput": "testOutput",
}
_URL = frozenset({"environment", "pipelinerun", "repository", "taskrun"})
_OUTCOMES = {"success": "pass", "failure": "fail"}
_OLDEST = "0.4.1"


def in_words_of(spec: Spec, event: CloudEvent) -> CloudEvent:
    """Return an event as a receiver of this version of CDEvents reads it; its id stays.

    What 0.5 changed (CDEvents, release v0.5.0): `context.version` became `specversion`, each
    type's version went up by one minor, `subject.type` went, `url` became `uri` in environments,
    repositories and runs, and a test run's outcome is `success`, not `pass`. A custom type has a
    version of its own, which stays.
    """
    if spec != _OLDEST:
        return event
    whole = msgspec.json.decode(event.data)
    name = _type(event.type)
    context, subject = dict(whole["context"]), dict(whole["subject"])
    del context["specversion"]
    whole["context"] = {"version": _OLDEST, **context, "type": name}
    if event.type.startswith("dev.cdevents."):
        kind = event.type.split(".")[2]
        subject["content"] = _content(kind, subject["content"])
        subject["type"] = _WORDS.get(kind, kind)
    else:
        subject["type"] = event.type.split(".")[2]
    whole["subject"] = subject
    return replace(event, type=name, data=msgspec.json.encode(whole))


def _type(name: str) -> str:
    if not name.startswith("dev.cdevents."):
        return name
    *head, major, minor, patch = name.split(".")
    return ".".join([*head, major, str(int(minor) - 1), patch])


def _content(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    told = {("url" if kind in _URL and key == "uri" else key): v for key, v in content.items()}
    if kind in {"testcaserun", "testsuiterun"} and told.get("outcome") in _OUTCOMES:
        told["outcome"] = _OUTCOMES[told["outcome"]]
    return told
