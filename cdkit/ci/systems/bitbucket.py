"""https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets: Bitbucket Pipelines."""

from msgspec.structs import replace

from cdkit.ci.reading import address, whole
from cdkit.ci.system import CiSystem, Environ, Sample, Told
from cdkit.core.context import BuildContext


def present(environ: Environ) -> bool:
    """Whether a step of Bitbucket Pipelines runs us."""
    return bool(environ.get("BITBUCKET_BUILD_NUMBER") and environ.get("BITBUCKET_PIPELINE_UUID"))


def read(environ: Environ) -> BuildContext:
    """Return what Bitbucket says of this pipeline and step.

    `run` is the pipeline's UUID, without the braces that Bitbucket puts around it. A step that is
    run again keeps it and counts BITBUCKET_STEP_RUN_NUMBER up, which is the attempt; without one
    `run` is empty: it would repeat.
    """
    get = environ.get
    attempt = whole(get("BITBUCKET_STEP_RUN_NUMBER", ""))
    return BuildContext(
        system="bitbucket",
        repository=get("BITBUCKET_REPO_FULL_NAME", ""),
        repository_url=address(get("BITBUCKET_GIT_HTTP_ORIGIN", "")),
        commit=get("BITBUCKET_COMMIT", ""),
        branch=get("BITBUCKET_BRANCH", ""),
        tag=get("BITBUCKET_TAG", ""),
        target_branch=get("BITBUCKET_PR_DESTINATION_BRANCH", ""),
        pull_request=get("BITBUCKET_PR_ID", ""),
        run=get("BITBUCKET_PIPELINE_UUID", "").strip("{}") if attempt else "",
        attempt=attempt,
        number=get("BITBUCKET_BUILD_NUMBER", ""),
        job=get("BITBUCKET_STEP_UUID", "").strip("{}"),
        url=_url(environ),
        actor=get("BITBUCKET_STEP_TRIGGERER_UUID", "").strip("{}"),
    )


def _url(environ: Environ) -> str:
    name = environ.get("BITBUCKET_REPO_FULL_NAME", "")
    number = environ.get("BITBUCKET_BUILD_NUMBER", "")
    if not (name and number):
        return ""
    return f"https://bitbucket.org/{name}/pipelines/results/{number}"


_ENVIRON = {
    "CI": "true",
    "BITBUCKET_BUILD_NUMBER": "418",
    "BITBUCKET_PIPELINE_UUID": "{8b7d8a5c-0b0e-4f0e-9a57-1d6c1f0c2a11}",
    "BITBUCKET_STEP_UUID": "{0f4c2b1e-6a0d-4b5a-8f63-6a1f3a5f0d02}",
    "BITBUCKET_STEP_RUN_NUMBER": "2",
    "BITBUCKET_STEP_TRIGGERER_UUID": "{5a50dd52-5ab7-4225-831c-4db9451375a2}",
    "BITBUCKET_REPO_FULL_NAME": "acme/orders",
    "BITBUCKET_GIT_HTTP_ORIGIN": "http://bitbucket.org/acme/orders",
    "BITBUCKET_COMMIT": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
}
_CONTEXT = BuildContext(
    system="bitbucket",
    repository="acme/orders",
    repository_url="http://bitbucket.org/acme/orders",
    commit="4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    run="8b7d8a5c-0b0e-4f0e-9a57-1d6c1f0c2a11",
    attempt=2,
    number="418",
    job="0f4c2b1e-6a0d-4b5a-8f63-6a1f3a5f0d02",
    url="https://bitbucket.org/acme/orders/pipelines/results/418",
    actor="5a50dd52-5ab7-4225-831c-4db9451375a2",
)

SYSTEM = CiSystem(
    name="bitbucket",
    title="Bitbucket Pipelines",
    present=present,
    read=read,
    log_colour=True,
    told=Told(
        recognised=("BITBUCKET_BUILD_NUMBER", "BITBUCKET_PIPELINE_UUID"),
        run=("BITBUCKET_PIPELINE_UUID",),
        attempt=("BITBUCKET_STEP_RUN_NUMBER",),
        commit=("BITBUCKET_COMMIT",),
        branch=("BITBUCKET_BRANCH",),
        note="Make the file that `CDKIT_DOTENV` names an artifact, and source it in later steps.",
    ),
    samples=(
        Sample(
            name="a branch",
            environ=_ENVIRON | {"BITBUCKET_BRANCH": "release/1.4"},
            context=replace(_CONTEXT, branch="release/1.4"),
        ),
        Sample(
            name="a pull request",
            environ=_ENVIRON
            | {
                "BITBUCKET_BRANCH": "feature/refunds",
                "BITBUCKET_PR_ID": "31",
                "BITBUCKET_PR_DESTINATION_BRANCH": "main",
            },
            context=replace(
                _CONTEXT, branch="feature/refunds", target_branch="main", pull_request="31"
            ),
        ),
        Sample(
            name="a tag",
            environ=_ENVIRON | {"BITBUCKET_TAG": "v1.4.0"},
            context=replace(_CONTEXT, tag="v1.4.0"),
        ),
        Sample(
            name="a step whose runs are not counted, so that the id would repeat",
            environ={
                "BITBUCKET_BUILD_NUMBER": "418",
                "BITBUCKET_PIPELINE_UUID": "{8b7d8a5c-0b0e-4f0e-9a57-1d6c1f0c2a11}",
            },
            context=BuildContext(system="bitbucket", number="418"),
        ),
    ),
)
