"""GitHub asked for deployments and incidents, by a double on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cdkit.dora.source import Found, SourceTable
from cdkit.dora.told import Deployed
from tests.dora.asking_github import A, B, C, ask, at, done, settled
from tests.dora.forges import GitHub, running
from tests.worlds import NOW


@pytest.fixture
def github() -> Iterator[GitHub]:
    system = GitHub()
    with running(system):
        yield system


def deployed(found: Found) -> list[tuple[str, str, str, str]]:
    those = sorted((one.deployed for one in found.deployments), key=lambda one: one.at)
    return [(one.service, f"{one.at:%m-%d %H:%M}", one.commit[:1], one.outcome) for one in those]


def test_a_deployment_ended_when_its_status_says_so(github: GitHub, tmp_path: Path) -> None:
    name = github.deploy(
        "2026-11-20T10:00:00Z",
        A,
        ("QUEUED", "2026-11-20T10:00:01Z"),
        ("IN_PROGRESS", "2026-11-20T10:00:05Z"),
        ("SUCCESS", "2026-11-20T10:04:00Z"),
        ("INACTIVE", "2026-11-21T09:00:00Z"),
        run=42,
    )
    found = ask(tmp_path, github)
    (one,) = found.deployments
    assert one.deployed == Deployed(
        service="orders",
        environment="production",
        at=at("2026-11-20T10:04:00"),
        digest=A,
        commit=A,
        id=f"acme/orders/{name}",
        who="mona",
        url="https://github.com/acme/orders/actions/runs/42/job/30547",
    )
    assert (one.run, one.vague) == ("42", True)
    assert found.reasons == ()


@pytest.mark.parametrize(
    "log", ["javascript:alert(1)", "http://x", "https://" + "x" * 500, "", None]
)
def test_people_are_led_nowhere_but_to_a_page(
    github: GitHub, tmp_path: Path, log: str | None
) -> None:
    when = "2026-11-20T10:00:00Z"
    name = github.deploy(when, A, done(when))
    github.statuses[name][0]["logUrl"] = log
    assert [one.deployed.url for one in ask(tmp_path, github).deployments] == [""]


@pytest.mark.parametrize(
    ("statuses", "ended"),
    [
        ([("SUCCESS", 1)], ("01", "success")),
        ([("FAILURE", 1)], ("01", "failure")),
        ([("ERROR", 1)], ("01", "failure")),
        ([("SUCCESS", 1), ("SUCCESS", 2)], ("01", "success")),
        ([("SUCCESS", 1), ("INACTIVE", 2)], ("01", "success")),
        ([("FAILURE", 1), ("IN_PROGRESS", 2), ("SUCCESS", 3)], ("03", "success")),
        ([("SUCCESS", 1), ("FAILURE", 2)], ("02", "failure")),
        ([("FAILURE", 1), ("ERROR", 2)], ("01", "failure")),
        ([("SUCCESS", 2), ("IN_PROGRESS", 1)], ("02", "success")),
    ],
)
def test_the_last_end_counts_from_when_it_was_first_said(
    github: GitHub, tmp_path: Path, statuses: list[tuple[str, int]], ended: tuple[str, str]
) -> None:
    told = [(state, f"2026-11-20T10:{minute:02}:00Z") for state, minute in statuses]
    github.deploy("2026-11-20T10:00:00Z", A, *told)
    (one,) = ask(tmp_path, github).deployments
    assert (f"{one.deployed.at:%M}", one.deployed.outcome) == ended


@pytest.mark.parametrize(
    ("statuses", "why"),
    [
        ((), "without any status: nobody said of the end"),
        ((("IN_PROGRESS", "2026-11-20T10:00:05Z"),), "without an end so far"),
        ((("WAITING", "2026-11-20T10:00:05Z"),), "without an end so far"),
        (
            (("RESTING", "2026-11-20T10:00:05Z"),),
            "in a state that is not known: RESTING",
        ),
        (
            (("INACTIVE", "2026-11-20T10:00:05Z"),),
            "taken back before the end",
        ),
    ],
)
def test_one_whose_end_nobody_told_is_left_out_and_counted(
    github: GitHub, tmp_path: Path, statuses: tuple[tuple[str, str], ...], why: str
) -> None:
    github.deploy("2026-11-20T10:00:00Z", A, *statuses)
    found = ask(tmp_path, github)
    assert found.deployments == ()
    assert f"github acme/orders: 1 deployment {why}" in found.notes


def test_a_long_life_of_statuses_is_asked_for_by_itself(github: GitHub, tmp_path: Path) -> None:
    checks = [("IN_PROGRESS", f"2026-11-20T{n // 60 + 10}:{n % 60:02}:30Z") for n in range(250)]
    name = github.deploy(
        "2026-11-20T09:00:00Z", A, ("SUCCESS", "2026-11-20T09:01:00Z"), *checks, run=7
    )
    (one,) = ask(tmp_path, github).deployments
    assert (one.deployed.at, one.run) == (at("2026-11-20T09:01:00"), "7")
    asked = [json.loads(q.body)["variables"] for q in github.asked if q.body]
    assert [one["after"] for one in asked if one.get("id") == name] == [None, "100", "200"]


def test_ten_thousand_deployments_are_all_read(github: GitHub, tmp_path: Path) -> None:
    first = at("2026-10-25T00:00:00")
    for number in range(10_000):
        when = f"{first + timedelta(minutes=4 * number):%Y-%m-%dT%H:%M:%SZ}"
        github.deploy(when, f"{number:040x}", done(when))
    found = ask(tmp_path, github)
    assert len({one.deployed.id for one in found.deployments}) == 10_000
    assert len([q for q in github.asked if q.path == "/graphql"]) == 101  # and merges


def test_what_is_older_than_anybody_needs_is_not_asked_for(github: GitHub, tmp_path: Path) -> None:
    for day in range(300):
        when = f"{NOW - timedelta(days=day, hours=1):%Y-%m-%dT%H:%M:%SZ}"
        github.deploy(when, f"{day:040x}", done(when))
    found = ask(tmp_path, github)
    assert len(found.deployments) == 60
    assert len([q for q in github.asked if q.path == "/graphql"]) == 2


def test_other_environments_do_not_count(github: GitHub, tmp_path: Path) -> None:
    when = "2026-11-20T10:00:00Z"
    github.deploy(when, A, done(when), environment="production")
    github.deploy(when, B, done(when), environment="Production")
    github.deploy(when, C, done(when), environment="preview")
    github.deployments[-1] |= {"environment": None, "latestEnvironment": None}
    assert {one.deployed.commit for one in ask(tmp_path, github).deployments} == {A, B}


def test_where_nothing_was_found_the_environments_are_named(github: GitHub, tmp_path: Path) -> None:
    when = "2026-11-20T10:00:00Z"
    for name in ("prod", "github-pages"):
        github.deploy(when, A, done(when), environment=name)
    assert ask(tmp_path, github).notes[-1] == (
        "github acme/orders: the environments of its last 2 deployments: github-pages, prod"
    )


@pytest.mark.parametrize(
    ("table", "made", "services"),
    [
        (SourceTable(type="github"), {}, ["orders"]),
        (SourceTable(type="github", service="shop"), {}, ["shop"]),
        (SourceTable(type="github"), {"payload": {"service": "pay"}}, ["pay"]),
        (SourceTable(type="github"), {"payload": json.dumps({"service": "pay"})}, ["pay"]),
        (SourceTable(type="github"), {"payload": [1]}, ["orders"]),
        (SourceTable(type="github"), {"payload": {"service": 7}}, ["orders"]),
        (
            SourceTable(type="github", environments=("{service}-production",)),
            {"environment": "pay-production"},
            ["pay"],
        ),
        (
            SourceTable(type="github", environments=("prod/*", "{service} (live)")),
            {"environment": "Pay (LIVE)"},
            ["Pay"],
        ),
        (settled(task="deploy:{service}"), {"task": "deploy:pay"}, ["pay"]),
        (settled(task="deploy:{service}"), {"task": "deploy"}, []),
        (SourceTable(type="github", environments=("live",)), {}, []),
    ],
)
def test_the_service_is_where_the_repository_says_it(
    github: GitHub,
    tmp_path: Path,
    table: SourceTable,
    made: dict[str, Any],
    services: list[str],
) -> None:
    when = "2026-11-20T10:00:00Z"
    github.deploy(when, A, done(when), **made)
    found = ask(tmp_path, github, table)
    assert [one.deployed.service for one in found.deployments] == services


def test_what_emit_event_left_is_known_by_its_event_and_digest(
    github: GitHub, tmp_path: Path
) -> None:
    when, digest = "2026-11-20T10:00:00Z", f"sha256:{'7' * 64}"
    payload = {"cdevent": "0f5d", "service": "pay", "image": f"ghcr.io/acme/pay@{digest}"}
    github.deploy(when, A, done(when), payload=payload)
    (one,) = ask(tmp_path, github).deployments
    assert (one.deployed.id, one.deployed.digest, one.vague) == ("0f5d", digest, False)


# Incidents


def test_issues_with_the_label_are_incidents(github: GitHub, tmp_path: Path) -> None:
    github.issue(12, "2026-11-20T11:00:00Z", "2026-11-20T13:00:00Z", body=f"caused-by: {A}")
    github.issue(13, "2026-11-21T11:00:00Z", labels=[{"name": "bug"}])
    github.issue(14, "2026-11-21T11:00:00Z", pull_request={"url": "x"})
    github.issue(15, "2026-11-21T11:00:00Z", "2026-11-21T12:00:00Z", state_reason="duplicate")
    found = ask(tmp_path, github)
    (one,) = found.incidents
    assert (one.id, one.cause, one.service) == ("acme/orders#12", A, "")
    assert (one.opened_at, one.resolved_at) == (at("2026-11-20T11:00:00"), at("2026-11-20T13:00"))
    assert (
        "github acme/orders: 1 issue closed as duplicate or as not planned, which is no incident"
    ) in found.notes


def test_labels_tell_the_service_and_the_cause(github: GitHub, tmp_path: Path) -> None:
    names = ("outage", "service:pay", "caused-by:none")
    github.issue(12, "2026-11-20T11:00:00Z", labels=[{"name": name} for name in names])
    found = ask(tmp_path, github, settled(**{"incident-label": "outage"}))
    assert [(one.service, one.cause) for one in found.incidents] == [("pay", "none")]


def test_where_there_is_no_label_nobody_tells_of_incidents(github: GitHub, tmp_path: Path) -> None:
    found = ask(tmp_path, github, settled(**{"incident-label": "incident, sev/1"}))
    assert not found.has_incidents
    assert found.notes[0] == (
        "github acme/orders: 0 issues with the label 'sev/1', which is not there: incidents are "
        "kept elsewhere, if at all"
    )


def test_a_label_that_no_issue_has_tells_that_there_was_no_incident(
    github: GitHub, tmp_path: Path
) -> None:
    found = ask(tmp_path, github)
    assert (found.has_incidents, found.incidents, found.reasons) == (True, (), ())


def test_incidents_are_known_where_one_is(github: GitHub, tmp_path: Path) -> None:
    github.labels.clear()
    github.issue(3, "2026-11-20T11:00:00Z")
    assert ask(tmp_path, github).has_incidents


def test_nobody_asks_for_incidents_that_are_kept_elsewhere(github: GitHub, tmp_path: Path) -> None:
    assert not ask(tmp_path, github, settled(**{"incident-label": "none"})).has_incidents
    assert {q.path for q in github.asked} == {"/graphql"}


def test_three_hundred_incidents_are_followed_to_the_last_page(
    github: GitHub, tmp_path: Path
) -> None:
    for number in range(300):
        github.issue(number, "2026-11-20T11:00:00Z")
    assert len(ask(tmp_path, github).incidents) == 300


# Commits and merges


def pull(commit: str, merged: str, authored: str, *written: tuple[str, str]) -> dict[str, Any]:
    commits = [
        {"commit": {"oid": name, "authoredDate": when, "committedDate": when}
         | {"parents": {"totalCount": 1}}}
        for name, when in written
    ]  # fmt: skip
    squash = {"oid": commit, "authoredDate": authored, "parents": {"totalCount": 1}}
    told: dict[str, Any] = {"id": f"PR_{commit[:1]}", "updatedAt": merged, "mergedAt": merged}
    told |= {"mergeCommit": squash}
    return told | {"commits": {"totalCount": len(commits), "nodes": commits[:100]}}


def test_a_squash_is_told_with_the_commits_that_it_holds(github: GitHub, tmp_path: Path) -> None:
    merged = "2026-11-20T10:00:00Z"
    first, second = ("d" * 40, "2026-11-18T10:00:00Z"), ("e" * 40, "2026-11-19T10:00:00Z")
    github.pulls = [
        pull(A, merged, merged, first, second),
        pull(B, merged, second[1], first, second),  # a rebase: its last commit kept its time
        pull(C, merged, merged, first) | {"mergeCommit": None},
    ]
    (merge,) = ask(tmp_path, github).merges
    assert (merge.commit, merge.at) == (A, at("2026-11-20T10:00:00"))
    assert [(one.name, one.authored_at) for one in merge.written] == [
        (first[0], at("2026-11-18T10:00:00")),
        (second[0], at("2026-11-19T10:00:00")),
    ]


@pytest.mark.parametrize(
    ("authored", "told"), [("2026-11-20T10:00:00Z", 250), ("2026-11-19T10:00:00Z", 0)]
)
def test_a_long_pull_request_is_asked_for_where_it_counts(
    github: GitHub, tmp_path: Path, authored: str, told: int
) -> None:
    merged, last = "2026-11-20T10:00:00Z", "2026-11-19T10:00:00Z"
    written = [(f"{n:040x}", "2026-11-18T10:00:00Z") for n in range(249)] + [("f" * 40, last)]
    # Where the main line has the time of its last commit it was rebased, and is no squash.
    one = pull(A, merged, authored, *written)
    github.nodes["PR_a"] = [
        {"commit": {"oid": name, "authoredDate": when, "committedDate": when}
         | {"parents": {"totalCount": 1}}}
        for name, when in written
    ]  # fmt: skip
    github.pulls = [one]
    (merge,) = ask(tmp_path, github).merges
    assert merge.written == ()
    assert merge.ask is not None
    assert len(merge.ask()) == told


def test_commits_that_the_checkout_lacks_are_compared(github: GitHub, tmp_path: Path) -> None:
    when = {"date": "2026-11-20T10:00:00+02:00"}
    github.compared[f"{A}...{B}"] = [
        {"sha": f"{number:040x}", "commit": {"author": when, "committer": when}}
        | {"parents": [{"sha": f"{number - 1:040x}"}]}
        for number in range(1, 251)
    ]
    history = ask(tmp_path, github).history
    assert history is not None
    commits = history(A, B)
    assert [one.name for one in commits] == [f"{number:040x}" for number in range(250, 0, -1)]
    assert commits[0].committed_at == at("2026-11-20T08:00:00")
