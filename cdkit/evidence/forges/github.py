"""GitHub: reviews of the pull request that brought a commit, and approvals of an environment.

Source: docs.github.com, REST API 2022-11-28: "List pull requests associated with a commit", "List
reviews for a pull request", "List commits on a pull request", "Get repository permissions for a
user", "Get the review history for a workflow run". Of one person the last review that approves,
asks for changes or was dismissed counts; a comment changes nothing. An approval of an earlier
commit than the last one is none, nor is that of somebody who may not write to the repository:
anybody may approve in a public one, and GitHub's own rules count them as little ("About protected
branches").
"""

import re
from collections.abc import Collection, Iterable, Iterator
from urllib.parse import quote

from msgspec import Struct

from cdkit.core.documents.kinds import Approval
from cdkit.core.errors import CannotTell, NotThere
from cdkit.core.secret import Secret
from cdkit.core.verdict import Reason, no, yes
from cdkit.core.world import World
from cdkit.evidence.forge import Api, Asked, Forge, Reviewed

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_COUNTS = frozenset({"APPROVED", "CHANGES_REQUESTED", "DISMISSED"})
_WRITES = frozenset({"admin", "maintain", "write"})
_WEB = "web-flow"
"""GitHub itself, which commits what is done in its pages."""

_NEEDS = (
    "give the job `permissions: {pull-requests: read, contents: read, actions: read}` and the "
    "step the environment variable GITHUB_TOKEN: ${{ github.token }}"
)


class _User(Struct, frozen=True):
    login: str
    type: str = "User"


class _Branch(Struct, frozen=True):
    sha: str
    ref: str = ""


class _Pull(Struct, frozen=True):
    number: int
    user: _User | None
    head: _Branch
    html_url: str = ""
    merged_at: str | None = None
    merge_commit_sha: str | None = None


class _Review(Struct, frozen=True):
    user: _User | None
    state: str
    commit_id: str | None = None
    submitted_at: str | None = None
    html_url: str = ""


class _Commit(Struct, frozen=True):
    author: _User | None = None
    committer: _User | None = None


class _Access(Struct, frozen=True):
    permission: str


class _Gate(Struct, frozen=True):
    name: str


class _Approved(Struct, frozen=True):
    state: str
    user: _User | None
    environments: list[_Gate] = []


def _api(asked: Asked, world: World) -> Api:
    token = Secret(world.environ.get("GITHUB_TOKEN", ""))
    if not token:
        raise CannotTell("GitHub is not asked without a token", where="review", remedy=_NEEDS)
    if not _REPOSITORY.fullmatch(asked.repository):
        raise CannotTell(
            f"{asked.repository[:200]!r} is no repository of GitHub's",
            where="review",
            remedy="run it in a workflow of the repository",
        )
    headers: dict[str, str | Secret] = {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "Authorization": Secret(f"Bearer {token.reveal()}"),
    }
    base = world.environ.get("GITHUB_API_URL", "") or "https://api.github.com"
    return Api(world, f"{base.rstrip('/')}/repos/{asked.repository}", headers, _NEEDS)


def _reviews(asked: Asked, world: World) -> Reviewed:
    api = _api(asked, world)
    pulls = [
        pull
        for pull in api.pages(f"/commits/{quote(asked.commit, safe='')}/pulls", _Pull)
        if pull.merged_at
    ]
    if not pulls:
        what = f"the commit {asked.commit[:12]} came in by no pull request: nobody reviewed it"
        remedy = "let changes come in by pull requests only: protect the branch"
        return Reviewed(reasons=(no(what, remedy=remedy),))
    pull = next((one for one in pulls if one.merge_commit_sha == asked.commit), pulls[0])
    commits = list(api.pages(f"/pulls/{pull.number}/commits", _Commit))
    authors = _authors(pull, commits)
    reviews = list(api.pages(f"/pulls/{pull.number}/reviews", _Review))
    given = {one.who: one for one in _approvals(pull, authors, reviews)}
    approvals = tuple(one for who, one in given.items() if _may_write(who, api))
    strangers = given.keys() - {one.who for one in approvals}
    return Reviewed(
        approvals=approvals,
        authors=authors,
        change=pull.html_url,
        reasons=tuple(_reasons(pull, authors, reviews, approvals, strangers)),
    )


