"""Performing a step: run it, keep its fact, write its reports, answer the CI system."""

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from cdkit.ci.system import Append, CiSystem, Handed, Say
from cdkit.cli.exits import Exit, exit_of_answer, exit_of_kind, in_mode
from cdkit.cli.keeping import Kept, open_keeper
from cdkit.core.errors import CdkitError, Kind, RequestError, Unwritable
from cdkit.core.names import TOOL
from cdkit.core.step import AnyStep, Options, Outcome, Outputs
from cdkit.core.verdict import Answer, Reason, Verdict, cannot_tell, judge, yes
from cdkit.core.world import World
from cdkit.report.report import Report, render

SCAN = "scan-image"


class Performed(Struct, frozen=True, kw_only=True):
    """What became of a step: its exit code, its outputs as text, and the report that was shown."""

    step: str
    exit: Exit
    outputs: dict[str, str]
    report: Report


def perform(step: AnyStep, options: Options, world: World, system: CiSystem) -> Performed:
    """Run a step and leave everything that it owes: fact, reports, outputs, summary, annotations.

    Where one of these cannot be written the answer becomes "cannot tell", unless it is already
    no. Raises RequestError, before the step runs, where an output format is unknown, or two
    outputs would go to one file.
    """
    _known_formats(step, options)
    _check_places(options, world)
    keeper = open_keeper(options, world)
    started = world.clock.now()
    outcome, code = _attempt(step, keeper.options, world)
    kept = keeper.keep(outcome)
    unwritten = list(kept.reasons)
    if outcome.stands:
        untold = (f"this is not on record: {reason_line(reason)}" for reason in unwritten)
        outcome = msgspec.structs.replace(outcome, notes=(*outcome.notes, *untold))
        unwritten = []
    performed = _performed(step, outcome, code, world, kept, started)
    performed = _worsened(performed, unwritten)
    performed = _worsened(performed, list(_write_reports(performed, options, world)))
    performed = _worsened(performed, list(_tell(performed, system, world)))
    performed = _worsened(performed, list(_show(performed, options)))
    set_outputs(performed.outputs, system, world)
    return msgspec.structs.replace(performed, exit=in_mode(performed.exit, options.mode))


def set_outputs(outputs: Mapping[str, str], system: CiSystem, world: World) -> None:
    """Hand outputs to the CI system: the last thing done, so that none promises too much."""
    for handed in system.outputs(world.environ, outputs):
        _hand(handed, world)


def _hand(handed: Handed, world: World) -> None:
    """Hand one thing to the CI system; Unwritable, or CannotTell, where it does not take it.

    A program of its own that is not there (in a container of the job's) is a place that the job
    does not have, as a file that no variable names.
    """
    if isinstance(handed, Append):
        world.files.append(handed.path, handed.text)
    elif isinstance(handed, Say):
        world.talk.say(handed.line)
    elif world.processes.which(handed.argv[0]):
        done = world.processes.run(handed.argv, stdin=handed.stdin.encode("utf-8", "replace"))
        if done.code != 0:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise Unwritable(
                f"{' '.join(handed.argv[:3])} ended with {done.code}: {said[-300:]}",
                remedy=f"see why {handed.argv[0]} cannot reach its server from here",
            )


def _known_formats(step: AnyStep, options: Options) -> None:
    from cdkit.report.exhibit import exhibit_format_names
    from cdkit.report.report import format_names, scan_format_names

    of_scans = scan_format_names() if step.name == SCAN else ()
    own = (name for name in exhibit_format_names(step.name) if name not in format_names())
    known = (*format_names(), *of_scans, *own)
    for name in (options.format, *options.write):
        if name not in known:
            why = f"; {name} is made of a scan" if name in scan_format_names() else ""
            raise RequestError(
                f"there is no report format {name!r} of {step.name}{why}",
                remedy=f"use one of: {', '.join(known)}",
            )


def _check_places(options: Options, world: World) -> None:
    """Refuse two outputs to one file: the later would hide the earlier. A device takes both."""
    outputs = [*options.write.items(), ("the record", options.record)]
    places: dict[str, str] = {}
    for name, path in outputs if len(outputs) > 1 else ():
        place = world.files.real(path) if path and not path.startswith("/dev/") else ""
        if place and (other := places.setdefault(place, name)) != name:
            raise RequestError(
                f"{other} and {name} would both be written to {path}",
                where="write",
                remedy="give each a file of its own",
            )


def _attempt(step: AnyStep, options: Options, world: World) -> tuple[Outcome, Exit]:
    """Run the step; a failure that says "cannot tell" is an outcome like any other."""
    try:
        outcome = step.run(options, world)
    except CdkitError as error:
        if error.kind is Kind.REQUEST:
            raise
        empty = error.kind is Kind.NO_INPUT and getattr(options, "allow_empty", False)
        reason = yes(f"{error} (allowed)") if empty else error.reason()
        outcome = Outcome(verdict=judge([reason]), outputs=step.outputs())
        return outcome, Exit.YES if empty else exit_of_kind(error.kind)
    return outcome, exit_of_answer(outcome.verdict.answer)


