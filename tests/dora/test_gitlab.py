"""GitLab asked for deployments, incidents and merges, by a double on loopback."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cdkit.core.doors.http import RequestsHttp
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.verdict import Answer, Reason
from cdkit.core.world import World
from cdkit.dora.source import Found, Question, SourceTable, resolve
from cdkit.dora.told import Asked, Deployed
from tests.dora.forges import GitLab, Given, running
from tests.worlds import NOW, StandingClock, world

A, B, C = "a" * 40, "b" * 40, "c" * 40
TOKEN = "glpat-the-token"
WHEN = "2026-11-20T10:00:00.123Z"


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    system = GitLab()
    with running(system):
        yield system


def outside(folder: Path, system: GitLab, **environ: str) -> World:
    clock = StandingClock()
    told = {"CI_PROJECT_ID": "7", "CI_PROJECT_PATH": "acme/shop/orders"}
    told |= {"CI_API_V4_URL": f"{system.url}/api/v4", "GITLAB_TOKEN": TOKEN} | environ
    return dataclasses.replace(world(folder, environ=told), clock=clock, http=RequestsHttp(clock))


def ask(folder: Path, system: GitLab, table: SourceTable | None = None, **environ: str) -> Found:
    asked = Asked(environment="production", since=NOW - timedelta(days=30), until=NOW)
    question = Question(asked=asked, since=asked.since, before=NOW - timedelta(days=60), ends=300)
    (source,) = resolve([table or "gitlab"])
    return source.gather(question, outside(folder, system, **environ))


def settled(**settings: str) -> SourceTable:
    return SourceTable(
        type="gitlab", settings={k.replace("_", "-"): v for k, v in settings.items()}
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def only(found: Found) -> Reason:
    (reason,) = found.reasons
    assert reason.answer is Answer.CANNOT_TELL
    assert TOKEN not in str(found)
    return reason


def test_a_deployment_ended_when_its_job_did(gitlab: GitLab, tmp_path: Path) -> None:
    updated = "2026-11-22T10:00:00.000+02:00"
    number = gitlab.deploy(WHEN, A, pipeline=42, updated=updated)
    found = ask(tmp_path, gitlab)
    (one,) = found.deployments
    assert one.deployed == Deployed(
        service="orders",
        environment="production",
        at=datetime.fromisoformat(WHEN),
        digest=A,
        commit=A,
        id=f"acme/shop/orders/{number}",
        who="mona",
        url="https://gitlab.example/acme/orders/-/pipelines/42",
    )
    assert (one.run, one.vague) == ("42", True)
    assert {q.headers["private-token"] for q in gitlab.asked} == {TOKEN}


def test_one_that_no_job_made_ended_when_it_last_changed(gitlab: GitLab, tmp_path: Path) -> None:
    gitlab.deploy("2026-11-20T12:00:00+02:00", A)
    (one,) = ask(tmp_path, gitlab).deployments
    assert (one.deployed.at, one.run) == (at("2026-11-20T10:00:00"), "")


@pytest.mark.parametrize(
    ("status", "outcomes", "note"),
    [
        ("success", ["success"], ""),
        ("failed", ["failure"], ""),
        ("running", [], "1 deployment without an end so far"),
        ("blocked", [], "1 deployment without an end so far"),
        ("created", [], "1 deployment without an end so far"),
        ("canceled", [], "1 deployment cancelled or skipped"),
        ("skipped", [], "1 deployment cancelled or skipped"),
        ("something-new", [], "1 deployment in a state that is not known: something-new"),
    ],
)
def test_only_what_ended_counts(
    gitlab: GitLab, tmp_path: Path, status: str, outcomes: list[str], note: str
) -> None:
    gitlab.deploy(WHEN, A, status=status, pipeline=1)
    found = ask(tmp_path, gitlab)
    assert [one.deployed.outcome for one in found.deployments] == outcomes
    assert not note or f"gitlab acme/shop/orders: {note}" in found.notes


def test_a_thousand_deployments_are_followed_to_the_last_page(
    gitlab: GitLab, tmp_path: Path
) -> None:
    for number in range(1000):
        gitlab.deploy(WHEN, f"{number:040x}", pipeline=number + 1)
    assert len(ask(tmp_path, gitlab).deployments) == 1000


@pytest.mark.parametrize(
    ("table", "environment", "job", "services"),
    [
        (SourceTable(type="gitlab"), "production", "deploy", ["orders"]),
        (SourceTable(type="gitlab"), "staging", "deploy", []),
        (SourceTable(type="gitlab", service="shop"), "production", "deploy", ["shop"]),
        (SourceTable(type="gitlab", environments=("live/{service}",)), "live/pay", "x", ["pay"]),
        (SourceTable(type="gitlab", environments=("eu", "us")), "us", "x", ["orders"]),
        (settled(job="deploy-{service}"), "production", "deploy-pay", ["pay"]),
        (settled(job="deploy-{service}"), "production", "notify", []),
    ],
)
def test_the_service_is_where_the_project_says_it(
    gitlab: GitLab,
    tmp_path: Path,
    table: SourceTable,
    environment: str,
    job: str,
    services: list[str],
) -> None:
    gitlab.deploy(WHEN, A, environment=environment, job=job, pipeline=3)
    found = ask(tmp_path, gitlab, table)
    assert [one.deployed.service for one in found.deployments] == services


def test_where_nothing_was_found_the_environments_are_named(gitlab: GitLab, tmp_path: Path) -> None:
    gitlab.there["environments"] = [{"id": 1, "name": "prod"}, {"id": 2, "name": "review/x"}]
    assert "gitlab acme/shop/orders: its environments: prod, review/x" in (
        ask(tmp_path, gitlab).notes
    )


def incident(number: int, **more: object) -> dict[str, object]:
    told: dict[str, object] = {"iid": number, "created_at": WHEN, "closed_at": None}
    told |= {"description": None, "labels": [], "severity": "UNKNOWN"}
    return told | more


def test_incidents_are_issues_of_that_type(gitlab: GitLab, tmp_path: Path) -> None:
    gitlab.there["issues"] = [
        incident(3, closed_at="2026-11-20T13:00:00Z", description=f"x\n**Caused by:** `{A}`\n"),
        incident(4, labels=["service:pay"]),
    ]
    found = ask(tmp_path, gitlab)
    assert [(one.id, one.service, one.cause) for one in found.incidents] == [
        ("acme/shop/orders#3", "", A),
        ("acme/shop/orders#4", "pay", ""),
    ]
    assert found.incidents[0].resolved_at == at("2026-11-20T13:00:00")
    asked = next(q.query for q in gitlab.asked if q.path.endswith("/issues"))
    assert (asked["issue_type"], asked["created_after"]) == (
        "incident",
        "2026-10-24T12:00:00+00:00",
    )


def test_incidents_may_be_of_a_label_and_of_some_severity(gitlab: GitLab, tmp_path: Path) -> None:
    gitlab.there["issues"] = [
        incident(number, severity=severity)
        for number, severity in enumerate(("HIGH", "LOW", None, "CRITICAL"))
    ]
    table = settled(incident_label="outage", severity="high, critical")
    found = ask(tmp_path, gitlab, table)
    assert [one.id[-1] for one in found.incidents] == ["0", "3"]
    asked = next(q.query for q in gitlab.asked if q.path.endswith("/issues"))
    assert (asked["labels"], "issue_type" in asked) == ("outage", False)
    assert "gitlab acme/shop/orders: 2 incidents of another severity" in found.notes


def test_nobody_asks_for_incidents_that_are_kept_elsewhere(gitlab: GitLab, tmp_path: Path) -> None:
    assert not ask(tmp_path, gitlab, settled(incident_label="none")).has_incidents
    assert not any(q.path.endswith("/issues") for q in gitlab.asked)


def test_without_an_incident_ever_nobody_tells_of_any(gitlab: GitLab, tmp_path: Path) -> None:
    found = ask(tmp_path, gitlab)
    assert not found.has_incidents
    assert found.notes[0] == (
        "gitlab acme/shop/orders: 0 incidents since the project began: kept elsewhere, if at all"
    )


def test_an_incident_of_long_ago_tells_that_there_was_none_since(
    gitlab: GitLab, tmp_path: Path
) -> None:
    gitlab.there["issues"] = [incident(3, created_at="2025-01-01T00:00:00Z")]
    found = ask(tmp_path, gitlab)
    assert (found.has_incidents, found.incidents) == (True, ())


def commit(name: str, parent: str, when: str = WHEN) -> dict[str, object]:
    return {"id": name, "parent_ids": [parent], "authored_date": when, "committed_date": when}


def test_merge_requests_tell_when_they_were_merged(gitlab: GitLab, tmp_path: Path) -> None:
    merged = {"merged_at": WHEN, "updated_at": WHEN, "sha": "9" * 40}
    gitlab.there["merge_requests"] = [
        {"iid": 1, "merge_commit_sha": A, "squash_commit_sha": None} | merged,
        {"iid": 2, "merge_commit_sha": None, "squash_commit_sha": B} | merged,
        {"iid": 3, "merge_commit_sha": None, "squash_commit_sha": None} | merged,
        {"iid": 4, "merge_commit_sha": C, "squash_commit_sha": None} | merged | {"merged_at": None},
    ]
    gitlab.there["merge_requests/2/commits"] = [commit("e" * 40, "d" * 40), commit("d" * 40, C)]
    found = ask(tmp_path, gitlab)
    assert [one.commit for one in found.merges] == [A, B, "9" * 40]
    assert not any(q.path.endswith("/commits") for q in gitlab.asked)
    (squash,) = [one for one in found.merges if one.ask]
    assert squash.ask is not None
    assert [each.name[0] for each in squash.ask()] == ["e", "d"]


def test_without_merge_requests_the_deployments_are_told(gitlab: GitLab, tmp_path: Path) -> None:
    gitlab.deploy(WHEN, A, pipeline=1)
    del gitlab.there["merge_requests"]
    found = ask(tmp_path, gitlab)
    assert (len(found.deployments), found.reasons) == (1, ())
    note = found.notes[-1]
    assert note.startswith("changes have the times of their commits, since merge requests could")
    assert "answers 404 (404 Project Not Found)" in note


def test_commits_that_the_checkout_lacks_are_asked_for(gitlab: GitLab, tmp_path: Path) -> None:
    names = [f"{number:040x}" for number in range(250, 0, -1)]
    gitlab.ranges[f"{A}..{names[0]}"] = [commit(name, A) for name in names]
    history = ask(tmp_path, gitlab).history
    assert history is not None
    assert [one.name for one in history(A, names[0])] == names
    with pytest.raises(CannotTell, match="does not know what lies between"):
        history(B, C)


@pytest.mark.parametrize(
    ("status", "remedy"), [(401, "has expired"), (403, "read_api"), (404, "check the project")]
)
def test_who_is_not_let_in_is_told_what_it_takes(
    gitlab: GitLab, tmp_path: Path, status: int, remedy: str
) -> None:
    gitlab.next.append(Given(status=status, body={"message": {"error": ["x"]}}))
    reason = only(ask(tmp_path, gitlab))
    assert f"answers {status}" in reason.what
    assert remedy in reason.remedy


def test_a_next_page_on_another_host_is_not_fetched(gitlab: GitLab, tmp_path: Path) -> None:
    with running(other := GitLab()):
        link = {"Link": f'<{other.url}/api/v4/projects/7/deployments?page=2>; rel="next"'}
        gitlab.next.append(Given(body=[], headers=link))
        reason = only(ask(tmp_path, gitlab))
    assert "the token goes to no other host" in reason.what
    assert other.asked == []


@pytest.mark.parametrize("body", [b"", b"{}", [{}], [{"id": 1}], b"[" * 100_000])
def test_an_answer_that_is_none_cannot_tell(gitlab: GitLab, tmp_path: Path, body: object) -> None:
    gitlab.next.append(Given(body=body))
    only(ask(tmp_path, gitlab))


def test_a_jobs_own_token_is_sent_as_one(gitlab: GitLab, tmp_path: Path) -> None:
    table = SourceTable(type="gitlab", token_env="CI_JOB_TOKEN")
    ask(tmp_path, gitlab, table, CI_JOB_TOKEN="glcbt-64")
    assert {q.headers["job-token"] for q in gitlab.asked} == {"glcbt-64"}


def test_without_a_project_nothing_is_asked(gitlab: GitLab, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no project is named"):
        ask(tmp_path, gitlab, CI_PROJECT_ID="")
    assert gitlab.asked == []
