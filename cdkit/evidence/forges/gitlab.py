"""GitLab: approvals of the merge request that brought a commit.

Source: docs.gitlab.com, "List merge requests associated with a commit", "Merge request approvals
API" (`approved_by`), "List merge request commits". An approval names no commit: that a later push
takes it back is a setting of the project ("Remove all approvals when a commit is added"), which is
asked too. A commit names no user: who has the name of its author or committer is taken for them.
"""

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from msgspec import Struct

from cdkit.core.documents.kinds import Approval
from cdkit.core.errors import CannotTell
from cdkit.core.secret import Secret
from cdkit.core.verdict import Reason, cannot_tell, no, yes
from cdkit.core.world import World
from cdkit.evidence.forge import Api, Asked, Forge, Reviewed

_NEEDS = (
    "give the job the variable GITLAB_TOKEN: a project access token with the scope read_api, masked"
)


class _User(Struct, frozen=True):
    username: str
    name: str = ""
    bot: bool = False


class _Commit(Struct, frozen=True):
    author_name: str = ""
    committer_name: str = ""


class _Request(Struct, frozen=True):
    iid: int
    author: _User
    state: str
    sha: str = ""
    web_url: str = ""
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None


class _By(Struct, frozen=True):
    user: _User
    approved_at: str = ""


class _Approvals(Struct, frozen=True):
    approved_by: list[_By] = []


class _Rules(Struct, frozen=True):
    reset_approvals_on_push: bool = False
    selective_code_owner_removals: bool = False


def _api(asked: Asked, world: World) -> Api:
    token = Secret(world.environ.get("GITLAB_TOKEN", ""))
    if not token:
        raise CannotTell("GitLab is not asked without a token", where="review", remedy=_NEEDS)
    server = world.environ.get("CI_API_V4_URL", "") or "https://gitlab.com/api/v4"
    project = world.environ.get("CI_PROJECT_ID", "") or asked.repository
    base = f"{server.rstrip('/')}/projects/{quote(project, safe='')}"
    return Api(world, base, {"PRIVATE-TOKEN": token}, _NEEDS)


def _reviews(asked: Asked, world: World) -> Reviewed:
    api = _api(asked, world)
    path = f"/repository/commits/{quote(asked.commit, safe='')}/merge_requests"
    merged = [one for one in api.pages(path, _Request) if one.state == "merged"]
    if not merged:
        what = f"the commit {asked.commit[:12]} came in by no merge request: nobody reviewed it"
        remedy = "let changes come in by merge requests only: protect the branch"
        return Reviewed(reasons=(no(what, remedy=remedy),))
    made = {asked.commit}
    request = next(
        (one for one in merged if {one.merge_commit_sha, one.squash_commit_sha} & made), merged[0]
    )
    given = api.get(f"/merge_requests/{request.iid}/approvals", _Approvals)
    rules = api.get("/approvals", _Rules)
    commits = api.pages(f"/merge_requests/{request.iid}/commits", _Commit)
    made_by = {name.casefold() for one in commits for name in (one.author_name, one.committer_name)}
    people = [one.user for one in given.approved_by if not one.user.bot]
    authors = (
        request.author.username,
        *(one.username for one in people if one.name and one.name.casefold() in made_by),
    )
    approvals = tuple(
        Approval(
            who=one.user.username,
            at=one.approved_at,
            commit=request.sha,
            how="gitlab-approval",
            url=request.web_url,
        )
        for one in given.approved_by
        if one.user.username not in authors and not one.user.bot
    )
    return Reviewed(
        approvals=approvals,
        authors=tuple(dict.fromkeys(authors)),
        change=request.web_url,
        reasons=tuple(_reasons(request, authors, people, approvals, rules)),
    )


def _reasons(
    request: _Request,
    authors: tuple[str, ...],
    people: Iterable[_User],
    approvals: tuple[Approval, ...],
    rules: _Rules,
) -> Iterator[Reason]:
    name = f"merge request {request.iid}"
    for one in people:
        if one.username in authors:
            yield yes(f"{one.username} approved {name}, and made it: that does not count")
    for approval in approvals:
        yield yes(f"{approval.who} approved {name}")
    if not approvals:
        yield no(f"nobody approved {name}", remedy="let somebody else than its author approve it")
    elif not (rules.reset_approvals_on_push or rules.selective_code_owner_removals):
        yield cannot_tell(
            f"nobody can tell which commit of {name} was approved: a later push keeps approvals",
            remedy="switch on 'Remove all approvals when a commit is added' in the project",
        )


FORGE = Forge(name="gitlab", title="GitLab", system="gitlab", reviews=_reviews)
