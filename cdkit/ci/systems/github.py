"""https://docs.github.com/en/actions/reference/workflows-and-actions/variables: GitHub Actions."""

import re
from collections.abc import Mapping

from msgspec.structs import replace

from cdkit.ci.cut import fit, utf16_units
from cdkit.ci.reading import branch_of, whole
from cdkit.ci.system import (
    Append,
    CiSystem,
    Environ,
    Handed,
    Markdown,
    Sample,
    Section,
    Told,
)
from cdkit.core.context import BuildContext
from cdkit.core.escape import command_data, output_block, terminal
from cdkit.core.secret import Secret

MOST_OF_A_VALUE = 100_000
"""Longest output in UTF-16 units; a job may hand on 1 MiB in all, which GitHub measures so."""

_IMITATORS = ("GITEA_ACTIONS", "FORGEJO_ACTIONS")
_PULL = r"refs/pull/(?P<number>[0-9]+)/(?:merge|head)"
_QUEUE = r"refs/heads/gh-readonly-queue/(?P<target>.+)/pr-(?P<number>[0-9]+)-[0-9a-f]{40}"


def present(environ: Environ) -> bool:
    """Whether a GitHub Actions job runs us: Gitea and Forgejo, which imitate it, do not count."""
    imitated = any(environ.get(name) for name in _IMITATORS)
    return environ.get("GITHUB_ACTIONS") == "true" and not imitated


def read(environ: Environ) -> BuildContext:
    """Return what GitHub says of this run.

    In a pull request `commit` is the merge commit that GitHub made for it, and `branch` the name
    that the change has where it comes from: a fork may call its branch `main`. The merge queue's
    branch name carries the target and the pull request. The default branch stands only in the
    event's file, so it is left empty. Which job of a matrix this is stands in no variable: our
    own actions hand on the `strategy` context, which counts from 0. `act` numbers every run 1, so
    there `run` is empty, and so it is without an attempt (in a container that was not told): it
    would repeat.
    """
    get = environ.get
    event, ref = get("GITHUB_EVENT_NAME", ""), get("GITHUB_REF", "")
    queue = re.fullmatch(_QUEUE, ref) if event == "merge_group" else None
    pull = re.fullmatch(_PULL, ref)
    found = queue or pull
    local = get("ACT") == "true"
    run = "" if local else get("GITHUB_RUN_ID", "")
    attempt = whole(get("GITHUB_RUN_ATTEMPT", "")) if run else 0
    return BuildContext(
        system="github",
        repository=get("GITHUB_REPOSITORY", ""),
        repository_url=_repository_url(environ),
        commit=get("GITHUB_SHA", ""),
        branch=get("GITHUB_HEAD_REF", "") or branch_of(ref),
        tag=ref.removeprefix("refs/tags/") if ref.startswith("refs/tags/") else "",
        target_branch=queue["target"] if queue else get("GITHUB_BASE_REF", ""),
        pull_request=found["number"] if found else "",
        event=event,
        run=run if attempt else "",
        attempt=attempt,
        number="" if local else get("GITHUB_RUN_NUMBER", ""),
        pipeline=get("GITHUB_WORKFLOW", ""),
        job=get("GITHUB_JOB", ""),
        leg=_leg(get("CDKIT_JOB_INDEX", ""), get("CDKIT_JOB_TOTAL", "")),
        url=_run_url(_repository_url(environ), run, attempt),
        actor=get("GITHUB_TRIGGERING_ACTOR", "") or get("GITHUB_ACTOR", ""),
    )


def _leg(index: str, total: str) -> str:
    return f"{whole(index) + 1} of {total}" if index and whole(total) > 1 else ""


def _repository_url(environ: Environ) -> str:
    repository = environ.get("GITHUB_REPOSITORY", "")
    server = environ.get("GITHUB_SERVER_URL", "")
    return f"{server}/{repository}" if server and repository else ""


def _run_url(repository_url: str, run: str, attempt: int) -> str:
    if not (repository_url and run):
        return ""
    return f"{repository_url}/actions/runs/{run}" + (f"/attempts/{attempt}" if attempt else "")


def outputs(environ: Environ, outputs: Mapping[str, str]) -> tuple[Handed, ...]:
    """Return what belongs into GITHUB_OUTPUT; nothing where GitHub named no such file.

    A list that is too long is cut at a line, and its last line says so. Raises Unwritable where
    a single line is too long: half of a value is no value.
    """
    path = environ.get("GITHUB_OUTPUT", "")
    if not path:
        return ()
    blocks = (output_block(name, _fitting(name, text)) for name, text in outputs.items())
    return (Append(path=path, text="".join(blocks)),)


def _fitting(name: str, text: str) -> str:
    return fit(name, text, MOST_OF_A_VALUE, utf16_units, "GITHUB_OUTPUT")


def summary(environ: Environ, markdown: Markdown) -> tuple[Handed, ...]:
    """Return what belongs into the job's summary; older servers have none."""
    path = environ.get("GITHUB_STEP_SUMMARY", "")
    return (Append(path=path, text=markdown()),) if path else ()


def open_section(section: Section) -> str:
    """Return the command that begins a group; groups do not nest."""
    return f"::group::{command_data(terminal(section.title))}"


def close_section(section: Section) -> str:
    """Return the command that ends the group."""
    del section
    return "::endgroup::"


def mask(secret: Secret) -> str:
    """Return the command that hides a secret, and each of its lines, in all that follows."""
    return f"::add-mask::{command_data(secret.reveal())}" if secret else ""


