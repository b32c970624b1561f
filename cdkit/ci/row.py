"""A CI system of which a row of data says enough: by which variables it tells what."""

import re
from collections.abc import Mapping
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from cdkit.ci.reading import address, branch_of, commit_of, project_of
from cdkit.ci.system import CiSystem, Environ, Told, to_dotenv
from cdkit.core.context import BuildContext

_PULL = r"refs/pull/(?P<number>[0-9]+)/(?:merge|head)"


class Row(Struct, frozen=True, kw_only=True):
    """One system. A string names a variable, a tuple several: the first that is set counts.

    `present` maps each variable that must be there to its value (`true|True` either, `a*` what
    begins so, `*` any), `absent` those that must not be. `run` takes the build id from all its
    variables, joined by `-`; with `attempt` a run without a readable one counts as none, since
    its id would be used twice; `first` is what the system calls the first attempt. `repeats`
    are variables whose value says that the id is being used again, `scheduled` those that say that
    a timetable began the run: then the event is `schedule`. `ref` is a full ref,
    `refs/heads/main`. In a pull request the branch is `source_branch`; elsewhere it is
    `branch`, unless there is a tag. `answered_as` names a system in a file whose outputs,
    summary, sections and mask this one takes too. Sample environments of the row stand in
    tests/cases/ci/<name>.yaml.
    """

    name: str
    title: str
    source: str
    present: dict[str, str]
    absent: dict[str, str] = {}
    run: tuple[str, ...] = ()
    attempt: str = ""
    first: int = 1
    repeats: dict[str, str] = {}
    number: str = ""
    repository: str = ""
    repository_url: str = ""
    commit: str = ""
    ref: str = ""
    branch: str = ""
    tag: str = ""
    source_branch: str = ""
    target_branch: str = ""
    default_branch: str = ""
    pull_request: str = ""
    event: str = ""
    scheduled: dict[str, str] = {}
    job: str = ""
    pipeline: str = ""
    url: tuple[str, ...] = ()
    actor: tuple[str, ...] = ()
    answered_as: str = ""
    note: str = ""


def system_of(row: Row, others: Mapping[str, CiSystem]) -> CiSystem:
    """Return the system of a row; `others` are those of files, one of which it may be like."""
    made = CiSystem(
        name=row.name,
        title=row.title,
        present=lambda environ: claims(row, environ),
        read=lambda environ: read(row, environ),
        told=_told(row),
    )
    if not row.answered_as:
        return made
    like = others[row.answered_as]
    return replace(
        made,
        outputs=lambda environ, outputs: (
            *like.outputs(environ, outputs),
            *to_dotenv(environ, outputs),
        ),
        summary=like.summary,
        open_section=like.open_section,
        close_section=like.close_section,
        mask=like.mask,
        log_colour=like.log_colour,
    )


def claims(row: Row, environ: Environ) -> bool:
    """Whether an environment is that of the row's system."""
    there = all(_holds(environ, name, pattern) for name, pattern in row.present.items())
    return there and not _any(row.absent, environ)


def read(row: Row, environ: Environ) -> BuildContext:
    """Return what the row's variables say; the word `false` names no pull request and no tag."""
    get = partial(_said, environ)
    ref = get(row.ref)
    pull = re.fullmatch(_PULL, ref)
    pull_request = get(row.pull_request) or (pull["number"] if pull else "")
    tag = get(row.tag) or (ref.removeprefix("refs/tags/") if ref.startswith("refs/tags/") else "")
    branch = _branch(get(row.branch)) or branch_of(ref)
    source = get(row.repository_url)
    run, attempt = _run(row, environ)
    return BuildContext(
        system=row.name,
        repository=get(row.repository) or project_of(source),
        repository_url=address(source),
        commit=commit_of(get(row.commit)),
        branch=get(row.source_branch) if pull_request else "" if tag else branch,
        tag="" if pull_request else tag,
        target_branch=get(row.target_branch) if pull_request else "",
        default_branch=get(row.default_branch),
        pull_request=pull_request,
        event="schedule" if _any(row.scheduled, environ) else get(row.event),
        run=run,
        attempt=attempt,
        number=get(row.number),
        pipeline=get(row.pipeline),
        job=get(row.job),
        url=_first(row.url, environ),
        actor=_first(row.actor, environ),
    )


def _run(row: Row, environ: Environ) -> tuple[str, int]:
    parts = [environ.get(name, "") for name in row.run]
    if not parts or not all(parts) or _any(row.repeats, environ):
        return "", 0
    if not row.attempt:
        return "-".join(parts), 0
    counted = re.fullmatch("[0-9]{1,9}", environ.get(row.attempt, ""), re.ASCII)
    attempt = int(counted[0]) - row.first + 1 if counted else 0
    return ("-".join(parts), attempt) if attempt > 0 else ("", 0)


def _any(patterns: Mapping[str, str], environ: Environ) -> bool:
    return any(_holds(environ, name, pattern) for name, pattern in patterns.items())


def _branch(text: str) -> str:
    """Some write a full ref where others write a branch."""
    return branch_of(text) if text.startswith("refs/") else text


def _said(environ: Environ, name: str) -> str:
    text = environ.get(name, "") if name else ""
    return "" if text == "false" else text


def _first(names: tuple[str, ...], environ: Environ) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")


def _holds(environ: Environ, name: str, pattern: str) -> bool:
    # No regular expression: compiling one for each system would cost more than all the rest.
    value = environ.get(name, "")
    return bool(value) and any(
        value.startswith(one[:-1]) if one.endswith("*") else value == one
        for one in pattern.split("|")
    )


def _told(row: Row) -> Told:
    like = f"as on {row.answered_as}; " if row.answered_as else ""
    return Told(
        recognised=tuple(row.present),
        run=row.run,
        attempt=(row.attempt,) if row.attempt else (),
        pipeline=(row.pipeline,) if row.pipeline else (),
        commit=(row.commit,) if row.commit else (),
        branch=tuple(name for name in (row.source_branch, row.branch, row.ref) if name),
        outputs=f"{like}the file that `CDKIT_DOTENV` names",
        note=row.note,
        source=row.source,
    )