def _performed(
    step: AnyStep, outcome: Outcome, code: Exit, world: World, kept: Kept, started: datetime
) -> Performed:
    outputs = _outputs(outcome, kept)
    report = Report(
        step=step.name,
        question=step.question,
        verdict=outcome.verdict,
        findings=outcome.findings,
        rules=outcome.rules,
        outputs=outputs,
        tables=outcome.tables,
        notes=(*outcome.notes, *kept.notes),
        context=world.context,
        replay=world.replay,
        subject=outcome.examined or ", ".join(s.name for s in outcome.subjects if s.name),
        record=kept.records[0] if kept.records else "",
        tool=TOOL,
        data=outcome.data,
        document=outcome.document,
        exhibit=outcome.exhibit,
        subjects=outcome.subjects,
        started_at=started,
        headline=outcome.headline,
    )
    return Performed(step=step.name, exit=code, outputs=outputs, report=report)


def _outputs(outcome: Outcome, kept: Kept) -> dict[str, str]:
    """Return all outputs as text, those that every step has included."""
    own: Outputs = msgspec.structs.replace(
        outcome.outputs,
        verdict=outcome.verdict.answer.value,
        reasons="\n".join(reason_line(reason) for reason in outcome.verdict.reasons),
        record="\n".join(kept.records),
    )
    told = {name: str(value) for name, value in msgspec.to_builtins(own).items()}
    return {name: kept.moved.get(value, value) for name, value in told.items()}


def reason_line(reason: Reason) -> str:
    """Return a reason as one line: `where: what`."""
    text = f"{reason.where}: {reason.what}" if reason.where else reason.what
    return " ".join(text.split())


def _worsened(performed: Performed, reasons: list[Reason]) -> Performed:
    """Add reasons why what was found out could not be handed on."""
    if not reasons:
        return performed
    verdict = judge([*performed.report.verdict.reasons, *reasons])
    code = performed.exit if performed.exit is Exit.NO else Exit.CANNOT_TELL
    outputs = {
        **performed.outputs,
        "verdict": verdict.answer.value,
        "reasons": "\n".join(reason_line(reason) for reason in verdict.reasons),
    }
    report = msgspec.structs.replace(performed.report, verdict=verdict, outputs=outputs)
    return msgspec.structs.replace(performed, exit=code, outputs=outputs, report=report)


def _write_reports(performed: Performed, options: Options, world: World) -> Iterator[Reason]:
    for name, path in options.write.items():
        try:
            world.files.write(path, render(name, performed.report).encode("utf-8", "replace"))
        except CdkitError as error:
            yield error.reason()


def _tell(performed: Performed, system: CiSystem, world: World) -> Iterator[Reason]:
    """Hand summary and annotations to the CI system, in the way that it wants them."""
    try:
        for handed in system.summary(world.environ, lambda: _markdown(performed.report)):
            _hand(handed, world)
        if system.annotations:
            world.talk.say(render(system.annotations, performed.report).rstrip("\n"))
    except CdkitError as error:
        yield error.reason()


def _markdown(report: Report) -> str:
    from cdkit.report.formats.markdown import cut

    return cut(render("markdown", report)) + "\n"


def _show(performed: Performed, options: Options) -> Iterator[Reason]:
    """Print the report: data on standard output, talk on standard error.

    Where the format cannot be made of this report, text is: why is never lost.
    """
    apart = options.format == "text" and bool(performed.report.data)
    talk = sys.stderr if apart else sys.stdout
    report = msgspec.structs.replace(performed.report, colour=talk.isatty())
    try:
        shown = render(options.format, report)
    except CdkitError as error:
        yield error.reason()
        shown, talk = render("text", report), sys.stderr
    try:
        if apart:
            print(report.data, flush=True)
        print(shown, end="", file=talk, flush=True)
    except (OSError, ValueError) as fault:
        quiet_stdout()
        yield cannot_tell(f"standard output cannot be written: {fault}", remedy="run it again")


def quiet_stdout() -> None:
    """Keep Python from failing at its exit about a standard output that is gone or full."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def unanswered(step: str, error: CdkitError, system: CiSystem, world: World) -> None:
    """Set the outputs of a step that could not even begin: CI systems hide exit codes."""
    verdict = Verdict(answer=Answer.CANNOT_TELL, reasons=(error.reason(),))
    if system.annotations:
        report = Report(
            step=step,
            verdict=verdict,
            context=world.context,
            tool=TOOL,
            is_refused=error.kind is Kind.REQUEST,
        )
        world.talk.say(render(system.annotations, report))
    reasons = reason_line(error.reason())
    set_outputs({"verdict": verdict.answer.value, "reasons": reasons, "record": ""}, system, world)