def _may_write(who: str, api: Api) -> bool:
    """Whether somebody may write to the repository; CannotTell where GitHub does not say."""
    try:
        access = api.get(f"/collaborators/{quote(who, safe='')}/permission", _Access)
    except NotThere:
        return False
    return access.permission in _WRITES


def _authors(pull: _Pull, commits: Iterable[_Commit]) -> tuple[str, ...]:
    """Return who made the change: who opened it, and who wrote or committed a commit of it."""
    people = [pull.user, *(user for one in commits for user in (one.author, one.committer))]
    logins = dict.fromkeys(user.login for user in people if user)
    logins.pop(_WEB, None)
    return tuple(logins)


def _last(reviews: Iterable[_Review]) -> dict[str, _Review]:
    """Return each person's last review that counts; they come oldest first."""
    return {
        review.user.login: review
        for review in reviews
        if review.user and review.user.type == "User" and review.state in _COUNTS
    }


def _approvals(
    pull: _Pull, authors: tuple[str, ...], reviews: Iterable[_Review]
) -> Iterator[Approval]:
    for who, review in _last(reviews).items():
        if review.state == "APPROVED" and who not in authors and review.commit_id == pull.head.sha:
            yield Approval(
                who=who,
                at=review.submitted_at or "",
                commit=pull.head.sha,
                how="github-review",
                url=review.html_url,
            )


def _reasons(
    pull: _Pull,
    authors: tuple[str, ...],
    reviews: Iterable[_Review],
    approvals: tuple[Approval, ...],
    strangers: Collection[str],
) -> Iterator[Reason]:
    name = f"pull request {pull.number}"
    for who, review in _last(reviews).items():
        if review.state == "CHANGES_REQUESTED":
            what = f"{who} asked for changes in {name}"
            yield no(what, remedy="let them look again, or dismiss the review with a reason")
        elif review.state == "APPROVED" and who in authors:
            yield yes(f"{who} approved {name}, and made it: that does not count")
        elif review.state == "APPROVED" and review.commit_id != pull.head.sha:
            yield yes(f"{who} approved an earlier commit of {name}: that does not count")
        elif who in strangers:
            yield yes(f"{who} approved {name}, and may not write there: that does not count")
    for approval in approvals:
        yield yes(f"{approval.who} approved {name} at {approval.commit[:12]}")
    if not approvals:
        yield no(
            f"nobody approved {name} as it was merged",
            remedy="let somebody else than its authors review it; branch protection requires that",
        )


def _approved(asked: Asked, world: World) -> Reviewed:
    api = _api(asked, world)
    if not asked.run.isdecimal():
        raise CannotTell("no run is known", where="approval", remedy="run it in a workflow")
    given = api.get(f"/actions/runs/{asked.run}/approvals", list[_Approved])
    reasons: list[Reason] = []
    approvals = []
    for one in given:
        who = one.user.login if one.user else "somebody unknown"
        where = ", ".join(each.name for each in one.environments)
        if one.state == "rejected":
            reasons.append(no(f"{who} rejected the deployment to {where}", remedy="ask them why"))
        elif one.state == "approved" and one.user and one.user.type == "User":
            reasons.append(yes(f"{who} approved the deployment to {where}"))
            if who != asked.actor:
                approvals.append(Approval(who=who, commit=asked.commit, how="github-environment"))
    if not approvals:
        what = "nobody else than who started the run approved its deployment"
        remedy = "require reviewers in the environment's protection rules"
        reasons.append(no(what, remedy=remedy))
    return Reviewed(approvals=tuple(approvals), authors=(asked.actor,), reasons=tuple(reasons))


FORGE = Forge(name="github", title="GitHub", system="github", reviews=_reviews, approvals=_approved)
