"""Decide whether an image may enter a stage, from the facts about it and a policy."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, structs

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.document import Replay
from cdkit.core.documents.kinds import Answered, Decision, PolicySource
from cdkit.core.documents.statement import Statement, encode_statement, state
from cdkit.core.doors.clock import stamp
from cdkit.core.errors import CannotTell, Failing, NoAnswer, NoHost, RequestError
from cdkit.core.protected import is_local, is_of_a_change
from cdkit.core.step import Options, Outcome, Outputs, Step, Table, option
from cdkit.core.subject import Subject
from cdkit.core.trust import Verifier
from cdkit.core.verdict import Answer, Reason
from cdkit.core.world import World
from cdkit.evidence.store import Store, open_store
from cdkit.gate.decide import decide
from cdkit.gate.glass import Breaker, broken
from cdkit.gate.policy import DEFAULT, Policy, Stage, environment_of
from cdkit.gate.source import FoundPolicy, find_policy, glass_of
from cdkit.gate.subject import Request
from cdkit.gate.vsa import summary
from cdkit.gate.waive import idle
from cdkit.steps.gate_facts import Asked, Gathered, gather
from cdkit.steps.gate_planted import planted
from cdkit.steps.gate_ticket import ticket
from cdkit.steps.origin import origin_of
from cdkit.steps.pinned import pinned_image
from cdkit.steps.signatures import verifier_of

NAME = "check-gate"
_NO_RECORDS = "none"


class CheckGateOptions(Options, frozen=True, kw_only=True):
    """The inputs of check-gate."""

    image: Annotated[
        str,
        option("The image that wants to enter, `repository@sha256:…`.", shared=True),
    ] = ""
    stage: Annotated[str, option("The stage that it wants to enter.")] = "deployment"
    policy: Annotated[
        str,
        option(
            "The policy: a file, `git:REVISION:PATH`, or `oci://REGISTRY/REPOSITORY:TAG`. In CI a "
            "file is read from the branch that the change wants to enter. Without one, cdkit's own "
            "four stages count.",
            metavar="POLICY",
        ),
    ] = ""
    stay: Annotated[
        bool, option("Ask whether it may stay in the stage, not whether it may enter.")
    ] = False
    roll_back: Annotated[
        bool,
        option(
            "The image was let in before and comes back: only its identity and the schema count."
        ),
    ] = False
    break_glass: Annotated[
        str,
        option(
            "Open the gate for this incident, whatever is missing: only for a person for whom the "
            "CI system vouches, for some hours; it is listed by `cdkit audit` until reviewed.",
            metavar="INCIDENT",
        ),
    ] = ""
    ticket: Annotated[
        tuple[str, ...],
        option(
            "Where the ticket about a broken glass goes, as emit-event's sinks: an event "
            "`ticket.created`.",
            metavar="SINK",
        ),
    ] = ("file:.cdkit/events.ndjson",)
    at: Annotated[
        str,
        option(
            "Decide as of this time (RFC 3339) from the facts of then; leaves no fact.",
            metavar="TIME",
        ),
    ] = ""
    decision: Annotated[str, option("Write the decision to this file as well.", metavar="FILE")] = (
        ""
    )
    vsa: Annotated[
        str,
        option(
            "Write the decision to this file as a SLSA verification summary, signed as facts are, "
            "for those who trust only the gate.",
            metavar="FILE",
        ),
    ] = ""
    attach: Annotated[
        bool,
        option(
            "Where the answer is yes, attach that summary, signed, to the image in its registry, "
            "and keep it where facts are: `cosign verify-attestation`, an admission policy or a "
            "cloud role find it there."
        ),
    ] = False


class CheckGateOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of check-gate."""

    decision: Annotated[str, Meta(description="The path of the decision.")] = ""
    image: Annotated[str, Meta(description="The image that was decided about.")] = ""
    stage: Annotated[str, Meta(description="The stage that was asked for.")] = ""


