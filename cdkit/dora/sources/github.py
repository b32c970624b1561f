"""GitHub: deployments with their statuses, issues that are incidents, squashed pull requests.

Source: docs.github.com, GraphQL API, "Deployments", "Pulls"; REST API 2022-11-28, "List repository
issues", "Compare two commits". Deployments are asked by GraphQL: REST has their statuses one
deployment a request, and a job's token 1,000 requests an hour. When a deployment ended is when the
status was made that says so: its `updated_at` moves when the next one makes it inactive.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct

from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.escape import terminal
from cdkit.core.secret import Secret
from cdkit.core.spoken import counted
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
from cdkit.dora.sources._github import asked_pages
from cdkit.dora.sources._github_shapes import (
    COMMITS,
    DEPLOYMENTS,
    MERGED,
    STATUSES,
    Comparison,
    Deployment,
    InPull,
    Issue,
    Pull,
    Status,
    Written,
)
from cdkit.dora.told import Deployed, Incident, Outcome

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_RUN = re.compile(r"/actions/runs/(\d{1,20})(?:/|$)", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_ENDED: dict[str, Outcome] = {"SUCCESS": "success", "FAILURE": "failure", "ERROR": "failure"}
_RUNNING = frozenset({"PENDING", "QUEUED", "IN_PROGRESS", "WAITING"})
_NO_INCIDENT = frozenset({"duplicate", "not_planned"})
_NEEDS = (
    "give the job `permissions: {deployments: read, issues: read, pull-requests: read, contents: "
    "read}` and the step the environment variable GITHUB_TOKEN: ${{ github.token }}"
)
_REFUSAL = Refusal(
    login="the token is wrong or has expired: make a new one",
    permission=_NEEDS,
    missing="check the repository's name; of a private one it takes a token that may read it",
)


class _Site(Struct, frozen=True, kw_only=True):
    """A repository, where it is asked, and how it is read."""

    api: Api
    graphql: Api
    repository: str
    rules: Rules

    def paged(self, query: str, kind: type[Any], **given: object) -> Iterator[Sequence[Any]]:
        """Yield the pages of a GraphQL list."""
        owner, _, name = self.repository.partition("/")
        return asked_pages(self.graphql, query, kind, owner=owner, name=name, **given)


def gather(table: SourceTable, question: Question, world: World) -> Found:
    """Return what this forge tells; raises CannotTell where it tells no deployments."""
    site = _site(table, question, world)
    return gathered(
        Forge(
            where=f"github {site.repository}",
            undated=_UNDATED,
            skew=lambda: site.graphql.skew,
            deployments=partial(_deployments, site, question),
            incidents=partial(_incidents, site, table, question),
            has_incidents=partial(_has_incidents, site, table),
            merges=partial(_merges, site, question),
            elsewhere=partial(_elsewhere, site),
            history=partial(_history, site),
        )
    )


_UNDATED = "squashed changes have the time of their merge, since pull requests could not be read"


def _site(table: SourceTable, question: Question, world: World) -> _Site:
    environ = world.environ
    repository = table.settings.get("repository", "") or environ.get("GITHUB_REPOSITORY", "")
    if not _REPOSITORY.fullmatch(repository):
        named = f"{repository[:100]!r} is no repository of GitHub's"
        raise RequestError(
            named if repository else "no repository is named",
            where="github",
            remedy="write github:owner/name, or run it in a workflow",
        )
    rest = (table.url or environ.get("GITHUB_API_URL", "") or "https://api.github.com").rstrip("/")
    token, _ = token_of(table, "GITHUB_TOKEN", world, needs=_NEEDS)
    headers: dict[str, str | Secret] = {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "Authorization": Secret(f"Bearer {token.reveal()}"),
    }
    # GitHub Enterprise Server has its REST API at /api/v3 and GraphQL at /api/graphql.
    graphql = "" if table.url else environ.get("GITHUB_GRAPHQL_URL", "")
    graphql = graphql.removesuffix("/graphql") or rest.removesuffix("/v3")
    told = {"where": f"github {repository}", "refusal": _REFUSAL, "ends": question.ends}
    return _Site(
        api=Api(world, f"{rest}/repos/{repository}", headers, **told),  # type: ignore[arg-type]
        graphql=Api(world, graphql, headers, **told),  # type: ignore[arg-type]
        repository=repository,
        rules=rules_of(table, question, repository, "task"),
    )


def _deployments(site: _Site, question: Question, left: Left) -> Iterator[Seen]:
    exact = site.rules.exact
    names = sorted({spelt for name in exact for spelt in (name, name.lower(), name.capitalize())})
    seen: set[str] = set()
    for page in site.paged(DEPLOYMENTS, Deployment, environments=names or None):
        for one in page:
            if one.id not in seen and one.created_at >= question.before:
                seen.add(one.id)
                yield from _seen(site, one, question, left)
        if page and page[-1].created_at < question.before:
            return


def _seen(site: _Site, one: Deployment, question: Question, left: Left) -> Iterator[Seen]:
    payload = _payload(one.payload)
    environment = one.latest_environment or one.environment or ""
    told = site.rules.service_of(environment, one.task or "", _text(payload, "service"))
    if told is None:
        return
    statuses = _statuses(site, one)
    ended = _ended(statuses)
    if ended is None:
        if one.created_at >= question.asked.since:
            why, unended = _why(statuses)
            left.out("deployment", why, unended=unended)
        return
    image = _DIGEST.search(_text(payload, "image"))
    yield Seen(
        run=_run(statuses),
        vague=told[1],
        deployed=Deployed(
            service=told[0],
            environment=question.asked.environment,
            at=ended.created_at,
            digest=image[0] if image else one.commit_oid,
            commit=one.commit_oid,
            outcome=_ENDED[ended.state],
            id=_text(payload, "cdevent") or f"{site.repository}/{one.id}",
            who=one.creator.login if one.creator else "",
            url=link(ended.log_url),
        ),
    )


def _statuses(site: _Site, one: Deployment) -> list[Status]:
    """Return a deployment's statuses, oldest first; a long list is asked for by itself."""
    found = one.statuses.nodes
    if one.statuses.total_count > len(found):
        pages = asked_pages(site.graphql, STATUSES, Status, id=one.id)
        found = [status for page in pages for status in page]
    return sorted(found, key=lambda each: each.created_at)


