"""https://docs.gitlab.com/ci/variables/predefined_variables: GitLab CI/CD."""

from collections.abc import Mapping

from msgspec.structs import replace

from cdkit.ci import dotenv
from cdkit.ci.reading import whole
from cdkit.ci.system import Append, CiSystem, Environ, Handed, Sample, Section, Told
from cdkit.core.context import BuildContext
from cdkit.core.escape import gitlab_section, terminal

MOST_OF_A_VALUE = 1_000
"""Longest value in bytes: a dotenv report holds 5 KiB, and one that is larger is refused whole."""

MOST_OF_A_STEP = 4_500
"""Most that one step adds to the report, in bytes, so that a second small one finds room."""


def present(environ: Environ) -> bool:
    """Whether a GitLab job runs us; the value counts, since gitlab-ci-local says `false`."""
    return environ.get("GITLAB_CI") == "true"


def read(environ: Environ) -> BuildContext:
    """Return what GitLab says of this pipeline and job.

    GitLab numbers no attempts: a job that is run again keeps the pipeline and gets a new, higher
    job id. So the job's id stands as the attempt, and the pair of run and attempt is never used
    twice; without it `run` is empty. In merged-results pipelines `commit` is the merge that GitLab
    made. A pipeline has a name where `workflow:name` gives it one; else its project stands for it.
    """
    get = environ.get
    attempt = whole(get("CI_JOB_ID", ""))
    return BuildContext(
        system="gitlab",
        repository=get("CI_PROJECT_PATH", ""),
        repository_url=get("CI_PROJECT_URL", ""),
        commit=get("CI_COMMIT_SHA", ""),
        branch=get("CI_COMMIT_BRANCH", "") or _of_request(environ, "SOURCE_BRANCH_NAME"),
        tag=get("CI_COMMIT_TAG", ""),
        target_branch=_of_request(environ, "TARGET_BRANCH_NAME"),
        default_branch=get("CI_DEFAULT_BRANCH", ""),
        pull_request=_of_request(environ, "IID"),
        event=get("CI_PIPELINE_SOURCE", ""),
        run=get("CI_PIPELINE_ID", "") if attempt else "",
        attempt=attempt,
        number=get("CI_PIPELINE_IID", ""),
        pipeline=get("CI_PIPELINE_NAME", "") or get("CI_PROJECT_PATH", ""),
        job=get("CI_JOB_NAME", ""),
        url=get("CI_JOB_URL", "") or get("CI_PIPELINE_URL", ""),
        actor=get("GITLAB_USER_LOGIN", ""),
    )


def _of_request(environ: Environ, name: str) -> str:
    own = environ.get(f"CI_MERGE_REQUEST_{name}", "")
    return own or environ.get(f"CI_EXTERNAL_PULL_REQUEST_{name}", "")


def outputs(environ: Environ, outputs: Mapping[str, str]) -> tuple[Handed, ...]:
    """Return what belongs into the dotenv report that CDKIT_DOTENV names; nothing without it.

    Values are percent-encoded where dotenv reports have no way to write them (docs.gitlab.com,
    `artifacts:reports:dotenv`). Left out are empty values and those over 1,000 bytes (long lists of
    reasons), then the longest ones until the rest fits into 4,500 bytes: they would get the whole
    report refused, and they stand in the record.
    """
    path = environ.get(dotenv.VARIABLE, "")
    lines = dotenv.lines(outputs, MOST_OF_A_VALUE).splitlines(keepends=True)
    while sum(map(len, lines)) > MOST_OF_A_STEP:
        lines.remove(max(lines, key=len))
    return (Append(path=path, text="".join(lines)),) if path and lines else ()


def open_section(section: Section) -> str:
    """Return the marker that begins a collapsible section (docs.gitlab.com, job logs)."""
    folded = "[collapsed=true]" if section.collapsed else ""
    name = gitlab_section(section.name)
    title = terminal(section.title)
    return f"\x1b[0Ksection_start:{section.at}:{name}{folded}\r\x1b[0K{title}"


def close_section(section: Section) -> str:
    """Return the marker that ends the section of this name."""
    return f"\x1b[0Ksection_end:{section.at}:{gitlab_section(section.name)}\r\x1b[0K"