def run(options: CheckGateOptions, world: World) -> Outcome:
    """Collect the facts, find the policy, decide; the decision is a fact as well."""
    reference, key, subject = pinned_image(options.image)
    found = _policy(options, world)
    verifier, unchecked = _verifier(options, found, world)
    store = _store(options, verifier, world)
    now, replay = _moment(options, world)
    request = Request(
        image=reference.pinned,
        key=key,
        stage=options.stage,
        question=_question(options),
        replay=world.replay,
        in_ci=not is_local(world),
    )
    asked = Asked(request=request, policy=found.policy, now=now, earlier=bool(options.at))
    gathered = _gathered(asked, store, options, world)
    collected = gathered.collected
    doubts = (*found.doubts, *unchecked, *planted(options.records, found.policy, world))
    ruling = decide(request, found.policy, collected, now, doubts, gathered.ran, gathered.past)
    until = None
    if options.break_glass and ruling.verdict.answer is not Answer.YES:
        opened = broken(ruling, found.policy, _breaker(options, world), request, collected, now)
        ruling, until = opened.ruling, opened.until
    decision = Decision(
        origin=structs.replace(origin_of(world, NAME), recorded_at=stamp(now), replay=replay),
        image=request.image,
        stage=options.stage,
        verdict=ruling.verdict,
        policy=found.source,
        requirements=ruling.requirements,
        question=request.question,
        environment=environment_of(found.policy, options.stage),
        incident=options.break_glass.strip() if until else "",
        until=stamp(until) if until else "",
    )
    unused = tuple(idle(found.policy, collected.facts, request, now))
    return _outcome(options, world, found, _Decided(decision, subject, store, collected, unused))


class _Decided(NamedTuple):
    """A decision, what it is about, where it goes, what it was made from, what excused nothing."""

    decision: Decision
    subject: Subject
    store: Store
    collected: Collected
    unused: tuple[str, ...]


def _outcome(
    options: CheckGateOptions, world: World, found: FoundPolicy, decided: _Decided
) -> Outcome:
    decision, subject, store, collected, unused = decided
    statement = state(decision, subject)
    if options.decision:
        world.files.write(options.decision, encode_statement(statement))
    told = tuple(ticket(decision, options.ticket, world)) if decision.incident else ()
    told = (*told, *_untold_summary(options, decision))
    summaries = _summaries(options, decision, subject)
    kept = "" if options.at else store.place(statement)
    return Outcome(
        verdict=decision.verdict,
        outputs=CheckGateOutputs(
            decision=options.decision or kept, image=decision.image, stage=decision.stage
        ),
        document=decision,
        subjects=() if options.at else (subject,),
        tables=(_table(decision),),
        notes=(*_notes(found), *unused, *told, *_then(options, decision, collected)),
        stands=bool(decision.incident),
        written=tuple((options.vsa, one) for one in summaries if options.vsa),
        attached=summaries if options.attach and decision.verdict.answer is Answer.YES else (),
    )


def _summaries(
    options: CheckGateOptions, decision: Decision, subject: Subject
) -> tuple[Statement, ...]:
    """Return the verification summary where one is asked for, of a decision that is of now."""
    wanted = bool(options.vsa or options.attach) and decision.origin.replay is None
    return (summary(decision, subject),) if wanted else ()


def _untold_summary(options: CheckGateOptions, decision: Decision) -> Iterator[str]:
    if (options.vsa or options.attach) and decision.origin.replay is not None:
        yield "a replay leaves no verification summary, which could not say that it is one"
    elif options.attach and decision.verdict.answer is not Answer.YES:
        yield "nothing is attached to the image: only a yes is"


def _question(options: CheckGateOptions) -> Literal["enter", "stay", "return"]:
    if options.stay and options.roll_back:
        raise RequestError(
            "an image cannot stay and come back at once",
            where="roll-back",
            remedy="give --stay or --roll-back",
        )
    if options.break_glass and (options.stay or options.at):
        raise RequestError(
            "the glass is broken to let an image in, now",
            where="break-glass",
            remedy="leave out --stay and --at",
        )
    if options.at and options.record:
        raise RequestError(
            "a decision as of another time leaves no fact",
            where="record",
            remedy="write it with --decision, which marks it",
        )
    if options.at and (options.vsa or options.attach):
        raise RequestError(
            "a decision as of another time lets nothing in, and a summary could not say so",
            where="vsa" if options.vsa else "attach",
            remedy="write it with --decision, which marks it",
        )
    if options.stay and options.attach:
        raise RequestError(
            "what is attached to an image lets it in, and may it stay is another question",
            where="attach",
            remedy="leave out --stay or --attach; write it with --vsa FILE",
        )
    return "stay" if options.stay else "return" if options.roll_back else "enter"


def _moment(options: CheckGateOptions, world: World) -> tuple[datetime, Replay | None]:
    """Return the time as of which is asked, and the mark of a decision that is not of now."""
    now = world.clock.now()
    if not options.at:
        return now, world.replay
    try:
        at = datetime.fromisoformat(options.at)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or at > now:
        raise RequestError(
            f"{options.at[:80]!r} is no time that has been, with a zone",
            where="at",
            remedy="write 2026-11-27T09:00:00Z",
        )
    return at, Replay(run="check-gate --at", at=stamp(at))


