"""Deployments that several places tell are counted once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cdkit.dora.same import RECORDED, distinct
from cdkit.dora.source import Seen
from cdkit.dora.told import Deployed, Outcome
from tests.worlds import NOW

A, DIGEST = "a" * 40, f"sha256:{'7' * 64}"


def seen(
    source: str,
    id: str = "",  # noqa: A002 - its name
    *,
    minute: int = 0,
    service: str = "orders",
    run: str = "",
    digest: str = "",
    outcome: Outcome = "success",
    planned: bool | None = None,
    vague: bool = False,
) -> Seen:
    deployed = Deployed(
        service=service,
        environment="production",
        at=NOW + timedelta(minutes=minute),
        digest=digest,
        commit=A,
        outcome=outcome,
        planned=planned,
        id=id,
    )
    return Seen(deployed=deployed, source=source, run=run, vague=vague)


def test_a_fact_and_its_event_are_one_deployment() -> None:
    fact = seen(RECORDED, "e1", digest=DIGEST)
    event = seen("events", "e1", minute=1, planned=False)
    (one,) = distinct([event, fact])
    assert (one.deployed.digest, one.deployed.planned, one.source) == (DIGEST, False, RECORDED)


def test_the_same_id_of_another_service_is_another_one() -> None:
    assert len(distinct([seen(RECORDED, "e1"), seen(RECORDED, "e1", service="pay")])) == 2


def test_those_of_one_second_come_in_the_order_of_their_ids_whoever_told_them_first() -> None:
    told = [seen("events", "b"), seen("github", "a"), seen("events", "0", minute=1)]
    for given in (told, told[::-1]):
        assert [one.deployed.id for one in distinct(given)] == ["a", "b", "0"]


def test_without_ids_nothing_is_the_same() -> None:
    assert len(distinct([seen("events"), seen("events")])) == 2


@pytest.mark.parametrize(
    ("made", "kept"),
    [
        (seen("github", "g1", minute=1, run="42", vague=True), ["e1"]),
        (seen("github", "g1", minute=1, run="42", service="orders"), ["e1"]),
        (seen("github", "g1", minute=1, run="42", service="pay"), ["e1", "g1"]),
        (seen("github", "g1", minute=1, run="42", service="repo", vague=True), ["e1"]),
        (seen("github", "g1", minute=1, run="43", vague=True), ["e1", "g1"]),
        (seen("github", "g1", minute=1, vague=True), ["e1", "g1"]),
        (seen("github", "g1", minute=1, run="42", vague=True, outcome="failure"), ["e1", "g1"]),
    ],
)
def test_what_a_run_recorded_and_what_its_job_made_is_one(made: Seen, kept: list[str]) -> None:
    fact = seen(RECORDED, "e1", run="42", digest=DIGEST)
    found = distinct([fact, made])
    assert [one.deployed.id for one in found] == kept
    assert ("g1" in found[0].names) == (kept == ["e1"])


def test_what_a_run_recorded_as_failed_and_its_failed_job_is_one() -> None:
    fact = seen(RECORDED, "e1", run="42", digest=DIGEST, outcome="failure")
    failed = seen("github", "g1", minute=1, run="42", vague=True, outcome="failure")
    tried_again = seen("github", "g2", minute=2, run="42", vague=True)
    found = distinct([fact, failed, tried_again])
    assert [(one.deployed.id, one.deployed.outcome) for one in found] == [
        ("e1", "failure"),
        ("g2", "success"),
    ]


def test_a_job_that_deployed_three_services_made_no_fourth() -> None:
    facts = [seen(RECORDED, f"e{s}", service=s, run="42") for s in ("a", "b", "c")]
    job = seen("github", "g1", service="monorepo", run="42", vague=True)
    assert [one.deployed.service for one in distinct([*facts, job])] == ["a", "b", "c"]