_ENVIRON = {
    "CI": "true",
    "GITLAB_CI": "true",
    "CI_PROJECT_PATH": "acme/shop/orders",
    "CI_PROJECT_URL": "https://gitlab.example.com/acme/shop/orders",
    "CI_DEFAULT_BRANCH": "main",
    "CI_COMMIT_SHA": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "CI_PIPELINE_ID": "81234",
    "CI_PIPELINE_IID": "412",
    "CI_JOB_ID": "993321",
    "CI_JOB_NAME": "unit 2/4",
    "CI_JOB_URL": "https://gitlab.example.com/acme/shop/orders/-/jobs/993321",
    "GITLAB_USER_LOGIN": "tanuki",
}
_CONTEXT = BuildContext(
    system="gitlab",
    repository="acme/shop/orders",
    repository_url="https://gitlab.example.com/acme/shop/orders",
    default_branch="main",
    commit="4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    run="81234",
    attempt=993321,
    number="412",
    pipeline="acme/shop/orders",
    job="unit 2/4",
    url="https://gitlab.example.com/acme/shop/orders/-/jobs/993321",
    actor="tanuki",
)

SYSTEM = CiSystem(
    name="gitlab",
    title="GitLab CI/CD",
    present=present,
    read=read,
    outputs=outputs,
    open_section=open_section,
    close_section=close_section,
    log_colour=True,
    told=Told(
        recognised=("GITLAB_CI",),
        run=("CI_PIPELINE_ID",),
        attempt=("CI_JOB_ID",),
        pipeline=("CI_PIPELINE_NAME", "CI_PROJECT_PATH"),
        commit=("CI_COMMIT_SHA",),
        branch=("CI_COMMIT_BRANCH", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"),
        outputs="the dotenv report that `CDKIT_DOTENV` names",
        note="A job's id is its attempt: GitLab numbers none, and a job that is retried gets a "
        "new id.",
    ),
    samples=(
        Sample(
            name="a branch",
            environ=_ENVIRON | {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"},
            context=replace(_CONTEXT, event="push", branch="main"),
        ),
        Sample(
            name="a merge request",
            environ=_ENVIRON
            | {
                "CI_PIPELINE_SOURCE": "merge_request_event",
                "CI_MERGE_REQUEST_IID": "7",
                "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "feature/refunds",
                "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            },
            context=replace(
                _CONTEXT,
                event="merge_request_event",
                branch="feature/refunds",
                target_branch="main",
                pull_request="7",
            ),
        ),
        Sample(
            name="a pull request on GitHub",
            environ=_ENVIRON
            | {
                "CI_PIPELINE_SOURCE": "external_pull_request_event",
                "CI_COMMIT_BRANCH": "feature/refunds",
                "CI_EXTERNAL_PULL_REQUEST_IID": "31",
                "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME": "feature/refunds",
                "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME": "main",
            },
            context=replace(
                _CONTEXT,
                event="external_pull_request_event",
                branch="feature/refunds",
                target_branch="main",
                pull_request="31",
            ),
        ),
        Sample(
            name="a tag, whose pipeline has a name of its own",
            environ=_ENVIRON
            | {
                "CI_PIPELINE_SOURCE": "push",
                "CI_PIPELINE_NAME": "Release",
                "CI_COMMIT_TAG": "v1.4.0",
            },
            context=replace(_CONTEXT, event="push", tag="v1.4.0", pipeline="Release"),
        ),
        Sample(
            name="a container that was not told the job, so that the id would repeat",
            environ={"GITLAB_CI": "true", "CI_PIPELINE_ID": "81234", "CI_COMMIT_BRANCH": "main"},
            context=BuildContext(system="gitlab", branch="main"),
        ),
        Sample(
            name="a runner that AWS CodeBuild hosts",
            environ=_ENVIRON
            | {
                "CI_PIPELINE_SOURCE": "push",
                "CI_COMMIT_BRANCH": "main",
                "CODEBUILD_BUILD_ID": "runners:b1e6661e-e4f2-4156-9ab9-82a19EXAMPLE",
                "CODEBUILD_WEBHOOK_EVENT": "WORKFLOW_JOB_QUEUED",
            },
            context=replace(_CONTEXT, event="push", branch="main"),
        ),
    ),
)
