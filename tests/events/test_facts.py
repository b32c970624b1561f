"""What an event says, by short names, and which sinks want it."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.errors import RequestError
from cdkit.events.catalogue import BY_SHORT_NAME, find
from cdkit.events.cloudevents import wrap
from cdkit.events.facts import NAMES, Facts, facts_of
from cdkit.events.when import When, check_when, matches
from tests.events.samples import DIGEST, PURL, sample


def facts(kind: str = "service.deployed", **custom: Any) -> Facts:  # noqa: ANN401 - any JSON
    event = sample(find(kind), full=False)
    event["context"] |= {
        "id": "e-1",
        "source": "https://github.example/acme/orders.git",
        "timestamp": "2026-11-23T09:00:00.5Z",
    }
    if "artifact" not in kind:
        event["subject"]["id"] = "orders"
    if "environment" in event["subject"]["content"]:
        event["subject"]["content"]["environment"] = {"id": "production"}
    event["customData"] = custom
    return facts_of(wrap(event))


@pytest.mark.parametrize("kind", sorted(BY_SHORT_NAME))
def test_every_fact_of_every_type_has_a_value(kind: str) -> None:
    assert set(facts(kind)) == set(NAMES)
    assert facts(kind)["kind"] == kind


def test_an_artifact_is_known_as_purl_as_image_and_by_its_digest() -> None:
    told = facts()
    assert told["artifact"] == PURL
    assert told["image"] == f"ghcr.io/acme/orders@{DIGEST}"
    assert told["digest"] == DIGEST


def test_an_artifact_that_is_no_image_has_a_version_and_no_digest() -> None:
    event = sample(find("artifact.published"), full=False)
    event["subject"]["id"] = "pkg:golang/acme.example/orders@v1.2.3"
    told = facts_of(wrap(event))
    assert (told["version"], told["digest"], told["image"]) == ("v1.2.3", "", "")


def test_a_time_is_known_in_every_unit() -> None:
    told = facts(startedAt="2026-11-23T10:00:00+02:00")
    assert told["time-s"] == 1_795_424_400
    assert told["time-ms"] == 1_795_424_400_500
    assert told["time-ns"] == 1_795_424_400_500_000_000
    assert told["started-s"] == told["time-s"] - 3600


def test_what_the_custom_data_says_is_known() -> None:
    told = facts(
        commit="c" * 40,
        previousCommit="b" * 40,
        team="payments",
        planned=False,
        run={"id": "7", "url": "https://ci.example/7", "attempt": 2},
    )
    names = ("commit", "previous-commit", "team", "planned", "run", "run-url", "attempt")
    assert [told[name] for name in names] == [
        "c" * 40, "b" * 40, "payments", "false", "7", "https://ci.example/7", 2,
    ]  # fmt: skip


def test_the_repository_is_the_path_of_where_the_event_comes_from() -> None:
    told = facts()
    assert told["repository"] == "acme/orders"
    assert told["repository-url"] == "https://github.example/acme/orders.git"


@pytest.mark.parametrize("path", ["acme/../evil", "acme/%2e%2e/evil", "acme/./orders"])
def test_a_path_that_leads_out_of_itself_is_no_repository(path: str) -> None:
    event = sample(find("service.deployed"), full=False)
    event["context"]["source"] = f"https://github.example/{path}"
    told = facts_of(wrap(event))
    assert (told["repository"], told["repository-url"]) == ("", "")


@pytest.mark.parametrize("outcome", [["success"], False, "", {}, 0, "Success"])
def test_an_outcome_that_nobody_can_read_is_no_success(outcome: object) -> None:
    told = facts(outcome=outcome)
    assert not matches(When(outcome="success"), told)
    assert told["title"] == "orders ended nobody knows how: deployed in production"


@pytest.mark.parametrize(
    ("kind", "custom", "title"),
    [
        ("service.deployed", {}, "orders was deployed to production"),
        ("service.deployed", {"outcome": "failure"}, "orders failed: deployed in production"),
        ("service.deployed", {"outcome": "cancel"}, "orders was cancelled: deployed in production"),
        ("service.rolledback", {}, "orders was rolled back in production"),
        ("service.removed", {}, "orders was removed from production"),
        ("incident.detected", {}, "incident orders detected in production"),
        ("environment.created", {}, "environment orders created"),
    ],
)
def test_a_title_says_it_in_a_line(kind: str, custom: dict[str, Any], title: str) -> None:
    assert facts(kind, **custom)["title"] == title


def test_a_title_is_no_longer_than_services_take() -> None:
    event = sample(find("service.deployed"), full=False)
    event["subject"]["id"] = "x" * 5000
    title = facts_of(wrap(event))["title"]
    assert (len(title), title[-1]) == (301, "…")


@given(st.dictionaries(st.text(), st.none() | st.integers() | st.lists(st.text()) | st.text()))
def test_custom_data_of_any_form_is_no_obstacle(custom: dict[str, Any]) -> None:
    custom = {name: value for name, value in custom.items() if not _is_odd(name, value)}
    assert facts(**custom)["kind"] == "service.deployed"


def _is_odd(name: str, value: object) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in f"{name}{value}")


@pytest.mark.parametrize(
    ("when", "wanted"),
    [
        (When(), True),
        (When(type="service.deployed"), True),
        (When(type="dev.cdevents.service.deployed.0.3.0"), True),
        (When(type="service.*"), True),
        (When(type="incident.*"), False),
        (When(type="incident.*, service.*"), True),
        (When(type="!service.deployed"), False),
        (When(type="service.*, !*.removed"), True),
        (When(environment="production"), True),
        (When(environment="prod"), False),
        (When(environment="prod*"), True),
        (When(environment="*o*u*n"), True),
        (When(environment="productio*n*n"), False),
        (When(outcome="success"), True),
        (When(outcome="failure"), False),
        (When(team="payments"), False),
        (When(repository="acme/*"), True),
        (When(repository="https://github.example/acme/*"), True),
        (When(repository="https://github.com/acme/*"), False),
        (When(repository="acme/*, !https://github.example/*"), False),
        (When(repository="*/acme/*"), False),
        (When(type="service.*", environment="staging"), False),
        (When(subject="orders", service="orders"), True),
    ],
)
def test_a_filter_wants_what_all_its_patterns_match(
    when: When,
    wanted: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert matches(when, facts()) is wanted


@pytest.mark.parametrize("pattern", [",", "a,", "!", "a, !"])
def test_an_empty_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(RequestError, match="the sink bus has a `when` with an empty pattern"):
        check_when(When(type=pattern), sink="bus")


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ('tier == "PRODUCTION"', True),
        ('kind.startsWith("incident.")', False),
        ('planned != "false" && team in ["payments", "orders"]', True),
        ("has(event.customData.labels)", False),
        ("time_s > 0 && !rollback", True),
    ],
)
def test_an_expression_says_what_else_must_be_so(
    expression: str,
    wanted: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    when = When(type="service.*", expression=expression)
    check_when(when, sink="bus")
    assert matches(when, facts(team="payments")) is wanted


def test_patterns_come_before_the_expression() -> None:
    assert not matches(When(type="incident.*", expression="nobody == 1"), facts())


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("event.customData.labels.x == 1", "gives no answer for this event: KeyError"),
        ("nobody == 1", "gives no answer for this event"),
        ("time_s", "neither true nor false"),
        ("kind + 1 == 2", "gives no answer for this event"),
    ],
)
def test_an_expression_without_an_answer_is_a_wrong_request(expression: str, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        matches(When(expression=expression), facts())


@pytest.mark.parametrize("expression", ["kind ==", "(", "a b", "'"])
def test_what_is_no_expression_is_refused_before_anything_happens(expression: str) -> None:
    with pytest.raises(RequestError, match="is none"):
        check_when(When(expression=expression), sink="bus")


def test_without_the_library_an_expression_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "cel", None)
    with pytest.raises(RequestError) as caught:
        check_when(When(expression="true"), sink="bus")
    assert caught.value.remedy == "pip install 'cdkit[expressions]'"
