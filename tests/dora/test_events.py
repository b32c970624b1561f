"""Deployments and incidents out of CDEvents, bare and in CloudEvents."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import CdkitError, Unreadable
from cdkit.dora.events import incidents_of, read_turns
from cdkit.dora.told import Told

DIGEST = "a" * 64


def event(
    kind: str, name: str, at: str = "2026-11-23T10:00:00Z", **more: dict[str, Any]
) -> dict[str, Any]:
    content = {"environment": {"id": "production"}, **more.pop("content", {})}
    return {
        "context": {"type": f"dev.cdevents.{kind}.0.3.0", "id": f"{kind}-{at}", "timestamp": at},
        "subject": {"id": name, "content": content},
        **more,
    }


def read(*events: object) -> Told:
    heard = read_turns([json.dumps(one).encode() for one in events], "e.ndjson")
    return Told(deployments=tuple(heard.deployments), incidents=incidents_of(heard.turns))


ARTIFACT = {"artifactId": f"pkg:oci/orders@sha256%3A{DIGEST}?repository_url=r"}


def test_a_deployment_is_read_with_what_only_custom_data_says() -> None:
    custom = {"outcome": "failure", "planned": False, "team": "pay", "commit": "c1"}
    told = read(event("service.deployed", "orders", content=ARTIFACT, customData=custom))
    (one,) = told.deployments
    assert (one.service, one.environment, one.digest) == (
        "orders",
        "production",
        f"sha256:{DIGEST}",
    )
    assert (one.outcome, one.planned, one.team, one.commit) == ("failure", False, "pay", "c1")


def test_a_deployment_that_was_cancelled_neither_came_about_nor_failed() -> None:
    custom = {"outcome": "cancel"}
    line = json.dumps(event("service.deployed", "orders", content=ARTIFACT, customData=custom))
    heard = read_turns([line.encode()], "e.ndjson")
    assert (heard.deployments, heard.cancelled) == ([], 1)


@pytest.mark.parametrize("outcome", ["SUCCESS", "aborted", True, ["success"], {}])
def test_an_outcome_that_nobody_can_read_is_no_failure_but_cannot_be_told(outcome: object) -> None:
    told = event("service.deployed", "orders", content=ARTIFACT, customData={"outcome": outcome})
    with pytest.raises(Unreadable, match="is none of success, failure, error, cancel"):
        read(told)


@pytest.mark.parametrize(
    ("told", "planned"), [(True, True), (False, False), ("false", False), ("true", True)]
)
def test_what_was_planned_is_told_by_a_truth_or_by_its_text(told: object, planned: object) -> None:
    (one,) = read(
        event("service.deployed", "orders", content=ARTIFACT, customData={"planned": told})
    ).deployments
    assert one.planned is planned


@pytest.mark.parametrize("told", ["no", "", 0, 1, ["false"]])
def test_a_plan_that_nobody_can_read_cannot_be_told(told: object) -> None:
    with pytest.raises(Unreadable, match="is neither true nor false, as `planned` must be"):
        read(event("service.deployed", "orders", content=ARTIFACT, customData={"planned": told}))


def test_an_event_in_a_cloud_event_is_the_same() -> None:
    bare = event("service.upgraded", "orders", content=ARTIFACT)
    assert read({"specversion": "1.0", "data": bare}) == read(bare) == read([bare])


def test_services_of_one_last_name_are_two() -> None:
    told = read(
        event("service.deployed", "team-a/api", content=ARTIFACT),
        event("service.deployed", "team-b/api", content=ARTIFACT),
        event("incident.detected", "i1", content={"service": {"id": "team-a/api"}}),
    )
    assert [one.service for one in told.deployments] == ["team-a/api", "team-b/api"]
    assert told.incidents[0].service == "team-a/api"


def test_the_data_of_a_cloud_event_may_be_text_or_base64() -> None:
    bare = event("service.upgraded", "orders", content=ARTIFACT)
    text = json.dumps(bare)
    encoded = base64.b64encode(text.encode()).decode()
    assert read({"data": text}) == read({"data_base64": encoded}) == read(bare)


@pytest.mark.parametrize("data", [{}, {"data": None}, {"data": {"x": 1}}, {"data_base64": "&"}])
def test_a_cloud_event_without_its_cdevent_cannot_be_read(data: dict[str, Any]) -> None:
    with pytest.raises(Unreadable, match="without its CDEvent"):
        read({"specversion": "1.0", "type": "dev.cdevents.service.deployed.0.3.0", **data})


def test_what_is_no_event_at_all_is_counted() -> None:
    lines = [json.dumps(one).encode() for one in ({"a": 1}, 5, None, {"type": "com.x", "data": {}})]
    heard = read_turns([*lines, b"  "], "e.ndjson")
    assert (heard.deployments, heard.turns, heard.strange) == ([], [], 4)


def test_an_incident_lasts_from_its_detection_to_its_resolution() -> None:
    content = {"service": {"id": "orders"}, **ARTIFACT}
    told = read(
        event("incident.detected", "i1", content=content),
        event("incident.resolved", "i1", "2026-11-23T11:00:00Z"),
        event("incident.detected", "i2", content=content),
    )
    closed, still = told.incidents
    assert closed.resolved_at is not None
    assert (closed.resolved_at - closed.opened_at).total_seconds() == 3600
    assert (closed.cause, still.resolved_at) == (f"sha256:{DIGEST}", None)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (0, 2, 0, 2, 1, 1), (1, 2, 0, 0)])
def test_neither_the_order_of_the_lines_nor_one_that_came_twice_changes_an_incident(
    order: tuple[int, ...],
) -> None:
    told = (
        event("incident.detected", "i1", "2026-11-23T10:00:00Z"),
        event("incident.reported", "i1", "2026-11-23T10:05:00Z"),
        event("incident.resolved", "i1", "2026-11-23T11:00:00Z"),
    )
    (one,) = read(*(told[place] for place in order)).incidents
    assert one.resolved_at is not None
    assert (one.resolved_at - one.opened_at).total_seconds() == 3600


def test_what_an_incidents_later_events_tell_of_it_is_known() -> None:
    of_it = {"service": {"id": "orders"}, **ARTIFACT}
    other = {"artifactId": "pkg:oci/orders@sha256%3A" + "b" * 64}
    (one,) = read(
        event("incident.detected", "i1", "2026-11-23T10:00:00Z"),
        event("incident.reported", "i1", "2026-11-23T10:05:00Z", content=of_it),
        event("incident.reported", "i1", "2026-11-23T10:10:00Z", content=other),
        event("incident.resolved", "i1", "2026-11-23T11:00:00Z", content=other),
    ).incidents
    assert (one.service, one.cause) == ("orders", f"sha256:{DIGEST}")
    assert one.opened_at.isoformat() == "2026-11-23T10:00:00+00:00"


def test_incidents_of_one_number_are_two_in_two_services_or_environments() -> None:
    def of(service: str, environment: str = "production") -> dict[str, Any]:
        return {"service": {"id": service}, "environment": {"id": environment}}

    told = read(
        event("incident.detected", "7", "2026-11-23T10:00:00Z", content=of("orders")),
        event("incident.detected", "7", "2026-11-23T10:01:00Z", content=of("stock")),
        event("incident.detected", "7", "2026-11-23T10:02:00Z", content=of("orders", "staging")),
        event("incident.resolved", "7", "2026-11-23T10:30:00Z", content=of("stock")),
        event("incident.resolved", "7", "2026-11-23T11:00:00Z", content=of("orders")),
    )
    lasted = {
        (one.service, one.environment): one.resolved_at and one.resolved_at - one.opened_at
        for one in told.incidents
    }
    assert lasted == {
        ("stock", "production"): timedelta(minutes=29),
        ("orders", "production"): timedelta(hours=1),
        ("orders", "staging"): None,
    }


@pytest.mark.parametrize(
    ("named", "cause"),
    [("none", "none"), ("None", "none"), ("abcdef1", "abcdef1"), ("dep-7", "dep-7")],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_cause_that_somebody_names_goes_before_what_was_deployed(
    named: str, cause: str, place: int
) -> None:
    told = [
        event("incident.detected", "i1", content=ARTIFACT),
        event("incident.reported", "i1", "2026-11-23T10:30:00Z", content=ARTIFACT),
        event("incident.resolved", "i1", "2026-11-23T11:00:00Z", content=ARTIFACT),
    ]
    told[place]["customData"] = {"labels": {"caused-by": named}}
    (one,) = read(*told).incidents
    assert one.cause == cause


def test_what_an_incident_ends_with_is_not_its_cause() -> None:
    (one,) = read(
        event("incident.detected", "i1"),
        event("incident.resolved", "i1", "2026-11-23T11:00:00Z", content=ARTIFACT),
    ).incidents
    assert one.cause == ""


def test_replays_and_other_events_are_left_out() -> None:
    replay = {"replay": {"run": "r", "at": "t"}}
    told = read(
        event("service.deployed", "orders", content=ARTIFACT, customData=replay),
        event("service.removed", "orders"),
        event("build.finished", "b"),
        {"hello": "world"},
    )
    assert told == Told()


@pytest.mark.parametrize(
    "broken",
    [
        b"{",
        json.dumps(event("service.deployed", "orders", at="soon")).encode(),
        json.dumps(event("service.deployed", "orders", at="2026-11-23T10:00:00")).encode(),
        json.dumps({"context": {"type": "dev.cdevents.service.deployed.0.3.0"}}).encode(),
    ],
)
def test_an_event_that_lacks_what_it_must_have_is_told_with_its_line(broken: bytes) -> None:
    good = json.dumps(event("service.deployed", "orders")).encode()
    with pytest.raises(Unreadable) as caught:
        read_turns([good, broken], "e.ndjson")
    assert str(caught.value.where) == "e.ndjson:2"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(_json, st.sampled_from(["subject", "context", "customData"]))
def test_whatever_stands_there_nothing_crashes(value: object, where: str) -> None:
    one = event("service.deployed", "orders", content=ARTIFACT)
    one[where] = value
    try:
        read(one)
    except CdkitError:
        return
