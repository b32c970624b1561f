"""https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables: Jenkins."""

import re

from msgspec import Struct
from msgspec.structs import replace

from cdkit.ci.reading import address, project_of
from cdkit.ci.system import CiSystem, Environ, Sample, Told
from cdkit.core.context import BuildContext

_REQUESTS = (
    ("CHANGE_ID", "CHANGE_BRANCH", "CHANGE_TARGET"),
    ("ghprbPullId", "ghprbSourceBranch", "ghprbTargetBranch"),
    ("gitlabMergeRequestIid", "gitlabSourceBranch", "gitlabTargetBranch"),
)
_BEFORE_BRANCH = r"^(?:refs/heads/|(?:refs/remotes/)?origin/)"
_TAG = r"(?:refs/|(?:refs/remotes/)?origin/)?tags/(?P<tag>.+)"


def present(environ: Environ) -> bool:
    """Whether a Jenkins build runs us.

    An agent hands its own environment, with JENKINS_URL, to whatever it starts; only a build has
    a job's name and number and the tag made from them.
    """
    own = environ.get("JENKINS_URL") or environ.get("JENKINS_HOME")
    build = environ.get("JOB_NAME") and environ.get("BUILD_NUMBER")
    return bool(own and build) and environ.get("BUILD_TAG", "").startswith("jenkins-")


def read(environ: Environ) -> BuildContext:
    """Return what Jenkins and its git and multibranch plugins say of this build.

    `run` is the job's full name and the build's number. BUILD_TAG is not used: it writes folders
    with `-`, so that the jobs `a/b` and `a-b` share it. A build that is replayed gets a new
    number, so there is no attempt. In a pull request's build BRANCH_NAME is `PR-12`, and the
    branch is CHANGE_BRANCH. Jobs that the GitHub pull request builder or the GitLab plugin starts
    have names of those plugins' own for the same (plugins.jenkins.io, "ghprb", "gitlab-plugin");
    their GIT_BRANCH may be a fork's `main`. Where a job is told to check out a git tag, GIT_BRANCH
    holds that tag.
    """
    get = environ.get
    request = _request(environ)
    job, number = get("JOB_NAME", ""), get("BUILD_NUMBER", "")
    url = get("GIT_URL", "") or get("GIT_URL_1", "")
    return BuildContext(
        system="jenkins",
        repository=project_of(url),
        repository_url=address(url),
        commit=get("GIT_COMMIT", ""),
        branch=request.branch if request else _branch(environ),
        tag="" if request else get("TAG_NAME", "") or _tag(environ),
        target_branch=request.target if request else "",
        default_branch=get("BRANCH_NAME", "") if get("BRANCH_IS_PRIMARY") == "true" else "",
        pull_request=request.number if request else "",
        run=f"{job}-{number}" if job and number else "",
        number=number,
        pipeline=job,
        job=job,
        url=get("BUILD_URL", ""),
        actor=get("BUILD_USER_ID", "") or get("CHANGE_AUTHOR", ""),
    )


class _Request(Struct, frozen=True, kw_only=True):
    number: str
    branch: str
    target: str


def _request(environ: Environ) -> _Request | None:
    """Return the pull request that the build is of, by the first plugin that names one."""
    for names in _REQUESTS:
        number, branch, target = (environ.get(name, "") for name in names)
        if number:
            return _Request(number=number, branch=branch, target=target)
    return None


def _branch(environ: Environ) -> str:
    get = environ.get
    if get("TAG_NAME") or _tag(environ):
        return ""
    checked_out = re.sub(_BEFORE_BRANCH, "", get("GIT_BRANCH", ""), count=1)
    return get("BRANCH_NAME", "") or get("GIT_LOCAL_BRANCH", "") or _attached(checked_out)


def _tag(environ: Environ) -> str:
    """Return the git tag that GIT_BRANCH names, where no multibranch pipeline names a branch."""
    found = re.fullmatch(_TAG, environ.get("GIT_BRANCH", ""))
    return found["tag"] if found and not environ.get("BRANCH_NAME") else ""


def _attached(branch: str) -> str:
    return "" if branch in {"detached", "HEAD"} else branch


