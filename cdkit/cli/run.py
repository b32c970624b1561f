"""`cdkit run`: walk a cdkit.yaml through its steps on this machine, from source to "deployed"."""

import secrets
from typing import Any

import click
from msgspec import Struct, structs

from cdkit.ci.system import CiSystem
from cdkit.cli.exits import Exit, worst
from cdkit.cli.inputs import resolve
from cdkit.cli.judging import judging
from cdkit.cli.keeping import AUTO, FOLDER
from cdkit.cli.moment import moment
from cdkit.cli.perform import Performed, perform
from cdkit.cli.session import Session, open_session
from cdkit.cli.sharing import section_of
from cdkit.cli.table import all_steps
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.step import AnyStep, Options
from cdkit.core.verdict import Answer
from cdkit.report.report import render

GATE = "check-gate"
HANDED = frozenset({"image", "reference"})
"""The outputs that steps hand to those after them, which take them by the same name."""

SUMMARY = ".cdkit/summary.md"


class _Walked(Struct, frozen=True, kw_only=True):
    """How far a walk came: what was performed, and which steps the closed gate kept back."""

    performed: tuple[Performed, ...]
    held_back: tuple[str, ...]


@click.command("run", short_help="Walk a cdkit.yaml through its steps, on this machine.")
@click.option("--at", metavar="TIME", help="Replay as of this time (RFC 3339); marks every output.")
@click.option("--config", metavar="FILE", help="The configuration. [default: cdkit.yaml]")
@click.option("--ci", metavar="NAME", help="The CI system, where detection errs.")
@click.option("--summary", metavar="FILE", default=SUMMARY, help="The Markdown summary of it all.")
def COMMAND(at: str | None, config: str | None, ci: str | None, summary: str) -> int:  # noqa: N802 - the constant that the table loads
    """Walk a cdkit.yaml through its steps: identity, migrations, scan, evidence, gate, event.

    What follows the gate happens only when the gate says yes. Exit codes as for a single step.
    """
    session = open_session(
        config=config, ci=ci, at=moment(at) if at else None, run=secrets.token_hex(8)
    )
    if session.data is None:
        raise RequestError("there is no cdkit.yaml here", remedy="write one with `cdkit init`")
    walked = _walk(session)
    if session.system.annotations:
        from cdkit.report.report import annotate

        reports = [performed.report for performed in walked.performed]
        said = annotate(session.system.annotations, reports)
        session.world.talk.say(said.rstrip("\n"))
    lost = _leave(walked, session, summary)
    return int(worst([*(performed.exit for performed in walked.performed), *lost]))


def _walk(session: Session) -> _Walked:
    steps = all_steps()
    told = session.whole(steps)
    names = told["run"].steps if "run" in told else tuple(name for name in steps if name in told)
    _check_names(names, steps, session)
    performed: list[Performed] = []
    handed: dict[str, str] = {}
    closed = False
    held_back = []
    for name in names:
        if closed:
            held_back.append(name)
            continue
        step, options = _asked(steps[name], session, section_of(steps[name], told), handed)
        if options.records == AUTO:  # one machine: what is not pushed has no registry
            options = structs.replace(options, records=FOLDER)
        print(f"\n== {name}\n", flush=True)
        done = perform(step, options, session.world, _quiet(session.system))
        performed.append(done)
        handed |= {key: value for key, value in done.outputs.items() if key in HANDED and value}
        closed = name == GATE and done.report.verdict.answer is not Answer.YES
    return _Walked(performed=tuple(performed), held_back=tuple(held_back))


def _asked(
    step: AnyStep,
    session: Session,
    section: Any,  # noqa: ANN401 - the step's own Options
    handed: dict[str, str],
) -> tuple[AnyStep, Options]:
    environ = session.world.environ
    return judging(step, session, section, lambda one: resolve(step, {}, environ, one, handed))


def _check_names(names: tuple[str, ...], steps: dict[str, AnyStep], session: Session) -> None:
    unknown = [name for name in names if name not in steps]
    if unknown:
        raise RequestError(
            f"run names {unknown[0]!r}, which is no step",
            where=session.config,
            remedy=f"the steps are: {', '.join(steps)}",
        )
    if not names:
        raise RequestError(
            "there is no step to run",
            where=session.config,
            remedy="add one: `cdkit init` shows how",
        )


def _quiet(system: CiSystem) -> CiSystem:
    """Let each step keep its annotations back: a CI system counts them for the whole walk."""
    return structs.replace(system, annotations="")


def _leave(walked: _Walked, session: Session, summary: str) -> list[Exit]:
    """Write the summary, and say where everything stands; return what it means if that fails."""
    world = session.world
    lost: list[Exit] = []
    text = "\n".join(render("markdown", performed.report) for performed in walked.performed)
    try:
        world.files.write(summary, text.encode("utf-8", "replace"))
    except CannotTell as fault:
        lost.append(Exit.CANNOT_TELL)
        world.talk.say(f"cdkit: {fault}\n  what to do: {fault.remedy}")
    print("\n== What this run left")
    if world.replay:
        print(f"REPLAY as of {world.replay.at}: no evidence outside this run")
    for name in walked.held_back:
        print(f"not done   {name}: the gate is not open")
    for performed in walked.performed:
        for record in performed.outputs["record"].splitlines():
            print(f"record     {record}  ({performed.step})")
        if performed.outputs.get("event"):
            print(f"event      {performed.report.data}")
    print(f"summary    {'not written' if lost else summary}", flush=True)
    return lost
