"""GitHub's deployments: one with its status, unless the job's `environment:` made it already.

Source: GitHub REST API, "Deployments" and "Deployment statuses". A job with `environment:` makes a
deployment of its own, whose status follows the job: a second one would count twice. Ours carries
the event's id as its payload, by which a retry finds it again.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from cdkit.core.secret import Secret
from cdkit.core.world import World
from cdkit.events.facts import Facts
from cdkit.events.service import ServiceOptions
from cdkit.events.sink import Parcel, Receipt, Sink
from cdkit.events.sinks._posting import variable
from cdkit.events.sinks._rest import Api, check, forge_state, needed, one_by_one, told
from cdkit.events.when import When

_STATES = {"success": "success", "failure": "failure", "error": "error", "cancel": "inactive"}
_LONGEST = 140
"""Characters of a description, at the most."""


def send(events: Sequence[Parcel], options: ServiceOptions, world: World) -> Sequence[Receipt]:
    """Make a deployment for each event."""
    return one_by_one(events, lambda facts: _tell(facts, options, world))


def _tell(facts: Facts, options: ServiceOptions, world: World) -> str:
    environ = world.environ
    repository = told(options.settings.get("repository", ""), environ, "GITHUB_REPOSITORY")
    token = variable(options.token_env or "GITHUB_TOKEN", environ)
    api = Api(
        base=told(options.url, environ, "GITHUB_API_URL", "https://api.github.com")
        + f"/repos/{repository}/deployments",
        headers={
            "Authorization": Secret(f"Bearer {token}"),
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        },
        timeout=options.timeout,
        world=world,
    )
    state = forge_state(facts, _STATES)
    query = {
        "sha": needed(facts, "commit"),
        "environment": needed(facts, "environment"),
        "per_page": "100",
    }
    there = api.get("", query)
    if own := next((each for each in there if _is_ours(each, facts)), None):
        return _with_status(api, own, state, facts, there=True)
    if job := _of_the_job(api, there, facts):
        return f"the job's environment made the deployment {job} already"
    return _with_status(api, api.post("", _deployment(facts)), state, facts, there=False)


def _is_ours(deployment: dict[str, Any], facts: Facts) -> bool:
    payload = deployment.get("payload")
    if isinstance(payload, str):
        try:
            payload = msgspec.json.decode(payload)
        except (msgspec.DecodeError, RecursionError):
            return False
    return isinstance(payload, dict) and payload.get("cdevent") == facts["id"]


def _of_the_job(api: Api, there: list[dict[str, Any]], facts: Facts) -> str:
    """Return the deployment that the run's own job made, by the log that its statuses lead to."""
    run = facts["run"]
    for deployment in there if run else ():
        app = deployment.get("performed_via_github_app")
        if not isinstance(app, dict) or app.get("slug") != "github-actions":
            continue
        if deployment.get("payload") not in ({}, "", "{}", None):
            continue
        statuses = api.get(f"/{deployment['id']}/statuses", {"per_page": "100"})
        logs = (str(s.get("log_url") or s.get("target_url") or "") for s in statuses)
        if any(f"/actions/runs/{run}/" in f"{log}/" for log in logs):
            return str(deployment["id"])
    return ""


def _deployment(facts: Facts) -> dict[str, Any]:
    return {
        "ref": facts["commit"],
        "task": "deploy",
        "auto_merge": False,
        "required_contexts": [],
        "environment": facts["environment"],
        "production_environment": facts["tier"] == "PRODUCTION",
        "description": facts["title"][:_LONGEST],
        "payload": {"cdevent": facts["id"], "service": facts["service"], "image": facts["image"]},
    }


def _with_status(
    api: Api, deployment: dict[str, Any], state: str, facts: Facts, *, there: bool
) -> str:
    number = deployment["id"]
    if there:
        statuses = api.get(f"/{number}/statuses", {"per_page": "100"})
        if any(status.get("state") == state for status in statuses):
            return f"deployment {number} was already there"
    status: dict[str, Any] = {
        "state": state,
        "description": facts["title"][:_LONGEST],
        "auto_inactive": True,
    }
    if facts["run-url"]:
        status["log_url"] = facts["run-url"]
    api.post(f"/{number}/statuses", status)
    return f"deployment {number}"


def _place(options: ServiceOptions) -> str:
    own = options.settings.get("repository", "")
    return options.name or "github-deployment" + (f":{own}" if own else "")


SINK = Sink(
    options=ServiceOptions,
    schemes=("github-deployment:",),
    read=lambda text: {"token-env": name} if (name := text.partition(":")[2]) else {},
    check=lambda options: check(options, ("repository",), kind="a github-deployment"),
    place=_place,
    send=send,
    takes=(When(type="service.deployed, service.upgraded, service.rolledback"),),
    variables=("GITHUB_TOKEN",),
    settings=("repository",),
)
