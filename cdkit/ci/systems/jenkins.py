"""https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables: Jenkins."""

from msgspec.structs import replace

from cdkit.ci.reading import address, project_of
from cdkit.ci.system import CiSystem, Environ, Sample, Told
from cdkit.core.context import BuildContext


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
    branch is CHANGE_BRANCH.
    """
    get = environ.get
    job, number = get("JOB_NAME", ""), get("BUILD_NUMBER", "")
    url = get("GIT_URL", "") or get("GIT_URL_1", "")
    return BuildContext(
        system="jenkins",
        repository=project_of(url),
        repository_url=address(url),
        commit=get("GIT_COMMIT", ""),
        branch=_branch(environ),
        tag=get("TAG_NAME", ""),
        target_branch=get("CHANGE_TARGET", ""),
        default_branch=get("BRANCH_NAME", "") if get("BRANCH_IS_PRIMARY") == "true" else "",
        pull_request=get("CHANGE_ID", ""),
        run=f"{job}-{number}" if job and number else "",
        number=number,
        job=job,
        url=get("BUILD_URL", ""),
        actor=get("BUILD_USER_ID", "") or get("CHANGE_AUTHOR", ""),
    )


def _branch(environ: Environ) -> str:
    get = environ.get
    if get("CHANGE_ID"):
        return get("CHANGE_BRANCH", "")
    if get("TAG_NAME"):
        return ""
    remote = get("GIT_BRANCH", "").removeprefix("origin/")
    return get("BRANCH_NAME", "") or get("GIT_LOCAL_BRANCH", "") or _attached(remote)


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
        commit=("GIT_COMMIT",),
        branch=("CHANGE_BRANCH", "BRANCH_NAME", "GIT_BRANCH"),
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
            context=replace(_CONTEXT, branch="release/1.4", job="orders", run="orders-42"),
        ),
        Sample(
            name="a tag",
            environ=_ENVIRON | {"BRANCH_NAME": "v1.4.0", "TAG_NAME": "v1.4.0"},
            context=replace(_CONTEXT, tag="v1.4.0"),
        ),
    ),
)
