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


@pytest.mark.parametrize("kind", sorted(BY_SHORT_NAME))
def test_each_type_was_one_minor_version_lower(kind: str) -> None:
    now = find(kind).version.split(".")
    then = older(kind)["context"]["type"].rsplit(".", 3)[1:]
    assert then == [now[0], str(int(now[1]) - 1), now[2]]


def test_a_custom_type_keeps_its_own_version() -> None:
    name = "dev.cdeventsx.acme-rollout.paused.0.1.0"
    told = older(name)
    assert (told["context"]["type"], told["subject"]["type"]) == (name, "acme-rollout")


def test_the_present_version_is_left_as_it_is() -> None:
    event = wrap(sample(find("service.deployed"), full=True))
    assert in_words_of("0.5.1", event) is event
