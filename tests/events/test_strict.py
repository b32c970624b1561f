"""What the schemas let pass and the specification's prose does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.events.catalogue import find
from cdkit.events.strict import check
from tests.events.samples import DIGEST, sample

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def deployed() -> dict[str, Any]:
    return sample(find("service.deployed"), full=True)


def keys(event: object) -> list[str]:
    return [fault.key for fault in check(event)]


def test_an_artifact_that_is_no_package_url_is_a_fault() -> None:
    event = deployed()
    event["subject"]["content"]["artifactId"] = f"ghcr.io/acme/orders@{DIGEST}"
    assert keys(event) == ["subject.content.artifactId"]


def test_an_image_named_by_its_tag_is_a_fault() -> None:
    event = deployed()
    event["subject"]["content"]["artifactId"] = "pkg:oci/orders?tag=latest"
    assert keys(event) == ["subject.content.artifactId"]


def test_the_subject_of_an_artifact_event_must_be_a_package_url() -> None:
    event = sample(find("artifact.published"), full=False)
    event["subject"]["id"] = "orders"
    assert keys(event) == ["subject.id"]


def test_the_artifact_of_a_finished_build_may_be_any_string() -> None:
    event = sample(find("build.finished"), full=True)
    event["subject"]["content"]["artifactId"] = "orders-1.zip"
    assert check(event) == ()


def test_a_chain_that_is_no_uuid_is_a_fault() -> None:
    event = deployed()
    event["context"]["chainId"] = "chain-1"
    assert keys(event) == ["context.chainId"]


def test_a_specification_that_the_type_does_not_belong_to_is_a_fault() -> None:
    event = deployed()
    event["context"]["specversion"] = "0.4.1"
    assert keys(event) == ["context.specversion"]


def test_custom_text_that_is_not_base64_is_a_fault() -> None:
    event = deployed() | {"customData": "not base64!"}
    assert keys(event) == ["customData"]


def test_custom_text_in_base64_is_right() -> None:
    assert check(deployed() | {"customData": "eyJhIjogMX0="}) == ()


def test_a_link_that_points_nowhere_is_a_fault() -> None:
    event = deployed()
    event["context"]["links"] = [{"linkType": "RELATION", "linkKind": "X", "target": {}}]
    assert keys(event) == ["context.links[0].target.contextId"]


def test_a_tag_that_is_no_string_is_a_fault() -> None:
    event = deployed()
    event["context"]["links"][0]["tags"] = {"n": 1}
    assert keys(event) == ["context.links[0].tags.n"]


@pytest.mark.parametrize("link", [{"linkType": "START"}, {"linkType": ["END"]}, {}, "END", None])
def test_a_link_that_cannot_travel_inside_an_event_is_a_fault(link: object) -> None:
    event = deployed()
    event["context"]["links"] = [link]
    assert keys(event) == ["context.links[0]"]


@pytest.mark.parametrize("name", ["service.removed", "service.published"])
def test_a_service_event_without_its_environment_is_a_fault(name: str) -> None:
    event = sample(find(name), full=True)
    del event["subject"]["content"]["environment"]
    assert keys(event) == ["subject.content.environment"]


def test_a_test_event_without_a_real_source_is_a_fault() -> None:
    event = sample(find("testsuiterun.started"), full=True)
    event["context"]["source"] = "a b"
    event["subject"]["source"] = ""
    assert keys(event) == ["context.source", "subject.source"]


def test_every_fault_is_named_not_only_the_first() -> None:
    event = deployed()
    event["context"]["timestamp"] = "yesterday"
    event["subject"]["content"]["version"] = "1"
    del event["subject"]["content"]["environment"]
    assert keys(event) == [
        "context.timestamp",
        "subject.content.environment",
        "subject.content.version",
    ]


def test_half_a_surrogate_is_no_event_text() -> None:
    (fault,) = check(deployed() | {"customData": {"a": "\ud800"}})
    assert "half a surrogate pair" in str(fault)


def test_an_unknown_type_is_a_fault() -> None:
    event = deployed()
    event["context"]["type"] = "dev.cdevents.service.exploded.0.1.0"
    (fault,) = check(event)
    assert "exploded.0.1.0' is no type of CDEvents 0.5.1" in str(fault)


def test_the_content_of_a_custom_event_is_its_own_affair() -> None:
    event = deployed()
    event["context"]["type"] = "dev.cdeventsx.acme-rollout.paused.0.1.0"
    event["subject"]["content"] = {"anything": [1, 2]}
    assert check(event) == ()


def test_json_without_a_bottom_is_no_event() -> None:
    deep: dict[str, Any] = {}
    deep["again"] = deep
    assert keys(deep) == [""]


@given(JSON)
def test_no_json_makes_the_check_fail(event: object) -> None:
    assert check(event)


@given(st.sampled_from(["context", "subject", "customData"]), JSON)
def test_any_json_in_an_events_place_is_answered(key: str, value: object) -> None:
    assert isinstance(check(deployed() | {key: value}), tuple)
