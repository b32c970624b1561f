"""Events from our nouns: what is in them, and which of them are the same event."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cdkit.core.context import BuildContext
from cdkit.core.documents.document import Replay
from cdkit.core.errors import RequestError
from cdkit.events.catalogue import find
from cdkit.events.cdevents import (
    CustomData,
    Happening,
    Run,
    build,
    chain_of,
    custom_schema,
    identity,
    links_of,
    source_of,
)
from cdkit.events.strict import check
from tests.events.samples import CHAIN, LINKS, PURL

DEPLOYED = Happening(
    kind=find("service.deployed"),
    source="https://example.com/acme/orders",
    subject="orders",
    time="2026-11-23T12:00:00Z",
    content={"environment": {"id": "production"}, "artifactId": PURL},
    custom=CustomData(),
)
RUN = BuildContext(system="github", repository="acme/orders", run="7", attempt=1, job="deploy")


def name(
    happening: Happening = DEPLOYED,
    context: BuildContext = RUN,
    moment: str = "m",
    replay: Replay | None = None,
) -> str:
    return identity(happening, context, moment=moment, replay=replay)


def test_a_built_event_is_right() -> None:
    assert check(build(DEPLOYED, id="1")) == ()


def test_chain_and_links_travel_in_the_context() -> None:
    event = build(replace(DEPLOYED, chain_id=CHAIN, links=LINKS), id="1")
    assert (event["context"]["chainId"], event["context"]["links"]) == (CHAIN, LINKS)


def test_what_cdevents_lacks_is_custom_data_under_our_schema() -> None:
    custom = CustomData(
        outcome="failure",
        started_at="2026-11-23T11:58:00Z",
        planned=False,
        previous_commit="a" * 40,
        commit="b" * 40,
        team="payments",
        run=Run(id="7", attempt=1),
        replay=Replay(run="r", at="2026-11-01T00:00:00Z"),
        labels={"colour": "blue"},
    )
    assert build(replace(DEPLOYED, custom=custom), id="1")["customData"] == {
        "schema": "https://cdkit.dev/schemas/event-data/v1.json",
        "outcome": "failure",
        "startedAt": "2026-11-23T11:58:00Z",
        "planned": False,
        "previousCommit": "a" * 40,
        "commit": "b" * 40,
        "team": "payments",
        "run": {"id": "7", "attempt": 1},
        "replay": {"run": "r", "at": "2026-11-01T00:00:00Z"},
        "labels": {"colour": "blue"},
    }


def test_the_schema_of_custom_data_knows_all_its_fields() -> None:
    properties = custom_schema()["$defs"]["CustomData"]["properties"]
    assert {"outcome", "startedAt", "planned", "commit", "previousCommit", "team"} <= set(
        properties
    )


def test_an_event_that_is_wrong_is_refused_with_all_its_faults() -> None:
    wrong = replace(DEPLOYED, content={"artifactId": "x", "colour": "blue"}, chain_id="c")
    with pytest.raises(RequestError) as caught:
        build(wrong, id="1")
    assert "environment: is missing" in caught.value.what
    assert "colour: does not belong" in caught.value.what


def test_a_retry_is_the_same_event() -> None:
    later = replace(DEPLOYED, time="2026-11-23T12:05:00Z")
    assert name(later, moment="later") == name()


@pytest.mark.parametrize(
    "change",
    [{"attempt": 2}, {"run": "8"}, {"job": "other"}, {"repository": "acme/x"}, {"system": "x"}],
    ids=str,
)
def test_another_run_is_another_event(change: dict[str, Any]) -> None:
    assert name(context=replace(RUN, **change)) != name()


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "billing"},
        {"kind": find("service.upgraded")},
        {"content": {"environment": {"id": "staging"}, "artifactId": PURL}},
        {"source": "/elsewhere"},
        {"custom": CustomData(outcome="failure")},
        {"custom": CustomData(started_at="2026-11-23T11:58:00Z")},
        {"custom": CustomData(labels={"region": "eu"})},
        {"links": LINKS},
        {"chain_id": CHAIN},
    ],
    ids=["subject", "type", "place", "source", "outcome", "start", "label", "links", "chain"],
)
def test_another_happening_is_another_event(change: dict[str, Any]) -> None:
    assert name(replace(DEPLOYED, **change)) != name()


def test_a_replay_is_another_event() -> None:
    assert name(replay=Replay(run="r", at="a")) != name()


def test_without_a_run_each_call_is_an_event_of_its_own() -> None:
    nobody = BuildContext(system="terminal")
    assert name(context=nobody, moment="1") != name(context=nobody, moment="2")


@pytest.mark.parametrize(
    ("context", "source"),
    [
        ({"repository_url": "https://example.com/a/b"}, "https://example.com/a/b"),
        ({"repository_url": "https://bot:t0k3n@example.com/a/b"}, "https://example.com/a/b"),
        ({"repository_url": "git@example.com:a/b.git", "repository": "a/b"}, "/a/b"),
        ({"repository": "a b/\u00e9"}, "/a%20b/%C3%A9"),
        ({}, "/cdkit"),
    ],
)
def test_the_source_is_the_repository_without_secrets(context: dict[str, str], source: str) -> None:
    assert source_of(BuildContext(system="x", **context)) == source  # type: ignore[arg-type]


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_repository_gives_a_right_source(repository: str, url: str) -> None:
    source = source_of(BuildContext(system="x", repository=repository, repository_url=url))
    assert check(build(replace(DEPLOYED, source=source), id="1")) == ()


def test_all_events_of_a_commit_share_a_chain() -> None:
    one = BuildContext(system="github", repository="acme/orders", run="7", job="build")
    two = BuildContext(system="github", repository="acme/orders", run="8", job="deploy")
    assert chain_of(one, "c" * 40) == chain_of(two, "c" * 40) != ""
    assert chain_of(one, "d" * 40) != chain_of(one, "c" * 40)
    event = build(replace(DEPLOYED, chain_id=chain_of(one, "c" * 40)), id="1")
    assert check(event) == ()


@pytest.mark.parametrize(
    ("context", "commit"), [(RUN, ""), (BuildContext(system="terminal"), "c" * 40)]
)
def test_without_commit_or_repository_there_is_no_chain(context: BuildContext, commit: str) -> None:
    assert chain_of(context, commit) == ""


def test_links_are_written_as_kind_and_id() -> None:
    links = links_of(["PATH=e-1", "END = e-2", "ARTIFACT=e-3=x"])
    assert links == (
        {"linkType": "PATH", "from": {"contextId": "e-1"}},
        {"linkType": "END", "from": {"contextId": "e-2"}},
        {"linkType": "RELATION", "linkKind": "ARTIFACT", "target": {"contextId": "e-3=x"}},
    )
    assert check(build(replace(DEPLOYED, links=links), id="1")) == ()


@pytest.mark.parametrize("text", ["", "=", "PATH", "PATH=", "=e-1"])
def test_what_is_no_link_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="is no link"):
        links_of([text])
