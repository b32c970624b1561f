"""GitLab: deployments, incidents, and when merge requests were merged.

Source: docs.gitlab.com, "Deployments API", "Issues API", "Merge requests API", "Commits API",
"Pagination". The list of deployments has no time of their end: it is that of the job, and of one
that no job made the time of its last change.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated
from urllib.parse import quote

from msgspec import Meta, Struct

from cdkit.core.errors import NotThere, RequestError
from cdkit.core.escape import terminal
from cdkit.core.secret import Secret
from cdkit.core.world import Commit, World
from cdkit.dora.api import Api, Refusal
from cdkit.dora.source import Found, Merge, Question, Seen, Source, SourceTable, token_of
from cdkit.dora.sources._forge import (
    NO_INCIDENTS,
    Asking,
    Forge,
    Left,
    Rules,
    gathered,
    incident,
    link,
    rules_of,
)
from cdkit.dora.told import Deployed, Incident, Outcome

Time = Annotated[datetime, Meta(tz=True)]

_ENDED: dict[str, Outcome] = {"success": "success", "failed": "failure"}
_RUNNING = frozenset({"created", "running", "blocked"})
_TAKEN_BACK = frozenset({"canceled", "skipped"})
_JOB = "CI_JOB_TOKEN"
_NEEDS = (
    "give the job the variable GITLAB_TOKEN: a project access token with the role Reporter and the "
    "scope read_api, masked"
)
_REFUSAL = Refusal(
    login="the token is wrong or has expired: make a new one",
    permission=_NEEDS,
    missing=f"check the project; of a private one, {_NEEDS}",
)
_UNDATED = "changes have the times of their commits, since merge requests could not be read"


class _Pipeline(Struct, frozen=True):
    id: int
    web_url: str | None = None


class _Job(Struct, frozen=True):
    name: str = ""
    finished_at: Time | None = None
    pipeline: _Pipeline | None = None


class _User(Struct, frozen=True):
    username: str = ""


class _Environment(Struct, frozen=True):
    name: str


class _Deployment(Struct, frozen=True):
    id: int
    sha: str
    created_at: Time
    updated_at: Time
    status: str
    environment: _Environment | None = None
    deployable: _Job | None = None
    user: _User | None = None


class _Issue(Struct, frozen=True):
    iid: int
    created_at: Time
    closed_at: Time | None = None
    description: str | None = None
    labels: list[str] = []
    severity: str | None = None


class _Request(Struct, frozen=True):
    iid: int
    merged_at: Time | None = None
    sha: str | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None


class _Commit(Struct, frozen=True):
    id: str
    parent_ids: list[str]
    authored_date: Time
    committed_date: Time


class _Site(Struct, frozen=True, kw_only=True):
    """A project, where it is asked, and how it is read."""

    api: Api
    project: str
    rules: Rules


def gather(table: SourceTable, question: Question, world: World) -> Found:
    """Return what this forge tells; raises CannotTell where it tells no deployments."""
    site = _site(table, question, world)
    return gathered(
        Forge(
            where=f"gitlab {site.project}",
            undated=_UNDATED,
            skew=lambda: site.api.skew,
            deployments=partial(_deployments, site, question),
            incidents=partial(_incidents, site, table, question),
            has_incidents=partial(_has_incidents, site, table),
            merges=partial(_merges, site, question),
            elsewhere=partial(_elsewhere, site),
            history=partial(_history, site),
        )
    )


def _site(table: SourceTable, question: Question, world: World) -> _Site:
    environ = world.environ
    named = table.settings.get("project", "")
    project = named or environ.get("CI_PROJECT_ID", "")
    shown = named or environ.get("CI_PROJECT_PATH", "") or project
    if not project:
        raise RequestError(
            "no project is named",
            where="gitlab",
            remedy="write gitlab:group/project, or run it in a pipeline",
        )
    server = table.url or environ.get("CI_API_V4_URL", "") or "https://gitlab.com/api/v4"
    token, variable = token_of(table, "GITLAB_TOKEN", world, needs=_NEEDS)
    headers: dict[str, str | Secret] = {"JOB-TOKEN" if variable == _JOB else "PRIVATE-TOKEN": token}
    base = f"{server.rstrip('/')}/projects/{quote(project, safe='')}"
    return _Site(
        api=Api(
            world, base, headers, where=f"gitlab {shown}", refusal=_REFUSAL, ends=question.ends
        ),
        project=shown,
        rules=rules_of(table, question, shown, "job"),
    )


def _deployments(site: _Site, question: Question, left: Left) -> Iterator[Seen]:
    # Asked by its exact name where it has one; its case must then be right.
    exact = site.rules.exact
    query = {"environment": exact[0]} if len(exact) == 1 else {}
    for one in site.api.pages(
        "/deployments",
        _Deployment,
        lambda each: each.id,
        updated_after=question.before.isoformat(),
        order_by="updated_at",
        sort="asc",
        **query,
    ):
        yield from _seen(site, one, question, left)


def _seen(site: _Site, one: _Deployment, question: Question, left: Left) -> Iterator[Seen]:
    job = one.deployable or _Job()
    environment = one.environment.name if one.environment else ""
    told = site.rules.service_of(environment, job.name)
    if told is None:
        return
    if one.status not in _ENDED:
        if one.created_at >= question.asked.since:
            left.out("deployment", _why(one.status), unended=one.status not in _TAKEN_BACK)
        return
    yield Seen(
        run=str(job.pipeline.id) if job.pipeline else "",
        names=(str(one.id),),
        vague=told[1],
        deployed=Deployed(
            service=told[0],
            environment=question.asked.environment,
            at=job.finished_at or one.updated_at,
            digest=one.sha,
            commit=one.sha,
            outcome=_ENDED[one.status],
            id=f"{site.project}/{one.id}",
            who=one.user.username if one.user else "",
            url=link(job.pipeline.web_url if job.pipeline else ""),
        ),
    )


def _why(status: str) -> str:
    if status in _RUNNING:
        return "without an end so far"
    if status in _TAKEN_BACK:
        return "cancelled or skipped"
    return f"in a state that is not known: {terminal(status[:40])}"


def _elsewhere(site: _Site, deployments: Sequence[Seen]) -> Iterator[str]:
    """Yield which environments there are, where none of those that were asked for had any."""
    if deployments:
        return
    there = site.api.get("/environments", list[_Environment], per_page="100")
    told = ", ".join(one.name[:60] for one in there[:10]) or "none at all"
    yield f"gitlab {site.project}: its environments: {told}"


def _incidents(
    site: _Site, table: SourceTable, question: Question, left: Left
) -> Iterator[Incident]:
    label = table.settings.get("incident-label", "")
    if label == NO_INCIDENTS:
        return
    severities = {one.strip().upper() for one in table.settings.get("severity", "").split(",")}
    for one in site.api.pages(
        "/issues",
        _Issue,
        lambda each: each.iid,
        created_after=question.since.isoformat(),
        order_by="created_at",
        sort="asc",
        scope="all",
        **_kind(label),
    ):
        if severities != {""} and (one.severity or "UNKNOWN").upper() not in severities:
            left.out("incident", "of another severity")
            continue
        yield incident(
            site.rules,
            question,
            name=f"{site.project}#{one.iid}",
            opened=(one.created_at, one.closed_at),
            body=one.description or "",
            labels=one.labels,
        )


def _kind(label: str) -> dict[str, str]:
    return {"labels": label} if label else {"issue_type": "incident"}


def _has_incidents(
    site: _Site, table: SourceTable, incidents: Asking[Incident], left: Left
) -> bool:
    """Say whether incidents are kept here: there was one some time."""
    label = table.settings.get("incident-label", "")
    if label == NO_INCIDENTS or incidents.reasons:
        return False
    if incidents.found:
        return True
    query = {"scope": "all", "per_page": "1"} | _kind(label)
    if site.api.get("/issues", list[_Issue], **query):
        return True
    left.out("incident", "since the project began: kept elsewhere, if at all", number=0)
    return False


def _merges(site: _Site, question: Question) -> Iterator[Merge]:
    for one in site.api.pages(
        "/merge_requests",
        _Request,
        lambda each: each.iid,
        state="merged",
        updated_after=question.before.isoformat(),
        order_by="updated_at",
        sort="asc",
        scope="all",
    ):
        if one.merged_at is None:
            continue
        if one.squash_commit_sha:
            # With a merge commit the squash stands behind it: it is the change either way.
            own = partial(_squashed, site, one.iid)
            yield Merge(commit=one.squash_commit_sha, at=one.merged_at, ask=own)
        # Merged fast-forward, the last commit of the branch is one of the main line.
        if main := one.merge_commit_sha or ("" if one.squash_commit_sha else one.sha):
            yield Merge(commit=main, at=one.merged_at)


def _squashed(site: _Site, iid: int) -> tuple[Commit, ...]:
    """Return the commits of a merge request: a question each, so only of those that count."""
    found = site.api.pages(f"/merge_requests/{iid}/commits", _Commit, lambda each: each.id)
    return tuple(map(_plain, found))


def _plain(one: _Commit) -> Commit:
    return Commit(
        name=one.id,
        parents=tuple(one.parent_ids),
        authored_at=one.authored_date,
        committed_at=one.committed_date,
    )


def _history(site: _Site, since: str, until: str) -> tuple[Commit, ...]:
    """Return the commits between two, where the checkout does not have them; newest first."""
    found = site.api.pages(
        "/repository/commits", _Commit, lambda each: each.id, ref_name=f"{since}..{until}"
    )
    commits = tuple(_plain(one) for one in found)
    if until not in {one.name for one in commits}:
        raise NotThere(
            f"GitLab does not know what lies between {since[:12]} and {until[:12]}",
            where=f"gitlab {site.project}",
            remedy="ask in a checkout with the whole history (GIT_DEPTH: 0)",
        )
    return commits


SOURCE = Source(
    title="GitLab: deployments, incidents, and when merge requests were merged.",
    place="project",
    gather=gather,
    token="GITLAB_TOKEN",  # noqa: S106 - the name of a variable
    settings={
        "project": "its number or `group/name`; that of the pipeline where nothing is said",
        "incident-label": "a label of issues that are incidents, instead of the type incident; "
        "`none` asks for none",
        "severity": "only incidents of these severities: `high,critical`",
        "service-label": "the label that tells an incident's service (`service:{service}`)",
        "job": "which jobs count, and the service in their names: `deploy-{service}`",
    },
)
