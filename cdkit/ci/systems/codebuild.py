"""https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html: CodeBuild."""

from msgspec.structs import replace

from cdkit.ci.reading import address, branch_of, commit_of, project_of
from cdkit.ci.system import CiSystem, Environ, Sample, Told
from cdkit.core.context import BuildContext


def present(environ: Environ) -> bool:
    """Whether a build of CodeBuild's own runs us.

    CodeBuild also lends its machines to GitHub's, GitLab's and Buildkite's runners, whose jobs then
    hold both systems' variables; such a build was begun by the webhook event WORKFLOW_JOB_QUEUED
    (CodeBuild user guide, "self-hosted runners") and belongs to the other system. RUNNER_OS,
    CI_RUNNER_ID and BUILDKITE_AGENT_ID are set by those runners alone, so they tell it too.

    A stage of CodePipeline is built by CodeBuild too, and is a system of its own (see the table).
    """
    lent = (
        environ.get("CODEBUILD_WEBHOOK_EVENT") == "WORKFLOW_JOB_QUEUED"
        or (environ.get("GITHUB_ACTIONS") == "true" and bool(environ.get("RUNNER_OS")))
        or (environ.get("GITLAB_CI") == "true" and bool(environ.get("CI_RUNNER_ID")))
        or (environ.get("BUILDKITE") == "true" and bool(environ.get("BUILDKITE_AGENT_ID")))
    )
    staged = environ.get("CODEBUILD_INITIATOR", "").startswith("codepipeline/")
    return bool(environ.get("CODEBUILD_BUILD_ID")) and not lent and not staged


def read(environ: Environ) -> BuildContext:
    """Return what CodeBuild says of this build.

    `run` is the build's id, `project:uuid`, which no retry uses again. The resolved source
    version is a commit for git sources only; an S3 source's version is left out.
    """
    get = environ.get
    source = get("CODEBUILD_SOURCE_REPO_URL", "")
    kind, _, name = get("CODEBUILD_WEBHOOK_TRIGGER", "").partition("/")
    pull_request = name if kind == "pr" else ""
    base = branch_of(get("CODEBUILD_WEBHOOK_BASE_REF", ""))
    return BuildContext(
        system="codebuild",
        repository=project_of(source),
        repository_url=address(source),
        commit=commit_of(get("CODEBUILD_RESOLVED_SOURCE_VERSION", "")),
        branch=branch_of(get("CODEBUILD_WEBHOOK_HEAD_REF", ""))
        or (name if kind == "branch" else ""),
        tag=name if kind == "tag" else "",
        target_branch=base if pull_request else "",
        pull_request=pull_request,
        event=get("CODEBUILD_WEBHOOK_EVENT", ""),
        run=get("CODEBUILD_BUILD_ID", ""),
        number=get("CODEBUILD_BUILD_NUMBER", ""),
        pipeline=_project(environ),
        job=get("CODEBUILD_BATCH_BUILD_IDENTIFIER", "") or _project(environ),
        url=get("CODEBUILD_PUBLIC_BUILD_URL", "") or get("CODEBUILD_BUILD_URL", ""),
        actor=get("CODEBUILD_WEBHOOK_ACTOR_ACCOUNT_ID", "") or get("CODEBUILD_INITIATOR", ""),
    )


def _project(environ: Environ) -> str:
    return environ.get("CODEBUILD_BUILD_ID", "").partition(":")[0]


_BUILD = "orders:b1e6661e-e4f2-4156-9ab9-82a19e5d1f00"
_URL = "https://eu-west-1.console.aws.amazon.com/codebuild/home?region=eu-west-1#/builds/orders"
_ENVIRON = {
    "CODEBUILD_CI": "true",
    "CODEBUILD_BUILD_ID": _BUILD,
    "CODEBUILD_BUILD_ARN": f"arn:aws:codebuild:eu-west-1:123456789012:build/{_BUILD}",
    "CODEBUILD_BUILD_NUMBER": "77",
    "CODEBUILD_BUILD_URL": _URL,
    "CODEBUILD_INITIATOR": "GitHub-Hookshot/044aadd",
    "CODEBUILD_SOURCE_REPO_URL": "https://github.com/acme/orders.git",
    "CODEBUILD_RESOLVED_SOURCE_VERSION": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
}
_CONTEXT = BuildContext(
    system="codebuild",
    repository="acme/orders",
    repository_url="https://github.com/acme/orders",
    commit="4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    run=_BUILD,
    number="77",
    pipeline="orders",
    job="orders",
    url=_URL,
    actor="GitHub-Hookshot/044aadd",
)

SYSTEM = CiSystem(
    name="codebuild",
    title="AWS CodeBuild",
    present=present,
    read=read,
    told=Told(
        recognised=("CODEBUILD_BUILD_ID",),
        run=("CODEBUILD_BUILD_ID",),
        pipeline=("CODEBUILD_BUILD_ID",),
        commit=("CODEBUILD_RESOLVED_SOURCE_VERSION",),
        branch=("CODEBUILD_WEBHOOK_HEAD_REF", "CODEBUILD_WEBHOOK_TRIGGER"),
        note="The id holds a `:`, so a tag is made of it with a hash; a retry is a new build.",
    ),
    samples=(
        Sample(
            name="a push",
            environ=_ENVIRON
            | {
                "CODEBUILD_WEBHOOK_EVENT": "PUSH",
                "CODEBUILD_WEBHOOK_TRIGGER": "branch/release/1.4",
                "CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/release/1.4",
            },
            context=replace(_CONTEXT, event="PUSH", branch="release/1.4"),
        ),
        Sample(
            name="a pull request",
            environ=_ENVIRON
            | {
                "CODEBUILD_WEBHOOK_EVENT": "PULL_REQUEST_UPDATED",
                "CODEBUILD_WEBHOOK_TRIGGER": "pr/31",
                "CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/feature/refunds",
                "CODEBUILD_WEBHOOK_BASE_REF": "refs/heads/main",
                "CODEBUILD_WEBHOOK_ACTOR_ACCOUNT_ID": "583231",
            },
            context=replace(
                _CONTEXT,
                event="PULL_REQUEST_UPDATED",
                branch="feature/refunds",
                target_branch="main",
                pull_request="31",
                actor="583231",
            ),
        ),
        Sample(
            name="a tag",
            environ=_ENVIRON
            | {
                "CODEBUILD_WEBHOOK_EVENT": "PUSH",
                "CODEBUILD_WEBHOOK_TRIGGER": "tag/v1.4.0",
                "CODEBUILD_WEBHOOK_HEAD_REF": "refs/tags/v1.4.0",
            },
            context=replace(_CONTEXT, event="PUSH", tag="v1.4.0"),
        ),
        Sample(
            name="a build that somebody started, with its source in S3",
            environ={
                "CODEBUILD_BUILD_ID": _BUILD,
                "CODEBUILD_INITIATOR": "mona",
                "CODEBUILD_WEBHOOK_TRIGGER": "branch/main",
                "CODEBUILD_RESOLVED_SOURCE_VERSION": "arn:aws:s3:::sources/orders.zip",
            },
            context=BuildContext(
                system="codebuild",
                run=_BUILD,
                pipeline="orders",
                job="orders",
                branch="main",
                actor="mona",
            ),
        ),
    ),
)
