"""https://buildkite.com/docs/pipelines/configure/environment-variables: Buildkite."""

import re
from collections.abc import Mapping

from msgspec.structs import replace

from cdkit.ci.cut import fit, utf8_bytes
from cdkit.ci.reading import address, commit_of, project_of, whole
from cdkit.ci.system import (
    Call,
    CiSystem,
    Environ,
    Handed,
    Markdown,
    Sample,
    Section,
    Told,
    to_dotenv,
)
from cdkit.core.context import BuildContext
from cdkit.core.escape import terminal

AGENT = "buildkite-agent"
MOST_OF_A_VALUE = 100_000
"""Longest value of meta-data in bytes (buildkite.com/docs, "Using build meta-data": 100 KB)."""

_KEY = "[A-Za-z0-9_][A-Za-z0-9_:.-]{0,99}"


def present(environ: Environ) -> bool:
    """Whether a job of Buildkite runs us."""
    return environ.get("BUILDKITE") == "true"


def read(environ: Environ) -> BuildContext:
    """Return what Buildkite says of this build and job.

    `run` is the build's id; a job that is retried keeps it and counts BUILDKITE_RETRY_COUNT up
    from 0, which gives the attempt. Without that count `run` is empty: it would repeat. The commit
    may be the word HEAD, for a build that somebody started by hand: then git says what it is.
    """
    get = environ.get
    source = get("BUILDKITE_REPO", "")
    counted = re.fullmatch("[0-9]{1,9}", get("BUILDKITE_RETRY_COUNT", ""), re.ASCII)
    pull_request = _unless_false(get("BUILDKITE_PULL_REQUEST", ""))
    tag = get("BUILDKITE_TAG", "")
    return BuildContext(
        system="buildkite",
        repository=project_of(source),
        repository_url=address(source),
        commit=commit_of(get("BUILDKITE_COMMIT", "")),
        branch="" if tag else get("BUILDKITE_BRANCH", ""),
        tag=tag,
        target_branch=get("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "") if pull_request else "",
        default_branch=get("BUILDKITE_PIPELINE_DEFAULT_BRANCH", ""),
        pull_request=pull_request,
        event=get("BUILDKITE_SOURCE", ""),
        run=get("BUILDKITE_BUILD_ID", "") if counted else "",
        attempt=whole(counted[0]) + 1 if counted else 0,
        number=get("BUILDKITE_BUILD_NUMBER", ""),
        pipeline=get("BUILDKITE_PIPELINE_NAME", ""),
        job=get("BUILDKITE_STEP_KEY", "") or get("BUILDKITE_LABEL", ""),
        url=_url(environ),
        actor=get("BUILDKITE_BUILD_CREATOR", ""),
    )


def _unless_false(text: str) -> str:
    return "" if text == "false" else text


def _url(environ: Environ) -> str:
    build, job = environ.get("BUILDKITE_BUILD_URL", ""), environ.get("BUILDKITE_JOB_ID", "")
    return f"{build}#{job}" if build and job else build


def outputs(environ: Environ, outputs: Mapping[str, str]) -> tuple[Handed, ...]:
    """Return the calls that keep outputs as the build's meta-data, `<step's key>:image`.

    Meta-data is one store for the whole build, so only a step that has a key of its own writes to
    it: two steps would overwrite each other's verdict. Values go in on standard input, where no
    shell and no list of processes sees them; empty ones are left out, which the agent refuses.
    """
    key = environ.get("BUILDKITE_STEP_KEY", "")
    calls: tuple[Handed, ...] = ()
    if re.fullmatch(_KEY, key, re.ASCII):
        calls = tuple(
            Call(
                argv=(AGENT, "meta-data", "set", f"{key}:{name.replace('_', '-')}"),
                stdin=fit(name, text, MOST_OF_A_VALUE, utf8_bytes, "Buildkite's meta-data"),
            )
            for name, text in outputs.items()
            if text.strip()
        )
    return (*calls, *to_dotenv(environ, outputs))


def summary(environ: Environ, markdown: Markdown) -> tuple[Handed, ...]:
    """Return the call that shows the summary as an annotation of the build, one for each job."""
    job = environ.get("BUILDKITE_JOB_ID", "")
    if not re.fullmatch(_KEY, job, re.ASCII):
        return ()
    argv = (AGENT, "annotate", "--style", "info", "--context", f"cdkit-{job}", "--append")
    return (Call(argv=argv, stdin=markdown()),)


def open_section(section: Section) -> str:
    """Return a heading, under which Buildkite folds what follows; `+++` leaves it open."""
    return f"{'---' if section.collapsed else '+++'} {terminal(section.title)}"


_ENVIRON = {
    "CI": "true",
    "BUILDKITE": "true",
    "BUILDKITE_BUILD_ID": "4735ba57-80d0-46e2-8fa0-b28223a86586",
    "BUILDKITE_BUILD_NUMBER": "1514",
    "BUILDKITE_BUILD_URL": "https://buildkite.com/acme/orders/builds/1514",
    "BUILDKITE_BUILD_CREATOR": "Mona Lisa",
    "BUILDKITE_JOB_ID": "e44f9784-e20e-4b93-a21d-f41fd5869db9",
    "BUILDKITE_STEP_KEY": "tag",
    "BUILDKITE_LABEL": ":docker: tag",
    "BUILDKITE_RETRY_COUNT": "0",
    "BUILDKITE_REPO": "git@github.com:acme/orders.git",
    "BUILDKITE_COMMIT": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "BUILDKITE_BRANCH": "release/1.4",
    "BUILDKITE_PIPELINE_DEFAULT_BRANCH": "main",
    "BUILDKITE_PIPELINE_NAME": "Orders",
    "BUILDKITE_PULL_REQUEST": "false",
    "BUILDKITE_SOURCE": "webhook",
}
_CONTEXT = BuildContext(
    system="buildkite",
    repository="acme/orders",
    repository_url="ssh://git@github.com/acme/orders",
    commit="4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    branch="release/1.4",
    default_branch="main",
    event="webhook",
    run="4735ba57-80d0-46e2-8fa0-b28223a86586",
    attempt=1,
    number="1514",
    pipeline="Orders",
    job="tag",
    url="https://buildkite.com/acme/orders/builds/1514#e44f9784-e20e-4b93-a21d-f41fd5869db9",
    actor="Mona Lisa",
)

SYSTEM = CiSystem(
    name="buildkite",
    title="Buildkite",
    present=present,
    read=read,
    outputs=outputs,
    summary=summary,
    open_section=open_section,
    log_colour=True,
    told=Told(
        recognised=("BUILDKITE",),
        run=("BUILDKITE_BUILD_ID",),
        attempt=("BUILDKITE_RETRY_COUNT",),
        pipeline=("BUILDKITE_PIPELINE_NAME",),
        commit=("BUILDKITE_COMMIT",),
        branch=("BUILDKITE_BRANCH",),
        outputs="meta-data `<step's key>:image`, where the step has a `key` and the job the agent; "
        "the file that `CDKIT_DOTENV` names",
        note="Retries count from 0. The commit `HEAD` is left to git.",
    ),
    samples=(
        Sample(name="a push", environ=_ENVIRON, context=_CONTEXT),
        Sample(
            name="a job that is retried",
            environ=_ENVIRON | {"BUILDKITE_RETRY_COUNT": "1"},
            context=replace(_CONTEXT, attempt=2),
        ),
        Sample(
            name="a pull request",
            environ=_ENVIRON
            | {
                "BUILDKITE_BRANCH": "feature/refunds",
                "BUILDKITE_PULL_REQUEST": "31",
                "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main",
            },
            context=replace(
                _CONTEXT, branch="feature/refunds", target_branch="main", pull_request="31"
            ),
        ),
        Sample(
            name="a build by hand, whose commit is the word HEAD",
            environ=_ENVIRON | {"BUILDKITE_COMMIT": "HEAD", "BUILDKITE_SOURCE": "ui"},
            context=replace(_CONTEXT, commit="", event="ui"),
        ),
        Sample(
            name="an agent that AWS CodeBuild hosts",
            environ=_ENVIRON
            | {
                "BUILDKITE_AGENT_ID": "1d3b1b0e-6c0a-4a57-8a52-6a8a5d2f7c11",
                "CODEBUILD_BUILD_ID": "runners:b1e6661e-e4f2-4156-9ab9-82a19EXAMPLE",
            },
            context=_CONTEXT,
        ),
        Sample(
            name="a tag",
            environ=_ENVIRON | {"BUILDKITE_BRANCH": "v1.4.0", "BUILDKITE_TAG": "v1.4.0"},
            context=replace(_CONTEXT, branch="", tag="v1.4.0"),
        ),
        Sample(
            name="a job whose retries are not counted, so that the id would repeat",
            environ={"BUILDKITE": "true", "BUILDKITE_BUILD_ID": "4735ba57", "BUILDKITE_TAG": ""},
            context=BuildContext(system="buildkite"),
        ),
    ),
)
