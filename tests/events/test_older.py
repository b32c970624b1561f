"""An event for a receiver that knows only an older CDEvents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cdkit.events.catalogue import BY_SHORT_NAME, find
from cdkit.events.cloudevents import wrap
from cdkit.events.older import in_words_of
from tests.events.samples import PURL, sample


def older(kind: str, **content: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    event = sample(find(kind), full=False)
    event["subject"]["content"] |= content
    sent = in_words_of("0.4.1", wrap(event))
    told: dict[str, Any] = json.loads(sent.data)
    assert sent.type == told["context"]["type"]
    return told


def test_a_deployment_in_the_words_of_0_4_1() -> None:
    assert older("service.deployed") == {
        "context": {
            "version": "0.4.1",
            "id": "some text",
            "source": "/a/b",
            "type": "dev.cdevents.service.deployed.0.2.0",
            "timestamp": "2026-11-23T09:00:00Z",
        },
        "subject": {
            "id": "some text",
            "type": "service",
            "content": {"environment": {"id": "some text"}, "artifactId": PURL},
        },
    }


def test_a_run_has_a_url_and_a_type_in_camel_case() -> None:
    subject = older("pipelinerun.started")["subject"]
    assert subject["type"] == "pipelineRun"
    assert subject["content"] == {
        "pipelineName": "some text",
        "url": "https://example.com/a?b=c#d",
    }


@pytest.mark.parametrize(("now", "then"), [("success", "pass"), ("failure", "fail")])
def test_a_test_passes_or_fails(now: str, then: str) -> None:
    assert older("testcaserun.finished", outcome=now)["subject"]["content"]["outcome"] == then


def test_a_pipeline_still_succeeds() -> None:
    content = older("pipelinerun.finished", outcome="success")["subject"]["content"]
    assert content["outcome"] == "success"


def test_an_incident_keeps_the_address_of_its_ticket() -> None:
    assert "ticketURI" in older("incident.reported")["subject"]["content"]


TYPES = [
    "artifact.deleted.0.1.0",
    "artifact.downloaded.0.1.0",
    "artifact.packaged.0.2.0",
    "artifact.published.0.2.0",
    "artifact.signed.0.2.0",
    "branch.created.0.2.0",
    "branch.deleted.0.2.0",
    "build.finished.0.2.0",
    "build.queued.0.2.0",
    "build.started.0.2.0",
    "change.abandoned.0.2.0",
    "change.created.0.3.0",
    "change.merged.0.2.0",
    "change.reviewed.0.2.0",
    "change.updated.0.2.0",
    "environment.created.0.2.0",
    "environment.deleted.0.2.0",
    "environment.modified.0.2.0",
    "incident.detected.0.2.0",
    "incident.reported.0.2.0",
    "incident.resolved.0.2.0",
    "pipelinerun.finished.0.2.0",
    "pipelinerun.queued.0.2.0",
    "pipelinerun.started.0.2.0",
    "repository.created.0.2.0",
    "repository.deleted.0.2.0",
    "repository.modified.0.2.0",
    "service.deployed.0.2.0",
    "service.published.0.2.0",
    "service.removed.0.2.0",
    "service.rolledback.0.2.0",
    "service.upgraded.0.2.0",
    "taskrun.finished.0.2.0",
    "taskrun.started.0.2.0",
    "testcaserun.finished.0.2.0",
    "testcaserun.queued.0.2.0",
    "testcaserun.skipped.0.1.0",
    "testcaserun.started.0.2.0",
    "testoutput.published.0.2.0",
    "testsuiterun.finished.0.2.0",
    "testsuiterun.queued.0.2.0",
    "testsuiterun.started.0.2.0",
    "ticket.closed.0.1.0",
    "ticket.created.0.1.0",
    "ticket.updated.0.1.0",
]
"""Every type of 0.4.1, as CDEvents' own SDK for Go, which is generated from the schemas of that
release, has them in its package v04."""


def test_each_type_has_the_version_that_it_had_in_0_4_1() -> None:
    told = [older(kind)["context"]["type"] for kind in sorted(BY_SHORT_NAME)]
    assert [name.removeprefix("dev.cdevents.") for name in told] == TYPES


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("artifact.signed", "artifact"),
        ("taskrun.started", "taskRun"),
        ("testcaserun.skipped", "testCaseRun"),
        ("testsuiterun.queued", "testSuiteRun"),
        ("testoutput.published", "testOutput"),
        ("ticket.closed", "ticket"),
    ],
)
def test_a_subject_says_its_type(kind: str, word: str) -> None:
    assert older(kind)["subject"]["type"] == word


def test_a_custom_type_keeps_its_own_version() -> None:
    name = "dev.cdeventsx.acme-rollout.paused.0.1.0"
    told = older(name)
    assert (told["context"]["type"], told["subject"]["type"]) == (name, "acme-rollout")


def test_the_present_version_is_left_as_it_is() -> None:
    event = wrap(sample(find("service.deployed"), full=True))
    assert in_words_of("0.5.1", event) is event
