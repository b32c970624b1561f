"""https://learn.microsoft.com/azure/devops/pipelines/build/variables: Azure Pipelines."""

from collections.abc import Mapping

from msgspec.structs import replace

from cdkit.ci import dotenv
from cdkit.ci.cut import fit, utf16_units
from cdkit.ci.reading import address, branch_of, commit_of, project_of, whole
from cdkit.ci.system import (
    Append,
    CiSystem,
    Environ,
    Handed,
    Markdown,
    Sample,
    Say,
    Section,
    Told,
    to_dotenv,
)
from cdkit.core.context import BuildContext
from cdkit.core.escape import azure_data, azure_property, log_line, terminal
from cdkit.core.secret import Secret

MOST_OF_A_VALUE = 8_000
"""Longest output in UTF-16 units: Windows gives a process 32,767 for all of its environment."""

_STAGE = 1000
"""What one more attempt of the stage adds to the attempt: a job is never tried that often."""

_PULL = "refs/pull/"


def present(environ: Environ) -> bool:
    """Whether a job of Azure Pipelines runs us; the agent says `True`, with a capital."""
    return environ.get("TF_BUILD", "").lower() == "true"


def read(environ: Environ) -> BuildContext:
    """Return what Azure Pipelines says of this run.

    `run` is the run's id; the build *number* is free text that a pipeline formats, and may repeat.
    Running failed jobs again keeps the id, so the attempts of stage and job are counted with it:
    the first attempt of a stage gives 1, 2, …, its second 1001, … Without them `run` is empty: it
    would repeat. In a pull request the commit is the merge that Azure made; a changeset of TFVC is
    no commit.
    """
    get = environ.get
    ref, source = get("BUILD_SOURCEBRANCH", ""), get("BUILD_REPOSITORY_URI", "")
    attempt = _attempt(environ)
    return BuildContext(
        system="azure",
        repository=get("BUILD_REPOSITORY_NAME", "") or project_of(source),
        repository_url=address(source),
        commit=commit_of(get("BUILD_SOURCEVERSION", "")),
        branch=_plain(get("SYSTEM_PULLREQUEST_SOURCEBRANCH", "")) or branch_of(ref),
        tag=ref.removeprefix("refs/tags/") if ref.startswith("refs/tags/") else "",
        target_branch=_plain(get("SYSTEM_PULLREQUEST_TARGETBRANCH", "")),
        pull_request=_pull_request(environ, ref),
        event=get("BUILD_REASON", ""),
        run=get("BUILD_BUILDID", "") if attempt else "",
        attempt=attempt,
        number=get("BUILD_BUILDNUMBER", ""),
        pipeline=get("BUILD_DEFINITIONNAME", ""),
        job=get("SYSTEM_JOBNAME", "") or get("AGENT_JOBNAME", ""),
        url=_url(environ),
        actor=get("BUILD_REQUESTEDFOR", ""),
    )


def _attempt(environ: Environ) -> int:
    stage = whole(environ.get("SYSTEM_STAGEATTEMPT", ""))
    job = whole(environ.get("SYSTEM_JOBATTEMPT", ""))
    return (stage - 1) * _STAGE + job if stage and 0 < job < _STAGE else 0


def _plain(branch: str) -> str:
    return branch.removeprefix("refs/heads/")


def _pull_request(environ: Environ, ref: str) -> str:
    """GitHub's pull requests have a number beside their id; Azure's own have the id alone."""
    number = environ.get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "")
    own = environ.get("SYSTEM_PULLREQUEST_PULLREQUESTID", "")
    return number or own or (ref.split("/")[2] if ref.startswith(_PULL) else "")


def _url(environ: Environ) -> str:
    server = environ.get("SYSTEM_COLLECTIONURI") or environ.get("SYSTEM_TEAMFOUNDATIONSERVERURI")
    project, build = environ.get("SYSTEM_TEAMPROJECT", ""), environ.get("BUILD_BUILDID", "")
    if not (server and project and build):
        return ""
    place = f"{server.rstrip('/')}/{project.replace(' ', '%20')}"
    return f"{place}/_build/results?buildId={build}"


def outputs(environ: Environ, outputs: Mapping[str, str]) -> tuple[Handed, ...]:
    """Return the commands that set output variables: `image` becomes `CDKIT_IMAGE`.

    They are output variables (`isOutput`), which a later step or job reads by the step's name,
    `$(tag.CDKIT_IMAGE)`. Later steps find them in their environment by that name alone, as
    TAG_CDKIT_IMAGE; so they are cut, since an environment is small. Empty values are left out:
    Azure leaves `$(name)` as it is where there is no such variable. The agent
    expands `$(name)` within a variable's value too (microsoft/azure-pipelines-agent, Variables.cs),
    which would let a branch's name read a secret: a zero-width space stands in there.
    """
    said = tuple(
        Say(line=_set(dotenv.variable(name), text)) for name, text in outputs.items() if text
    )
    return (*said, *to_dotenv(environ, outputs))


