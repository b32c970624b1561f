"""GitLab's deployments: one with its status, unless the job's `environment:` made it already.

Source: GitLab, "Deployments API". A job with `environment:` makes a deployment of its own, of its
pipeline: a second one would count twice. One of an earlier try is known by its commit, its status,
that no job made it, and that it is not older than the event.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from cdkit.core.secret import Secret
from cdkit.core.world import World
from cdkit.events.facts import Facts
from cdkit.events.formats import moment
from cdkit.events.service import ServiceOptions
from cdkit.events.sink import Parcel, Receipt, Sink
from cdkit.events.sinks._posting import variable
from cdkit.events.sinks._rest import Api, check, forge_state, needed, one_by_one, told
from cdkit.events.when import When

_STATES = {"success": "success", "failure": "failed", "error": "failed", "cancel": "canceled"}
_JOB = "CI_JOB_TOKEN"


def send(events: Sequence[Parcel], options: ServiceOptions, world: World) -> Sequence[Receipt]:
    """Make a deployment for each event."""
    return one_by_one(events, lambda facts: _tell(facts, options, world))


def _tell(facts: Facts, options: ServiceOptions, world: World) -> str:
    environ, settings = world.environ, options.settings
    name = options.token_env or "GITLAB_TOKEN"
    project = told(settings.get("project", ""), environ, "CI_PROJECT_ID")
    base = told(options.url, environ, "CI_API_V4_URL", "https://gitlab.com/api/v4")
    header = "JOB-TOKEN" if name == _JOB else "PRIVATE-TOKEN"
    api = Api(
        base=f"{base}/projects/{quote(project, safe='')}/deployments",
        headers={header: Secret(variable(name, environ))},
        timeout=options.timeout,
        world=world,
    )
    body = {
        "environment": needed(facts, "environment"),
        "sha": needed(facts, "commit"),
        "ref": told(settings.get("ref", ""), environ, "CI_COMMIT_REF_NAME", "main"),
        "tag": bool(environ.get("CI_COMMIT_TAG")) and not settings.get("ref"),
        "status": forge_state(facts, _STATES),
    }
    environment = needed(facts, "environment")
    query = {"environment": environment, "order_by": "id", "sort": "desc", "per_page": "100"}
    for each in api.get("", query):
        if each.get("sha") != body["sha"]:
            continue
        if _is_the_jobs(each, facts):
            return f"the job's environment made the deployment {each.get('id')} already"
        if _is_ours(each, str(body["status"]), facts):
            return f"deployment {each.get('id')} was already there"
    return f"deployment {api.post('', body)['id']}"


def _is_the_jobs(deployment: dict[str, Any], facts: Facts) -> bool:
    job = deployment.get("deployable")
    pipeline = job.get("pipeline") if isinstance(job, dict) else None
    number = pipeline.get("id") if isinstance(pipeline, dict) else None
    return bool(facts["run"]) and str(number) == facts["run"]


def _is_ours(deployment: dict[str, Any], status: str, facts: Facts) -> bool:
    made, told_at = moment(str(deployment.get("created_at"))), moment(facts["time"])
    if deployment.get("deployable") is not None or deployment.get("status") != status:
        return False
    return made is not None and told_at is not None and made >= told_at


def _place(options: ServiceOptions) -> str:
    own = options.settings.get("project", "")
    return options.name or "gitlab-deployment" + (f":{own}" if own else "")


SINK = Sink(
    options=ServiceOptions,
    schemes=("gitlab-deployment:",),
    read=lambda text: {"token-env": name} if (name := text.partition(":")[2]) else {},
    check=lambda options: check(options, ("project", "ref"), kind="a gitlab-deployment"),
    place=_place,
    send=send,
    takes=(When(type="service.deployed, service.upgraded, service.rolledback"),),
    variables=("GITLAB_TOKEN",),
    settings=("project", "ref"),
)