def _ended(statuses: Sequence[Status]) -> Status | None:
    """Return the status that says how a deployment ended, of the last end the first to say it.

    Later ones that say the same again, or that another deployment took its place (inactive), move
    nothing.
    """
    ends = [one for one in statuses if one.state in _ENDED]
    if not ends:
        return None
    last = _ENDED[ends[-1].state]
    found = ends[-1]
    for one in reversed(ends):
        if _ENDED[one.state] != last:
            break
        found = one
    return found


def _why(statuses: Sequence[Status]) -> tuple[str, bool]:
    """Return why a deployment is left out, and whether nobody said how it ended."""
    if not statuses:
        return "without any status: nobody said of the end", True
    if statuses[-1].state in _RUNNING:
        return "without an end so far", True
    if statuses[-1].state == "INACTIVE":
        return "taken back before the end", False
    state = terminal(statuses[-1].state[:40])
    return f"in a state that is not known: {state}", True


def _run(statuses: Iterable[Status]) -> str:
    logs = (_RUN.search(urlsplit(one.log_url).path) for one in statuses if one.log_url)
    return next((found[1] for found in logs if found), "")


def _payload(text: str | None) -> dict[str, Any]:
    """Return a deployment's payload where it is an object; GraphQL has it as a text of JSON."""
    found: object = text
    for _ in range(2):  # a text of JSON may itself be one that holds JSON
        if not isinstance(found, str):
            break
        try:
            found = msgspec.json.decode(found)
        except (msgspec.DecodeError, RecursionError):
            return {}
    return found if isinstance(found, dict) else {}


def _text(payload: dict[str, Any], name: str) -> str:
    found = payload.get(name)
    return found[:300] if isinstance(found, str) else ""


def _elsewhere(site: _Site, deployments: Sequence[Seen]) -> Iterator[str]:
    """Yield which environments there are, where none of those that were asked for had any."""
    if deployments:
        return
    page = next(iter(site.paged(DEPLOYMENTS, Deployment, environments=None)), ())
    names = sorted({one.latest_environment or one.environment or "?" for one in page})
    told = ", ".join(name[:60] for name in names[:10]) or "none at all"
    last = counted(len(page), "deployment")
    yield f"github {site.repository}: the environments of its last {last}: {told}"


