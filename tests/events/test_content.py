"""The inputs of an event: filled from the run, reached by name, and never a secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from cdkit.core.context import BuildContext
from cdkit.core.errors import RequestError
from cdkit.events.catalogue import find
from cdkit.events.content import Known, custom_of, fill, subject_of
from tests.events.samples import PURL

KNOWN = Known(
    context=BuildContext(
        system="github",
        repository="acme/orders",
        branch="main",
        run="7",
        attempt=2,
        pipeline="release",
        job="deploy",
        url="https://example.com/runs/7",
        actor="ada",
    ),
    commit="c" * 40,
    environment="production",
    service="orders",
    artifact=PURL,
)
NOTHING = Known(context=BuildContext(system="terminal"))


def test_a_deployment_gets_its_environment_and_artifact() -> None:
    found = fill(find("service.deployed"), {}, KNOWN)
    assert found == {"environment": {"id": "production"}, "artifactId": PURL}


def test_a_packaged_artifact_gets_the_commit_as_its_change() -> None:
    assert fill(find("artifact.packaged"), {}, KNOWN) == {"change": {"id": "c" * 40}}


@pytest.mark.parametrize("predicate", ["queued", "started", "finished"])
def test_a_pipeline_run_gets_its_pipelines_name_and_its_address(predicate: str) -> None:
    assert fill(find(f"pipelinerun.{predicate}"), {}, KNOWN) == {
        "pipelineName": "release",
        "uri": "https://example.com/runs/7",
    }


def test_the_address_of_a_run_goes_without_the_login_in_it() -> None:
    context = structs.replace(KNOWN.context, url="https://ci:hunter2@example.com/runs/7")
    known = structs.replace(KNOWN, context=context)
    run = custom_of({}, known).run
    assert run is not None
    assert run.url == "https://example.com/runs/7"
    uri = fill(find("pipelinerun.started"), {}, known)["uri"]
    assert uri == "https://example.com/runs/7"


def test_a_pipelines_name_that_nobody_told_is_left_out() -> None:
    context = structs.replace(KNOWN.context, pipeline="")
    found = fill(find("pipelinerun.started"), {}, structs.replace(KNOWN, context=context))
    assert found == {"uri": "https://example.com/runs/7"}


def test_a_pipelines_given_name_goes_before_the_told_one() -> None:
    found = fill(find("pipelinerun.started"), {"pipelineName": "nightly"}, KNOWN)
    assert found["pipelineName"] == "nightly"


def test_an_outcome_stands_where_the_type_has_a_field_for_it() -> None:
    known = structs.replace(KNOWN, outcome="failure")
    assert fill(find("taskrun.finished"), {}, known) == {
        "taskName": "deploy",
        "pipelineRun": {"id": "7"},
        "outcome": "failure",
        "uri": "https://example.com/runs/7",
    }
    assert fill(find("testsuiterun.finished"), {"outcome": "error"}, known)["outcome"] == "error"
    assert "outcome" not in fill(find("service.deployed"), {}, known)


def test_a_repository_gets_what_the_run_knows_of_it() -> None:
    address = "https://github.example/acme/orders"
    context = structs.replace(KNOWN.context, repository_url=address)
    found = fill(find("repository.created"), {}, structs.replace(KNOWN, context=context))
    assert found == {"name": "orders", "owner": "acme", "uri": address}


def test_what_is_given_goes_before_what_is_known() -> None:
    found = fill(find("incident.detected"), {"environment.id": "staging"}, KNOWN)
    assert found["environment"] == {"id": "staging"}


def test_a_given_field_inside_a_record_joins_what_is_known() -> None:
    found = fill(find("service.deployed"), {"environment.source": "/eu"}, KNOWN)
    assert found["environment"] == {"id": "production", "source": "/eu"}


def test_a_list_is_given_with_commas() -> None:
    found = fill(find("ticket.updated"), {"labels": "a, b,,c"}, NOTHING)
    assert found == {"labels": ["a", "b", "c"]}


@pytest.mark.parametrize(
    "given_fields",
    [
        {"environment": "x", "environment.id": "y"},
        {"environment.id": "y", "environment": "x"},
        {"labels": "a", "labels.b": "c"},
    ],
    ids=["text-first", "record-first", "list"],
)
def test_a_field_that_is_given_in_two_ways_is_refused(given_fields: dict[str, str]) -> None:
    with pytest.raises(RequestError, match="both as a value and as a record"):
        fill(find("ticket.updated"), given_fields, NOTHING)


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("service.deployed", "orders"),
        ("artifact.published", PURL),
        ("environment.created", "production"),
        ("pipelinerun.started", "7"),
        ("build.started", "7-2"),
        ("taskrun.started", "deploy"),
        ("change.merged", "c" * 40),
        ("branch.created", "main"),
        ("repository.modified", "acme/orders"),
        ("incident.detected", ""),
    ],
)
def test_the_run_says_what_an_event_is_about(name: str, subject: str) -> None:
    assert subject_of(find(name), KNOWN) == subject


def test_known_names_become_fields_and_others_labels() -> None:
    custom = custom_of(
        {"outcome": "success", "planned": "No", "team": "payments", "colour": "blue"}, KNOWN
    )
    assert (custom.outcome, custom.planned, custom.team) == ("success", False, "payments")
    assert (custom.commit, custom.labels) == ("c" * 40, {"colour": "blue"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("outcome", "great"),
        ("outcome", ""),
        ("started-at", "yesterday"),
        ("planned", "maybe"),
        ("commit", "HEAD"),
        ("previous-commit", "C" * 40),
    ],
)
def test_a_custom_value_that_is_not_what_its_name_asks_for_is_refused(
    name: str, value: str
) -> None:
    with pytest.raises(RequestError, match=f"the custom value {name}"):
        custom_of({name: value}, KNOWN)


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=4))
def test_any_fields_are_taken_or_refused(given_fields: dict[str, str]) -> None:
    for kind in (find("ticket.updated"), find("dev.cdeventsx.a-b.c.0.1.0")):
        try:
            assert isinstance(fill(kind, given_fields, KNOWN), dict)
        except RequestError as fault:
            assert "both as a value and as a record" in fault.what  # noqa: PT017