def _set(name: str, text: str) -> str:
    properties = f"variable={azure_property(name)};isOutput=true"
    text = fit(name, text, MOST_OF_A_VALUE, utf16_units, "Azure's output variables")
    inert = text.replace("$(", "$\u200b(")
    return f"##vso[task.setvariable {properties}]{azure_data(inert)}"


def summary(environ: Environ, markdown: Markdown) -> tuple[Handed, ...]:
    """Return a file in the agent's temporary folder, and the command that attaches it to the run.

    The path is absolute, as the command wants it; a task has a file of its own, so that no later
    task shows it once more.
    """
    folder = environ.get("AGENT_TEMPDIRECTORY", "")
    if not folder:
        return ()
    task = "".join(c for c in environ.get("SYSTEM_TASKINSTANCEID", "") if c.isalnum())
    path = f"{folder}/cdkit-{task or 'summary'}.md"
    said = Say(line=f"##vso[task.uploadsummary]{azure_data(path)}")
    return (Append(path=path, text=markdown()), said)


def open_section(section: Section) -> str:
    """Return the command that begins a group of log lines."""
    return f"##[group]{log_line(terminal(section.title))}"


def close_section(section: Section) -> str:
    """Return the command that ends the group."""
    del section
    return "##[endgroup]"


def mask(secret: Secret) -> str:
    """Return the command that hides a secret in all that follows."""
    return f"##vso[task.setsecret]{azure_data(secret.reveal())}" if secret else ""


_ENVIRON = {
    "TF_BUILD": "True",
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/acme/",
    "SYSTEM_TEAMPROJECT": "Web Shop",
    "SYSTEM_STAGEATTEMPT": "1",
    "SYSTEM_JOBATTEMPT": "1",
    "SYSTEM_JOBNAME": "image",
    "BUILD_BUILDID": "48213",
    "BUILD_BUILDNUMBER": "20261127.3",
    "BUILD_DEFINITIONNAME": "orders release",
    "BUILD_REPOSITORY_NAME": "orders",
    "BUILD_REPOSITORY_URI": "https://acme@dev.azure.com/acme/Web/_git/orders",
    "BUILD_SOURCEVERSION": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "BUILD_REQUESTEDFOR": "Mona Lisa",
}
_PUSH = {"BUILD_REASON": "IndividualCI", "BUILD_SOURCEBRANCH": "refs/heads/release/1.4"}
_CONTEXT = BuildContext(
    system="azure",
    repository="orders",
    repository_url="https://dev.azure.com/acme/Web/_git/orders",
    commit="4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    run="48213",
    attempt=1,
    number="20261127.3",
    pipeline="orders release",
    job="image",
    url="https://dev.azure.com/acme/Web%20Shop/_build/results?buildId=48213",
    actor="Mona Lisa",
)
_PUSHED = replace(_CONTEXT, event="IndividualCI", branch="release/1.4")

SYSTEM = CiSystem(
    name="azure",
    title="Azure Pipelines",
    present=present,
    read=read,
    annotations="azure",
    outputs=outputs,
    summary=summary,
    open_section=open_section,
    close_section=close_section,
    mask=mask,
    log_colour=True,
    told=Told(
        recognised=("TF_BUILD",),
        run=("BUILD_BUILDID",),
        attempt=("SYSTEM_STAGEATTEMPT", "SYSTEM_JOBATTEMPT"),
        pipeline=("BUILD_DEFINITIONNAME",),
        commit=("BUILD_SOURCEVERSION",),
        branch=("SYSTEM_PULLREQUEST_SOURCEBRANCH", "BUILD_SOURCEBRANCH"),
        outputs="output variables of the step, `$(name.CDKIT_IMAGE)`; the file that "
        "`CDKIT_DOTENV` names",
        note="The second attempt of a stage counts from 1001. `BUILD_BUILDNUMBER` is free text.",
    ),
    samples=(
        Sample(name="a push", environ=_ENVIRON | _PUSH, context=_PUSHED),
        Sample(
            name="the failed jobs of a stage, run again",
            environ=_ENVIRON | _PUSH | {"SYSTEM_STAGEATTEMPT": "2"},
            context=replace(_PUSHED, attempt=1001),
        ),
        Sample(
            name="a pull request",
            environ=_ENVIRON
            | {
                "BUILD_REASON": "PullRequest",
                "BUILD_SOURCEBRANCH": "refs/pull/31/merge",
                "SYSTEM_PULLREQUEST_PULLREQUESTID": "31",
                "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/feature/refunds",
                "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
            },
            context=replace(
                _CONTEXT,
                event="PullRequest",
                branch="feature/refunds",
                target_branch="main",
                pull_request="31",
            ),
        ),
        Sample(
            name="a tag",
            environ=_ENVIRON
            | {"BUILD_REASON": "IndividualCI", "BUILD_SOURCEBRANCH": "refs/tags/v1.4.0"},
            context=replace(_CONTEXT, event="IndividualCI", tag="v1.4.0"),
        ),
        Sample(
            name="an old server that counts no attempts, so that the id would repeat",
            environ={"TF_BUILD": "True", "BUILD_BUILDID": "48213", "BUILD_BUILDNUMBER": "3"},
            context=BuildContext(system="azure", number="3"),
        ),
    ),
)
