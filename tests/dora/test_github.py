"""GitHub asked for deployments and incidents, by a double on loopback."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import RequestError
from cdkit.core.verdict import Answer, Reason
from cdkit.core.world import World
from cdkit.dora.source import Found, Question, SourceTable, resolve
from cdkit.dora.told import Asked, Deployed
from tests.dora.forges import GitHub, Given, running
from tests.worlds import NOW, StandingClock, world

A, B, C = "a" * 40, "b" * 40, "c" * 40
TOKEN = "ghs_the-token"


@pytest.fixture
def github() -> Iterator[GitHub]:
    system = GitHub()
    with running(system):
        yield system


def outside(folder: Path, system: GitHub, **environ: str) -> World:
    clock = StandingClock()
    told = {"GITHUB_REPOSITORY": "acme/orders", "GITHUB_API_URL": system.url}
    told |= {"GITHUB_TOKEN": TOKEN} | environ
    found = world(folder, environ=told)
    return dataclasses.replace(found, clock=clock, http=RequestsHttp(clock))


def ask(
    folder: Path,
    system: GitHub,
    table: SourceTable | None = None,
    *,
    budget: float = 300,
    days: float = 30,
) -> Found:
    there = outside(folder, system)
    (source,) = resolve([table or "github"])
    return source.gather(question(budget=budget, days=days), there)


def question(*, budget: float = 300, days: float = 30) -> Question:
    asked = Asked(environment="production", since=NOW - timedelta(days=days), until=NOW)
    return Question(asked=asked, before=NOW - timedelta(days=2 * days), ends=budget)


def settled(**settings: str) -> SourceTable:
    return SourceTable(type="github", settings=settings)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


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
    )
    assert (one.run, one.vague) == ("42", True)
    assert found.reasons == ()


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
        ((), "deployments without any status: nobody said how they ended"),
        ((("IN_PROGRESS", "2026-11-20T10:00:05Z"),), "deployments that have not ended"),
        ((("WAITING", "2026-11-20T10:00:05Z"),), "deployments that have not ended"),
        (
            (("RESTING", "2026-11-20T10:00:05Z"),),
            "deployments in a state that is not known: RESTING",
        ),
        (
            (("INACTIVE", "2026-11-20T10:00:05Z"),),
            "deployments that were taken back before they ended",
        ),
    ],
)
def test_one_whose_end_nobody_told_is_left_out_and_counted(
    github: GitHub, tmp_path: Path, statuses: tuple[tuple[str, str], ...], why: str
) -> None:
    github.deploy("2026-11-20T10:00:00Z", A, *statuses)
    found = ask(tmp_path, github)
    assert found.deployments == ()
    assert f"github acme/orders: 1 {why}" in found.notes


def test_a_long_life_of_statuses_is_asked_for_by_itself(github: GitHub, tmp_path: Path) -> None:
    checks = [("IN_PROGRESS", f"2026-11-20T{n // 60 + 10}:{n % 60:02}:30Z") for n in range(250)]
    name = github.deploy(
        "2026-11-20T09:00:00Z", A, ("SUCCESS", "2026-11-20T09:01:00Z"), *checks, run=7
    )
    (one,) = ask(tmp_path, github).deployments
    assert (one.deployed.at, one.run) == (at("2026-11-20T09:01:00"), "7")
    asked = [json.loads(q.body)["variables"] for q in github.asked if q.body]
    assert [one["after"] for one in asked if one.get("id") == name] == [None, "100", "200"]


def done(when: str) -> tuple[str, str]:
    return ("SUCCESS", when)


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
        "github acme/orders: 1 issues closed as duplicates or as not planned, which are no "
        "incidents"
    ) in found.notes


def test_labels_tell_the_service_and_the_cause(github: GitHub, tmp_path: Path) -> None:
    names = ("outage", "service:pay", "caused-by:none")
    github.issue(12, "2026-11-20T11:00:00Z", labels=[{"name": name} for name in names])
    found = ask(tmp_path, github, settled(**{"incident-label": "outage"}))
    assert [(one.service, one.cause) for one in found.incidents] == [("pay", "none")]


def test_where_no_issue_has_the_label_that_is_said(github: GitHub, tmp_path: Path) -> None:
    assert (
        "github acme/orders: 0 issues with the label 'incident': incidents are known from "
        "elsewhere, if at all"
    ) in ask(tmp_path, github).notes


def test_nobody_asks_for_incidents_that_are_kept_elsewhere(github: GitHub, tmp_path: Path) -> None:
    ask(tmp_path, github, settled(**{"incident-label": "none"}))
    assert {q.path for q in github.asked} == {"/graphql"}


def test_three_hundred_incidents_are_followed_to_the_last_page(
    github: GitHub, tmp_path: Path
) -> None:
    for number in range(300):
        github.issue(number, "2026-11-20T11:00:00Z")
    assert len(ask(tmp_path, github).incidents) == 300


# What goes wrong


def only(found: Found) -> Reason:
    (reason,) = found.reasons
    assert reason.answer is Answer.CANNOT_TELL
    assert TOKEN not in str(found)
    return reason


@pytest.mark.parametrize(
    ("status", "what", "remedy"),
    [
        (401, "answers 401 (Bad credentials)", "the token is wrong or has expired"),
        (403, "answers 403 (Bad credentials)", "deployments: read"),
        (404, "answers 404 (Bad credentials)", "check the repository's name"),
        (400, "answers 400 (Bad credentials)", "see what the system says"),
    ],
)
def test_who_is_not_let_in_is_told_what_it_takes(
    github: GitHub, tmp_path: Path, status: int, what: str, remedy: str
) -> None:
    github.next.append(Given(status=status, body={"message": "Bad credentials"}))
    reason = only(ask(tmp_path, github))
    assert what in reason.what
    assert remedy in reason.remedy
    assert str(reason.where) == "github acme/orders"


def test_a_repository_that_is_not_there_is_none_without_deployments(
    github: GitHub, tmp_path: Path
) -> None:
    reason = only(ask(tmp_path, github, settled(repository="acme/nothing")))
    assert reason.what == "GitHub refuses: Could not resolve"
    assert "check the repository's name" in reason.remedy


def test_half_an_answer_beside_a_fault_is_none(github: GitHub, tmp_path: Path) -> None:
    page = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": []}
    fault = {"type": "FORBIDDEN", "message": "Resource not accessible by integration"}
    told = {"data": {"repository": {"page": page}}, "errors": [fault]}
    github.next.append(Given(body=told))
    assert "deployments: read" in only(ask(tmp_path, github)).remedy


@pytest.mark.parametrize(
    ("given", "waited"),
    [
        (Given(status=429, headers={"Retry-After": "90"}), 90),
        (Given(status=403, headers={"Retry-After": "61"}), 61),
        (
            Given(
                status=403,
                headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795435320"},
            ),
            120,
        ),
        (Given(status=403, body={"message": "You have exceeded a secondary rate limit."}), 60),
        (Given(body={"errors": [{"type": "RATE_LIMITED", "message": "exceeded"}]}), 60),
        (Given(status=502), 1),
        (Given(status=500), 1),
    ],
)
def test_what_passes_is_waited_for(
    github: GitHub, tmp_path: Path, given: Given, waited: float
) -> None:
    when = "2026-11-20T10:00:00Z"
    github.deploy(when, A, done(when))
    github.next.append(given)
    there = outside(tmp_path, github)
    (source,) = resolve(["github"])
    found = source.gather(question(), there)
    assert (len(found.deployments), found.reasons) == (1, ())
    assert there.clock.monotonic() == waited


def test_a_limit_that_outlasts_the_time_is_no_answer(github: GitHub, tmp_path: Path) -> None:
    github.next.append(Given(status=429, headers={"Retry-After": "3000"}))
    reason = only(ask(tmp_path, github))
    assert reason.what.endswith("wants no questions for another 3000 s, and 300 s are left")
    assert "--budget" in reason.remedy


def test_a_server_that_goes_on_failing_is_asked_five_times(github: GitHub, tmp_path: Path) -> None:
    github.next.extend([Given(status=500)] * 10)
    assert "answers 500" in only(ask(tmp_path, github)).what
    assert len(github.asked) == 5


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"[" * 100_000,
        {"data": None},
        {"data": {"repository": None}},
        {"data": {"repository": {"page": {"pageInfo": {"hasNextPage": False}}}}},
        {"data": {"repository": {"page": {"pageInfo": {"hasNextPage": False}, "nodes": [{}]}}}},
        {"data": {"repository": {"page": {"pageInfo": {"hasNextPage": True}, "nodes": []}}}},
    ],
)
def test_an_answer_that_is_none_cannot_tell(github: GitHub, tmp_path: Path, body: object) -> None:
    github.next.append(Given(body=body))
    found = ask(tmp_path, github)
    only(found)
    assert found.deployments == ()


def test_a_body_that_is_cut_off_cannot_tell(github: GitHub, tmp_path: Path) -> None:
    github.next.extend([Given(body=b'{"data":', cut=True)] * 10)
    reason = only(ask(tmp_path, github))
    assert "cut its answer short" in reason.what
    assert str(reason.where) == "github"


def test_a_time_without_a_zone_is_none(github: GitHub, tmp_path: Path) -> None:
    github.deploy("2026-11-20T10:00:00", A, done("2026-11-20T10:00:00Z"))
    assert "createdAt" in only(ask(tmp_path, github)).what


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_no_clock_ever_shows_is_none(github: GitHub, tmp_path: Path, when: str) -> None:
    github.deploy("2026-11-20T10:00:00Z", A, done(when))
    assert only(ask(tmp_path, github)).what.endswith("is told, and nothing was deployed then")


def test_a_list_that_repeats_itself_has_no_end(github: GitHub, tmp_path: Path) -> None:
    one = {"pageInfo": {"hasNextPage": True, "endCursor": "100"}, "nodes": []}
    github.next.extend([Given(body={"data": {"repository": {"page": one}}})] * 3)
    assert only(ask(tmp_path, github)).what == "GitHub says the same page again and again"


def issues(github: GitHub, tmp_path: Path, *given: Given) -> Reason:
    """Return the reason why incidents cannot be told; the deployments are told all the same."""
    when = "2026-11-20T10:00:00Z"
    github.deploy(when, A, done(when))
    page = {"pageInfo": {"hasNextPage": False}, "nodes": github.deployments}
    github.next.append(Given(body={"data": {"repository": {"page": page}}}))
    github.next.extend(given)
    found = ask(tmp_path, github)
    assert [one.deployed.commit for one in found.deployments] == [A]
    return only(found)


def issue(number: int) -> dict[str, object]:
    return {"number": number, "created_at": "2026-11-20T10:00:00Z"}


def test_issues_that_nobody_may_read_are_not_none(github: GitHub, tmp_path: Path) -> None:
    reason = issues(github, tmp_path, Given(status=403, body={"message": "Resource not"}))
    assert "issues: read" in reason.remedy


def test_a_next_page_on_another_host_is_not_fetched(github: GitHub, tmp_path: Path) -> None:
    with running(other := GitHub()):
        link = {"Link": f'<{other.url}/repos/acme/orders/issues?page=2>; rel="next"'}
        reason = issues(github, tmp_path, Given(body=[issue(1)], headers=link))
    assert "the token goes to no other host" in reason.what
    assert other.asked == []


def test_a_redirect_to_another_host_is_not_followed(github: GitHub, tmp_path: Path) -> None:
    with running(other := GitHub()):
        moved = Given(status=301, headers={"Location": f"{other.url}/repositories/7/issues?a=b"})
        reason = issues(github, tmp_path, moved)
    assert reason.what.endswith(
        f"leads to {other.url}/repositories/7/issues, and the token goes to no other host"
    )
    assert other.asked == []


def test_a_repository_that_was_renamed_is_found(github: GitHub, tmp_path: Path) -> None:
    when = "2026-11-20T10:00:00Z"
    github.deploy(when, A, done(when))
    page = {"pageInfo": {"hasNextPage": False}, "nodes": github.deployments}
    github.next.append(Given(body={"data": {"repository": {"page": page}}}))
    github.next.append(Given(status=301, headers={"Location": "/repos/acme/orders/issues?labels="}))
    assert ask(tmp_path, github).reasons == ()


def test_a_redirect_in_a_circle_ends(github: GitHub, tmp_path: Path) -> None:
    moved = Given(status=302, headers={"Location": "/repos/acme/orders/issues"})
    assert "leads on and on" in issues(github, tmp_path, *[moved] * 9).what


def test_issues_that_repeat_themselves_have_no_end(github: GitHub, tmp_path: Path) -> None:
    link = {"Link": '</repos/acme/orders/issues>; rel="next"'}
    same = Given(body=[issue(1)], headers=link)
    assert "says the same page again" in issues(github, tmp_path, same, same).what


def test_a_clock_that_differs_is_told(github: GitHub, tmp_path: Path) -> None:
    github.date = "Mon, 23 Nov 2026 12:10:00 GMT"
    notes = ask(tmp_path, github).notes
    assert "github acme/orders: its clock is 0:10:00 ahead of this one's" in notes


def test_without_a_token_nobody_is_asked(github: GitHub, tmp_path: Path) -> None:
    (source,) = resolve(["github"])
    found = source.gather(question(), outside(tmp_path, github, GITHUB_TOKEN=" "))
    (reason,) = found.reasons
    assert reason.what == "GITHUB_TOKEN holds no token"
    assert github.asked == []


@pytest.mark.parametrize(
    "environ",
    [
        {"GITHUB_REPOSITORY": ""},
        {"GITHUB_REPOSITORY": "acme/orders/../x"},
        {"GITHUB_API_URL": "http://api.github.example"},
        {"GITHUB_API_URL": "https://user:word@api.github.example"},
        {"GITHUB_API_URL": "nonsense"},
    ],
)
def test_a_place_that_cannot_be_asked_is_refused(
    github: GitHub, tmp_path: Path, environ: dict[str, str]
) -> None:
    (source,) = resolve(["github"])
    with pytest.raises(RequestError):
        source.gather(question(), outside(tmp_path, github, **environ))
    assert github.asked == []


def test_the_token_goes_along_and_nowhere_else(github: GitHub, tmp_path: Path) -> None:
    ask(tmp_path, github)
    assert {q.headers["authorization"] for q in github.asked} == {f"Bearer {TOKEN}"}
    assert not any(TOKEN in q.path or TOKEN in str(q.query) for q in github.asked)


# Commits and merges


def pull(commit: str, merged: str, authored: str, *written: tuple[str, str]) -> dict[str, Any]:
    commits = [
        {"commit": {"oid": name, "authoredDate": when, "committedDate": when}
         | {"parents": {"totalCount": 1}}}
        for name, when in written
    ]  # fmt: skip
    squash = {"oid": commit, "authoredDate": authored, "parents": {"totalCount": 1}}
    told = {"updatedAt": merged, "mergedAt": merged, "mergeCommit": squash}
    return told | {"commits": {"nodes": commits}}


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