def _incidents(
    site: _Site, table: SourceTable, question: Question, left: Left
) -> Iterator[Incident]:
    label = _label(table)
    if label == NO_INCIDENTS:
        return
    issues = site.api.pages(
        "/issues",
        Issue,
        lambda one: one.number,
        state="all",
        labels=label,
        since=question.since.isoformat(),
        sort="created",
        direction="asc",
    )
    for one in issues:
        if one.pull_request is not None:
            continue
        if one.state_reason in _NO_INCIDENT:
            left.out("issue", "closed as duplicate or as not planned, which is no incident")
            continue
        yield incident(
            site.rules,
            question,
            name=f"{site.repository}#{one.number}",
            opened=(one.created_at, one.closed_at),
            body=one.body or "",
            labels=[each if isinstance(each, str) else each.name for each in one.labels],
        )


def _has_incidents(
    site: _Site, table: SourceTable, incidents: Asking[Incident], left: Left
) -> bool:
    """Say whether incidents are kept here: there are some, or at least all of their labels."""
    label = _label(table)
    if label == NO_INCIDENTS or incidents.reasons:
        return False
    for name in () if incidents.found else filter(None, map(str.strip, label.split(","))):
        if not site.api.has(f"/labels/{quote(name, safe='')}"):
            why = f"with the label {name!r}, which is not there: incidents are kept elsewhere"
            left.out("issue", f"{why}, if at all", number=0)
            return False
    return True


def _label(table: SourceTable) -> str:
    return table.settings.get("incident-label", "") or "incident"


def _merges(site: _Site, question: Question) -> Iterator[Merge]:
    for page in site.paged(MERGED, Pull):
        for pull in page:
            merged = pull.merge_commit
            if merged is None or merged.parents.total_count > 1:
                continue
            if pull.commits.total_count > len(pull.commits.nodes):
                ask_for = partial(_of_long, site, pull.id, merged)
                yield Merge(commit=merged.oid, at=pull.merged_at, ask=ask_for)
            elif written := _squashed(merged, pull.commits.nodes):
                yield Merge(commit=merged.oid, at=pull.merged_at, written=written)
        if page and page[-1].updated_at < question.before:
            return


def _squashed(merged: Written, commits: Iterable[InPull]) -> tuple[Commit, ...]:
    """Return what a commit of the main line is a squash of; nothing where it is none.

    A rebase keeps the times of its commits, which stand in the main line themselves.
    """
    written = tuple(_commit(one.commit) for one in commits)
    is_rebased = merged.authored_date in {one.authored_at for one in written}
    return () if is_rebased else written


def _of_long(site: _Site, pull: str, merged: Written) -> tuple[Commit, ...]:
    """Return the same of a pull request with more commits than the list of them tells."""
    pages = asked_pages(site.graphql, COMMITS, InPull, id=pull)
    return _squashed(merged, [one for page in pages for one in page])


def _commit(one: Written) -> Commit:
    return Commit(
        name=one.oid,
        parents=("",) * one.parents.total_count,
        authored_at=one.authored_date,
        committed_at=one.committed_date or one.authored_date,
    )


def _history(site: _Site, since: str, until: str) -> tuple[Commit, ...]:
    """Return the commits between two, where the checkout does not have them; newest first."""
    path = f"/compare/{quote(since, safe='')}...{quote(until, safe='')}"
    found: dict[str, Commit] = {}
    page = 1
    while True:
        told = site.api.get(path, Comparison, per_page="100", page=str(page))
        before = len(found)
        for one in told.commits:
            found[one.sha] = Commit(
                name=one.sha,
                parents=tuple(each.sha for each in one.parents),
                authored_at=one.commit.author.date,
                committed_at=one.commit.committer.date,
            )
        if len(found) >= told.total_commits:
            return tuple(reversed(found.values()))
        if len(found) == before:
            raise CannotTell(
                f"GitHub tells {before} of {told.total_commits} commits up to {until[:12]}",
                where=f"github {site.repository}",
                remedy="ask in a checkout with the whole history (fetch-depth: 0)",
            )
        page += 1


SOURCE = Source(
    title="GitHub: deployments with their statuses, issues, squashed pull requests.",
    place="repository",
    gather=gather,
    token="GITHUB_TOKEN",  # noqa: S106 - the name of a variable
    settings={
        "repository": "`owner/name`; that of the workflow where nothing is said",
        "incident-label": "the label of issues that are incidents (`incident`), or `none`",
        "service-label": "the label that tells an incident's service (`service:{service}`)",
        "task": "which tasks count, and the service in them: `deploy:{service}`",
    },
)
