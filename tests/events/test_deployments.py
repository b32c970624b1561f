"""The deployments of GitHub and GitLab: one for an event, none where the job made it already."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cdkit.core.errors import RequestError
from cdkit.events.cloudevents import CloudEvent, wrap
from cdkit.events.facts import facts_of
from cdkit.events.outbox import key_of
from cdkit.events.sink import Parcel, Receipt
from cdkit.events.targets import SinkTable, resolve
from tests.events.deploying import Forge, forge
from tests.events.places import world
from tests.events.test_services import event_of

COMMIT = "c" * 40
EVENT = event_of({})


@pytest.fixture
def server() -> Iterator[Forge]:
    with forge() as running:
        yield running


def environ(server: Forge, **more: str) -> dict[str, str]:
    return {
        "GITHUB_API_URL": server.url,
        "GITHUB_REPOSITORY": "acme/orders",
        "GITHUB_TOKEN": "t0p-s3cret",
        "CI_API_V4_URL": f"{server.url}/api/v4",
        "CI_PROJECT_ID": "42",
        "CI_COMMIT_REF_NAME": "main",
        "GITLAB_TOKEN": "t0p-s3cret",
        **more,
    }


def send(
    kind: str,
    server: Forge,
    folder: Path,
    event: CloudEvent = EVENT,
    table: dict[str, Any] | None = None,
    **more: str,
) -> Receipt:
    (target,) = resolve([SinkTable(type=kind, **(table or {}))])
    parcel = Parcel(event=event, key=key_of(event, "sink"))
    where = world(folder, environ=environ(server, **more))
    (receipt,) = target.sink.send([parcel], target.options, where)
    return receipt


def by_github(server: Forge, folder: Path, event: CloudEvent = EVENT) -> Receipt:
    return send("github-deployment", server, folder, event)


def by_gitlab(server: Forge, folder: Path, event: CloudEvent = EVENT) -> Receipt:
    return send("gitlab-deployment", server, folder, event)


def test_github_gets_a_deployment_with_its_status(server: Forge, tmp_path: Path) -> None:
    receipt = by_github(server, tmp_path)
    assert (receipt.state, receipt.said) == ("delivered", "deployment 1")
    (made,) = server.deployments
    assert {name: made[name] for name in ("ref", "environment", "task", "auto_merge")} == {
        "ref": COMMIT,
        "environment": "production",
        "task": "deploy",
        "auto_merge": False,
    }
    assert made["required_contexts"] == []
    assert made["production_environment"] is True
    assert made["payload"]["cdevent"] == EVENT.id
    assert server.statuses[1] == [
        {
            "state": "success",
            "description": "orders was deployed to production",
            "auto_inactive": True,
            "log_url": "https://ci.example/7",
        }
    ]
    assert server.paths[0] == "GET /repos/acme/orders/deployments"
    assert server.headers[0]["authorization"] == "Bearer t0p-s3cret"


@pytest.mark.parametrize(
    ("outcome", "github", "gitlab"),
    [
        ("success", "success", "success"),
        ("failure", "failure", "failed"),
        ("error", "error", "failed"),
        ("cancel", "inactive", "canceled"),
    ],
)
def test_an_outcome_is_said_in_the_words_of_each(
    server: Forge, tmp_path: Path, outcome: str, github: str, gitlab: str
) -> None:
    event = event_of({"custom": {"outcome": outcome}})
    by_github(server, tmp_path, event)
    by_gitlab(server, tmp_path, event)
    assert server.statuses[1][0]["state"] == github
    assert server.deployments[1]["status"] == gitlab


@pytest.mark.parametrize("kind", ["github-deployment", "gitlab-deployment"])
def test_an_outcome_that_nobody_can_read_is_told_as_none(
    server: Forge, tmp_path: Path, kind: str
) -> None:
    whole = json.loads(event_of({}).data)
    whole["customData"]["outcome"] = "Failure"
    receipt = send(kind, server, tmp_path, event=wrap(whole))
    assert (receipt.state, "'Failure' is none of: success" in receipt.said) == ("refused", True)
    assert not server.paths


def test_a_retry_finds_the_deployment_that_an_earlier_try_made(
    server: Forge, tmp_path: Path
) -> None:
    by_github(server, tmp_path)
    receipt = by_github(server, tmp_path)
    assert (receipt.state, receipt.said) == ("delivered", "deployment 1 was already there")
    assert len(server.deployments) == len(server.statuses[1]) == 1


def test_a_retry_adds_the_status_that_an_earlier_try_could_not(
    server: Forge, tmp_path: Path
) -> None:
    server.fails = [0, 0, 503]
    assert by_github(server, tmp_path).state == "down"
    receipt = by_github(server, tmp_path)
    assert (receipt.state, receipt.said) == ("delivered", "deployment 1")
    assert (len(server.deployments), len(server.statuses[1])) == (1, 1)


@pytest.mark.parametrize("kind", ["github-deployment", "gitlab-deployment"])
def test_an_answer_that_was_lost_makes_no_second_deployment(
    server: Forge, tmp_path: Path, kind: str
) -> None:
    server.cuts = [False, True]
    assert send(kind, server, tmp_path).state == "down"
    assert send(kind, server, tmp_path).state == "delivered"
    assert len(server.deployments) == 1


def of_job(run: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "id": 5,
        "sha": COMMIT,
        "environment": "production",
        "payload": {},
        "performed_via_github_app": {"slug": "github-actions"},
        "log": f"https://github.example/acme/orders/actions/runs/{run}/job/9",
        **more,
    }


def test_what_the_jobs_environment_made_on_github_is_not_made_again(
    server: Forge, tmp_path: Path
) -> None:
    server.deployments = [of_job("7")]
    server.statuses = {5: [{"state": "in_progress", "log_url": of_job("7")["log"]}]}
    receipt = by_github(server, tmp_path)
    assert receipt.state == "delivered"
    assert receipt.said == "the job's environment made the deployment 5 already"
    assert len(server.deployments) == 1


@pytest.mark.parametrize(
    "other",
    [
        of_job("70"),
        of_job("7", performed_via_github_app=None),
        of_job("7", performed_via_github_app={"slug": "other"}),
        of_job("7", payload={"by": "hand"}),
        of_job("7", environment="staging"),
        of_job("7", sha="d" * 40),
    ],
)
def test_what_something_else_made_does_not_stand_for_this_event(
    server: Forge, tmp_path: Path, other: dict[str, Any]
) -> None:
    server.deployments = [other]
    server.statuses = {5: [{"state": "success", "log_url": other["log"]}]}
    by_github(server, tmp_path)
    assert [made["payload"].get("cdevent") for made in server.deployments[1:]] == [EVENT.id]


def test_gitlab_gets_a_deployment_with_its_status(server: Forge, tmp_path: Path) -> None:
    receipt = by_gitlab(server, tmp_path)
    assert (receipt.state, receipt.said) == ("delivered", "deployment 1")
    (made,) = server.deployments
    assert {n: made[n] for n in ("environment", "sha", "ref", "tag", "status")} == {
        "environment": "production",
        "sha": COMMIT,
        "ref": "main",
        "tag": False,
        "status": "success",
    }
    assert server.paths[-1] == "POST /api/v4/projects/42/deployments"
    assert server.headers[0]["private-token"] == "t0p-s3cret"


def test_a_project_can_be_a_path_and_the_token_the_jobs_own(server: Forge, tmp_path: Path) -> None:
    table = {
        "settings": {"project": "acme/shop", "ref": "release"},
        "token_env": "CI_JOB_TOKEN",
    }
    send("gitlab-deployment", server, tmp_path, table=table, CI_JOB_TOKEN="j0b")
    assert server.paths[-1] == "POST /api/v4/projects/acme%2Fshop/deployments"
    assert server.headers[0]["job-token"] == "j0b"
    assert (server.deployments[0]["ref"], server.deployments[0]["tag"]) == ("release", False)


def test_what_the_jobs_environment_made_on_gitlab_is_not_made_again(
    server: Forge, tmp_path: Path
) -> None:
    job = {"id": 1, "pipeline": {"id": 7}}
    server.deployments = [
        {"id": 5, "sha": COMMIT, "environment": "production", "deployable": job, "status": "x"}
    ]
    receipt = by_gitlab(server, tmp_path)
    assert receipt.said == "the job's environment made the deployment 5 already"
    assert len(server.deployments) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"deployable": {"id": 1, "pipeline": {"id": 70}}, "status": "success"},
        {"deployable": None, "status": "failed", "created_at": "2026-11-23T12:00:05Z"},
        {"deployable": None, "status": "success", "created_at": "2026-11-23T11:59:59Z"},
        {"deployable": None, "status": "success", "created_at": "soon"},
        {"deployable": None, "status": "success", "sha": "d" * 40},
    ],
)
def test_another_deployment_of_gitlab_does_not_stand_for_this_event(
    server: Forge, tmp_path: Path, other: dict[str, Any]
) -> None:
    server.deployments = [{"id": 5, "sha": COMMIT, "environment": "production", **other}]
    by_gitlab(server, tmp_path)
    assert len(server.deployments) == 2


@pytest.mark.parametrize("kind", ["github-deployment", "gitlab-deployment"])
@pytest.mark.parametrize(
    ("status", "state"),
    [
        (401, "held"),
        (403, "held"),
        (404, "refused"),
        (409, "refused"),
        (429, "down"),
        (500, "later"),
    ],
)
def test_a_status_decides_what_becomes_of_an_event(
    server: Forge, tmp_path: Path, kind: str, status: int, state: str
) -> None:
    server.fails = [0, status]
    receipt = send(kind, server, tmp_path)
    assert (receipt.state, f"status {status} to POST" in receipt.said) == (state, True)
    assert "s3cret" not in receipt.said


@pytest.mark.parametrize("kind", ["github-deployment", "gitlab-deployment"])
def test_an_event_without_its_commit_is_refused(server: Forge, tmp_path: Path, kind: str) -> None:
    receipt = send(kind, server, tmp_path, event_of({"custom": {"commit": ""}}))
    assert (receipt.state, receipt.said) == (
        "refused",
        "the event does not say 'commit', which a deployment needs",
    )
    assert server.deployments == []


@pytest.mark.parametrize("kind", ["github-deployment", "gitlab-deployment"])
def test_a_token_that_is_missing_holds_the_event(server: Forge, tmp_path: Path, kind: str) -> None:
    receipt = send(kind, server, tmp_path, GITHUB_TOKEN="", GITLAB_TOKEN="")
    assert (receipt.state, "is not set" in receipt.said) == ("held", True)


@pytest.mark.parametrize("kind", ["github-deployment", "gitlab-deployment"])
def test_a_token_does_not_travel_unencrypted(server: Forge, tmp_path: Path, kind: str) -> None:
    receipt = send(kind, server, tmp_path, table={"url": "http://forge.example"})
    assert (receipt.state, "unencrypted" in receipt.said) == ("held", True)


@pytest.mark.parametrize("kind", ["github-deployment", "gitlab-deployment"])
def test_only_deployments_are_told(kind: str) -> None:
    (target,) = resolve([f"{kind}:"])
    assert target.wants(facts_of(EVENT))
    assert not target.wants(facts_of(event_of({"type": "service.removed"})))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"settings": {"colour": "x"}}, "has no setting 'colour'"),
        ({"template": "{}"}, "takes no template"),
        ({"url": "nowhere"}, "not an http or https address"),
    ],
)
def test_options_that_cannot_work_are_refused(table: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError) as caught:
        resolve([SinkTable(type="github-deployment", **table)])
    assert said in caught.value.what