def _policy(options: CheckGateOptions, world: World) -> FoundPolicy:
    """Find the policy; where the glass is broken, one that is out of reach asks for nothing.

    Out of reach it is where a server gives no answer, or fails itself. One that is simply not
    there, that wants a login, or is broken, is no emergency: a wrong name would get around whom it
    lets break the glass.
    """
    try:
        return find_policy(options.policy, world)
    except CannotTell as fault:
        if not options.break_glass or not _is_out_of_reach(fault):
            raise
        glass = glass_of(options.policy, world)
        nothing = Policy(version=1, stages=(Stage(name=options.stage),), break_glass=glass)
        source = PolicySource(where=options.policy, digest="")
        return FoundPolicy(policy=nothing, source=source, doubts=(fault.reason(),))


def _is_out_of_reach(fault: CannotTell) -> bool:
    return isinstance(fault, NoAnswer | Failing) and not isinstance(fault, NoHost)


def _gathered(asked: Asked, store: Store, options: CheckGateOptions, world: World) -> Gathered:
    """Read the facts; where the glass is broken, a store that is out of reach holds none."""
    try:
        return gather(asked, store, world)
    except CannotTell as fault:
        if not options.break_glass:
            raise
        return Gathered(collected=Collected(unreadable=(fault.reason(),)))


def _breaker(options: CheckGateOptions, world: World) -> Breaker:
    context = world.context
    return Breaker(
        incident=options.break_glass.strip(),
        actor=context.actor,
        system=context.system,
        is_of_a_change=is_of_a_change(world),
    )


def _store(options: CheckGateOptions, verifier: Verifier | None, world: World) -> Store:
    """Open the store; where the policy names signers, signatures are checked as facts are read."""
    if options.records == _NO_RECORDS:
        raise RequestError(
            "the gate reads facts, and `records` is none",
            where="records",
            remedy="name the folder that the steps before left their facts in",
        )
    return open_store(options.records, world, verifier=verifier)


def _verifier(
    options: CheckGateOptions, found: FoundPolicy, world: World
) -> tuple[Verifier | None, tuple[Reason, ...]]:
    """Return what checks signatures; where the glass is broken, or else why nothing does."""
    try:
        return verifier_of(found, world), ()
    except CannotTell as fault:
        if not options.break_glass:
            raise
        return None, (fault.reason(),)


def _table(decision: Decision) -> Table:
    asks = {"enter": "takes", "stay": "keeps", "return": "takes back"}[decision.question]
    return Table(
        heading=f"What {decision.stage} {asks}",
        columns=("requirement", "answer", "why"),
        rows=tuple((one.requirement, one.answer.value, _why(one)) for one in decision.requirements),
    )


def _why(answered: Answered) -> str:
    """Return the reasons that decided a requirement, the first three of them."""
    told = [reason for reason in answered.reasons if reason.answer is answered.answer]
    shown = [
        f"{reason.where}: {reason.what}" if reason.where and reason.where.line else reason.what
        for reason in told
    ]
    more = f" (and {len(shown) - 3} more)" if len(shown) > 3 else ""
    return "; ".join(shown[:3]) + more


def _notes(found: FoundPolicy) -> tuple[str, ...]:
    source = found.source
    told = f"the policy: {source.where} ({source.digest[:19]}…)"
    if found.policy is DEFAULT:
        told += ", which asks for all that belongs into four stages; `cdkit init --observe` writes"
        told += " one that the last releases would have passed"
    return (told, *found.notes)


def _then(options: CheckGateOptions, decision: Decision, collected: Collected) -> Iterator[str]:
    """Say how the decision compares with the one that was made at the time."""
    if not options.at:
        return
    same = [
        fact.document
        for fact in collected.facts
        if isinstance(fact.document, Decision)
        and fact.document.origin.replay is None
        and (fact.document.stage, fact.document.question) == (decision.stage, decision.question)
    ]
    if not same:
        yield "no decision of then is among the facts"
        return
    last = max(same, key=lambda one: one.origin.recorded_at)
    what = f"the last decision of then ({last.origin.recorded_at}) said {last.verdict.answer.value}"
    if last.policy.digest != decision.policy.digest:
        at = f" at {last.policy.revision[:12]}" if last.policy.revision else ""
        what += f", by another policy: {last.policy.where}{at}"
    yield what


STEP = Step(
    name=NAME,
    summary="Decide whether an image may enter a stage.",
    question="May this image enter this stage?",
    options=CheckGateOptions,
    outputs=CheckGateOutputs,
    run=run,
    icon="shield",
    judges=True,
)
