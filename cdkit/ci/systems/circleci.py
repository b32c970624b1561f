"""https://circleci.com/docs/reference/variables: CircleCI."""

import re

from msgspec.structs import replace

from cdkit.ci.reading import address, project_of
from cdkit.ci.system import CiSystem, Environ, Sample, Told
from cdkit.core.context import BuildContext

_FORK = r"pull/(?P<number>[0-9]+)(?:/head)?"


def present(environ: Environ) -> bool:
    """Whether a job of CircleCI runs us."""
    return environ.get("CIRCLECI") == "true"


def read(environ: Environ) -> BuildContext:
    """Return what CircleCI says of this workflow and job.

    `run` is the workflow's id: running one again, from its failed jobs too, makes a new workflow
    (circleci.com/docs, "Rerun a workflow"), so there is no attempt. The pull request's number
    stands at the end of its address; a fork's branch is called `pull/31`, and is no branch here.
    """
    get = environ.get
    source = get("CIRCLE_REPOSITORY_URL", "")
    owner, name = get("CIRCLE_PROJECT_USERNAME", ""), get("CIRCLE_PROJECT_REPONAME", "")
    branch = get("CIRCLE_BRANCH", "")
    fork = re.fullmatch(_FORK, branch)
    return BuildContext(
        system="circleci",
        repository=f"{owner}/{name}" if owner and name else project_of(source),
        repository_url=address(source),
        commit=get("CIRCLE_SHA1", ""),
        branch="" if fork else branch,
        tag=get("CIRCLE_TAG", ""),
        pull_request=_pull_request(environ) or (fork["number"] if fork else ""),
        run=get("CIRCLE_WORKFLOW_ID", ""),
        number=get("CIRCLE_BUILD_NUM", ""),
        job=get("CIRCLE_JOB", ""),
        url=get("CIRCLE_BUILD_URL", ""),
        actor=get("CIRCLE_USERNAME", ""),
    )


def _pull_request(environ: Environ) -> str:
    url = environ.get("CIRCLE_PULL_REQUEST", "")
    found = re.search(r"/([0-9]+)/?\Z", url, re.ASCII)
    return environ.get("CIRCLE_PR_NUMBER", "") or (found[1] if found else "")


_ENVIRON = {
    "CI": "true",
    "CIRCLECI": "true",
    "CIRCLE_WORKFLOW_ID": "5034460f-c7c4-4c43-9457-de07e2029e7b",
    "CIRCLE_WORKFLOW_JOB_ID": "9bbd2c42-4ad6-4d0c-9c1c-7b7a1c9e4b0f",
    "CIRCLE_BUILD_NUM": "1877",
    "CIRCLE_BUILD_URL": "https://circleci.com/gh/acme/orders/1877",
    "CIRCLE_JOB": "image",
    "CIRCLE_PROJECT_USERNAME": "acme",
    "CIRCLE_PROJECT_REPONAME": "orders",
    "CIRCLE_REPOSITORY_URL": "git@github.com:acme/orders.git",
    "CIRCLE_SHA1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "CIRCLE_USERNAME": "mona",
    "BASH_ENV": "/home/circleci/.bash_env-5034460f-0-build",
}
_CONTEXT = BuildContext(
    system="circleci",
    repository="acme/orders",
    repository_url="ssh://git@github.com/acme/orders",
    commit="4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    run="5034460f-c7c4-4c43-9457-de07e2029e7b",
    number="1877",
    job="image",
    url="https://circleci.com/gh/acme/orders/1877",
    actor="mona",
)

SYSTEM = CiSystem(
    name="circleci",
    title="CircleCI",
    present=present,
    read=read,
    log_colour=True,
    told=Told(
        recognised=("CIRCLECI",),
        run=("CIRCLE_WORKFLOW_ID",),
        commit=("CIRCLE_SHA1",),
        branch=("CIRCLE_BRANCH",),
        note="Running a workflow again makes a new one. Nothing is written to `BASH_ENV`, which "
        "is code that later steps run.",
    ),
    samples=(
        Sample(
            name="a branch",
            environ=_ENVIRON | {"CIRCLE_BRANCH": "release/1.4"},
            context=replace(_CONTEXT, branch="release/1.4"),
        ),
        Sample(
            name="a branch with a pull request",
            environ=_ENVIRON
            | {
                "CIRCLE_BRANCH": "feature/refunds",
                "CIRCLE_PULL_REQUEST": "https://github.com/acme/orders/pull/31",
            },
            context=replace(_CONTEXT, branch="feature/refunds", pull_request="31"),
        ),
        Sample(
            name="a fork's pull request",
            environ=_ENVIRON | {"CIRCLE_BRANCH": "pull/31", "CIRCLE_PR_NUMBER": "31"},
            context=replace(_CONTEXT, pull_request="31"),
        ),
        Sample(
            name="a tag",
            environ=_ENVIRON | {"CIRCLE_TAG": "v1.4.0"},
            context=replace(_CONTEXT, tag="v1.4.0"),
        ),
    ),
)