_ENVIRON = {
    "CI": "true",
    "JENKINS_URL": "https://jenkins.example.com/",
    "JENKINS_HOME": "/var/jenkins_home",
    "JOB_NAME": "shop/orders/main",
    "BUILD_NUMBER": "42",
    "BUILD_ID": "42",
    "BUILD_TAG": "jenkins-shop-orders-main-42",
    "BUILD_URL": "https://jenkins.example.com/job/shop/job/orders/job/main/42/",
    "GIT_URL": "https://build:s3cret@git.example.com/acme/orders.git",
    "GIT_COMMIT": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
}
_CONTEXT = BuildContext(
    system="jenkins",
    repository="acme/orders",
    repository_url="https://git.example.com/acme/orders",
    commit="4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    run="shop/orders/main-42",
    number="42",
    pipeline="shop/orders/main",
    job="shop/orders/main",
    url="https://jenkins.example.com/job/shop/job/orders/job/main/42/",
)

SYSTEM = CiSystem(
    name="jenkins",
    title="Jenkins",
    present=present,
    read=read,
    told=Told(
        recognised=("JOB_NAME", "BUILD_NUMBER", "BUILD_TAG"),
        run=("JOB_NAME", "BUILD_NUMBER"),
        pipeline=("JOB_NAME",),
        commit=("GIT_COMMIT",),
        branch=(
            *("CHANGE_BRANCH", "ghprbSourceBranch", "gitlabSourceBranch"),
            *("BRANCH_NAME", "GIT_BRANCH"),
        ),
        outputs="what `cdkitTagImage(…)` returns; the file that `CDKIT_DOTENV` names",
        note="A build that is replayed or started again gets a new number; `restart from stage` "
        "does too.",
    ),
    samples=(
        Sample(
            name="a multibranch pipeline's main branch",
            environ=_ENVIRON | {"BRANCH_NAME": "main", "BRANCH_IS_PRIMARY": "true"},
            context=replace(_CONTEXT, branch="main", default_branch="main"),
        ),
        Sample(
            name="a pull request",
            environ=_ENVIRON
            | {
                "BRANCH_NAME": "PR-31",
                "CHANGE_ID": "31",
                "CHANGE_BRANCH": "feature/refunds",
                "CHANGE_TARGET": "main",
                "CHANGE_AUTHOR": "mona",
            },
            context=replace(
                _CONTEXT,
                branch="feature/refunds",
                target_branch="main",
                pull_request="31",
                actor="mona",
            ),
        ),
        Sample(
            name="a freestyle job that knows only git's remote branch",
            environ=_ENVIRON
            | {"JENKINS_URL": "", "JOB_NAME": "orders", "GIT_BRANCH": "origin/release/1.4"},
            context=replace(
                _CONTEXT, branch="release/1.4", pipeline="orders", job="orders", run="orders-42"
            ),
        ),
        Sample(
            name="a fork's pull request that the GitHub pull request builder builds",
            environ=_ENVIRON
            | {
                "GIT_BRANCH": "origin/pr/31/merge",
                "ghprbPullId": "31",
                "ghprbSourceBranch": "main",
                "ghprbTargetBranch": "main",
            },
            context=replace(_CONTEXT, branch="main", target_branch="main", pull_request="31"),
        ),
        Sample(
            name="a fork's merge request that the GitLab plugin builds",
            environ=_ENVIRON
            | {
                "GIT_BRANCH": "origin/main",
                "gitlabMergeRequestIid": "7",
                "gitlabSourceBranch": "main",
                "gitlabTargetBranch": "main",
            },
            context=replace(_CONTEXT, branch="main", target_branch="main", pull_request="7"),
        ),
        Sample(
            name="a branch that a parameter names in full",
            environ=_ENVIRON | {"GIT_BRANCH": "refs/heads/release/1.4"},
            context=replace(_CONTEXT, branch="release/1.4"),
        ),
        Sample(
            name="a tag that a parameter names in full",
            environ=_ENVIRON | {"GIT_BRANCH": "refs/tags/v1.4.0"},
            context=replace(_CONTEXT, tag="v1.4.0"),
        ),
        Sample(
            name="a tag as git's plugin names it",
            environ=_ENVIRON | {"GIT_BRANCH": "origin/tags/v1.4.0"},
            context=replace(_CONTEXT, tag="v1.4.0"),
        ),
        Sample(
            name="a tag",
            environ=_ENVIRON | {"BRANCH_NAME": "v1.4.0", "TAG_NAME": "v1.4.0"},
            context=replace(_CONTEXT, tag="v1.4.0"),
        ),
    ),
)