_ENVIRON = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/orders",
    "GITHUB_RUN_ID": "16512345678",
    "GITHUB_RUN_NUMBER": "204",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_WORKFLOW": "release",
    "GITHUB_JOB": "build",
    "GITHUB_ACTOR": "mona",
    "GITHUB_TRIGGERING_ACTOR": "hubot",
    "GITHUB_SHA": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "GITHUB_OUTPUT": "/home/runner/work/_temp/_runner_file_commands/set_output_1",
    "RUNNER_OS": "Linux",
}
_CONTEXT = BuildContext(
    system="github",
    repository="acme/orders",
    repository_url="https://github.com/acme/orders",
    commit="4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    run="16512345678",
    attempt=2,
    number="204",
    pipeline="release",
    job="build",
    url="https://github.com/acme/orders/actions/runs/16512345678/attempts/2",
    actor="hubot",
)
_PUSH = {
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_REF_TYPE": "branch",
    "GITHUB_REF_NAME": "main",
}
_PUSHED = replace(_CONTEXT, event="push", branch="main")
_MATRIX = {"CDKIT_JOB_INDEX": "1", "CDKIT_JOB_TOTAL": "4"}

SYSTEM = CiSystem(
    name="github",
    title="GitHub Actions",
    present=present,
    read=read,
    annotations="github",
    outputs=outputs,
    summary=summary,
    open_section=open_section,
    close_section=close_section,
    mask=mask,
    log_colour=True,
    told=Told(
        recognised=("GITHUB_ACTIONS",),
        run=("GITHUB_RUN_ID",),
        attempt=("GITHUB_RUN_ATTEMPT",),
        pipeline=("GITHUB_WORKFLOW",),
        commit=("GITHUB_SHA",),
        branch=("GITHUB_HEAD_REF", "GITHUB_REF"),
        outputs="the step's outputs, `GITHUB_OUTPUT`",
        note="In a pull request the commit is the merge that GitHub made for it. A container that "
        "is not told `GITHUB_RUN_ATTEMPT` has no build id: a re-run keeps `GITHUB_RUN_ID`.",
    ),
    samples=(
        Sample(name="a push", environ=_ENVIRON | _PUSH, context=_PUSHED),
        Sample(
            name="a job of a matrix",
            environ=_ENVIRON | _PUSH | _MATRIX,
            context=replace(_PUSHED, leg="2 of 4"),
        ),
        Sample(
            name="a pull request, whose commit is the merge",
            environ=_ENVIRON
            | {
                "GITHUB_EVENT_NAME": "pull_request",
                "GITHUB_REF": "refs/pull/31/merge",
                "GITHUB_REF_TYPE": "branch",
                "GITHUB_REF_NAME": "31/merge",
                "GITHUB_HEAD_REF": "feature/refunds",
                "GITHUB_BASE_REF": "main",
            },
            context=replace(
                _CONTEXT,
                event="pull_request",
                branch="feature/refunds",
                target_branch="main",
                pull_request="31",
            ),
        ),
        Sample(
            name="a merge queue, whose ref says what it wants to enter",
            environ=_ENVIRON
            | {
                "GITHUB_EVENT_NAME": "merge_group",
                "GITHUB_REF": f"refs/heads/gh-readonly-queue/release/1.4/pr-31-{'c' * 40}",
                "GITHUB_BASE_REF": "",
                "GITHUB_HEAD_REF": "",
            },
            context=replace(
                _CONTEXT,
                event="merge_group",
                branch=f"gh-readonly-queue/release/1.4/pr-31-{'c' * 40}",
                target_branch="release/1.4",
                pull_request="31",
            ),
        ),
        Sample(
            name="a push to a branch that is named like a merge queue's",
            environ=_ENVIRON
            | {
                "GITHUB_EVENT_NAME": "push",
                "GITHUB_REF": f"refs/heads/gh-readonly-queue/main/pr-31-{'c' * 40}",
            },
            context=replace(
                _CONTEXT, event="push", branch=f"gh-readonly-queue/main/pr-31-{'c' * 40}"
            ),
        ),
        Sample(
            name="a tag",
            environ=_ENVIRON
            | {
                "GITHUB_EVENT_NAME": "push",
                "GITHUB_REF": "refs/tags/v1.4.0",
                "GITHUB_REF_TYPE": "tag",
                "GITHUB_REF_NAME": "v1.4.0",
            },
            context=replace(_CONTEXT, event="push", tag="v1.4.0"),
        ),
        Sample(
            name="a runner that AWS CodeBuild hosts",
            environ=_ENVIRON
            | _PUSH
            | {
                "CODEBUILD_BUILD_ID": "runners:b1e6661e-e4f2-4156-9ab9-82a19EXAMPLE",
                "CODEBUILD_BUILD_ARN": "arn:aws:codebuild:eu-west-1:123456789012:build/runners:b1e",
                "CODEBUILD_WEBHOOK_EVENT": "WORKFLOW_JOB_QUEUED",
            },
            context=_PUSHED,
        ),
        Sample(
            name="act on a laptop, which numbers every run 1",
            environ=_ENVIRON
            | _PUSH
            | {"ACT": "true", "GITHUB_RUN_ID": "1", "GITHUB_RUN_NUMBER": "1"},
            context=replace(_PUSHED, run="", attempt=0, number="", url=""),
        ),
        Sample(
            name="a container that was not told the attempt, so that the id would repeat",
            environ=_ENVIRON | _PUSH | {"GITHUB_RUN_ATTEMPT": ""},
            context=replace(
                _PUSHED,
                run="",
                attempt=0,
                url="https://github.com/acme/orders/actions/runs/16512345678",
            ),
        ),
    ),
)
