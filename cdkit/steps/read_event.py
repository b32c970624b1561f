"""Reads the event that started this run, and hands its fields to the job: if it may be believed.

It is the other side of the sinks that start something (`github-dispatch`, `github-workflow`,
`gitlab-trigger`, `jenkins`, `codepipeline`). The signature, the vocabulary, the age, and that no
other run has read it: each that does not hold is a *no*, so that nothing is deployed on somebody's
word. The guide: [Events](../events.md).
"""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from cdkit.core.errors import RequestError
from cdkit.core.step import Options, Outcome, Outputs, Step, option
from cdkit.core.verdict import Reason, judge, no, yes
from cdkit.core.world import World
from cdkit.events.cloudevents import CloudEvent
from cdkit.events.facts import facts_of
from cdkit.events.received import (
    Received,
    age_faults,
    event_of,
    of_file,
    of_payload,
    opened,
    seen_before,
    sent_at,
    signature_faults,
)
from cdkit.events.started import remember, run_of
from cdkit.events.when import When, check_when, matches


class ReadEventOptions(Options, frozen=True, kw_only=True):
    """The inputs of read-event."""

    event: Annotated[
        str,
        option(
            "The event's JSON, or what a codepipeline sink makes of it; what GitHub started the "
            "run with, where none is given."
        ),
    ] = ""
    file: Annotated[str, option("A file that holds the event's JSON.", metavar="FILE")] = ""
    webhook_id: Annotated[str, option("The id that was signed.")] = ""
    webhook_timestamp: Annotated[str, option("The time that was signed.")] = ""
    webhook_signature: Annotated[str, option("The signatures, by Standard Webhooks.")] = ""
    secret_env: Annotated[
        str,
        option("The variable that holds the secret of the signature (`whsec_…`).", metavar="NAME"),
    ] = "CDKIT_EVENT_SECRET"  # noqa: S105 - the variable's name
    unsigned: Annotated[
        bool, option("Believe an event that is not signed: whoever may start the run may say it.")
    ] = False
    max_age: Annotated[
        float, option("Seconds since it was sent, at the most.", metavar="SECONDS")
    ] = 3600.0
    seen: Annotated[
        str,
        option(
            "The file that remembers which events were read; keep it between runs, in a cache. "
            "Where no CI system names the run, each call is one.",
            metavar="FILE",
        ),
    ] = ".cdkit/seen-events.ndjson"
    type: Annotated[str, option("The types that are wanted: `artifact.published, service.*`.")] = ""
    environment: Annotated[str, option("The environments that are wanted.")] = ""
    repository: Annotated[
        str,
        option(
            "The repositories that it may come from: `acme/*` on whatever host, or "
            "`https://github.com/acme/*`.",
        ),
    ] = ""
    outcome: Annotated[str, option("The outcomes that are wanted: `success`.")] = ""


class ReadEventOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of read-event; those that the event does not say are empty."""

    event: Annotated[str, Meta(description="The id of the event.")] = ""
    type: Annotated[str, Meta(description="Its type: `artifact.published`.")] = ""
    subject: Annotated[str, Meta(description="What it is about.")] = ""
    environment: Annotated[str, Meta(description="The environment.")] = ""
    service: Annotated[str, Meta(description="The service.")] = ""
    image: Annotated[str, Meta(description="The image: `repository@sha256:…`.")] = ""
    artifact: Annotated[str, Meta(description="The artifact, as a package URL.")] = ""
    commit: Annotated[str, Meta(description="The commit.")] = ""
    repository: Annotated[str, Meta(description="The repository that it comes from.")] = ""
    outcome: Annotated[str, Meta(description="The outcome.")] = ""
    chain_id: Annotated[str, Meta(description="The chain that events from here belong to.")] = ""


class _Judged(Struct, frozen=True, kw_only=True):
    """What was found out: reasons, notes, and the event where it is one."""

    reasons: tuple[Reason, ...]
    notes: tuple[str, ...]
    event: CloudEvent | None = None


def run(options: ReadEventOptions, world: World) -> Outcome:
    """Read the event, and say whether the job may go by it."""
    wanted = _check(options)
    received = _received(options, world)
    judged = _judge(received, wanted, options, world)
    verdict = judge(judged.reasons)
    outputs = ReadEventOutputs()
    if verdict.is_yes and judged.event:
        outputs = _outputs(judged.event)
        remember(outputs.event, outputs.chain_id, world)
    return Outcome(
        verdict=verdict,
        outputs=outputs,
        notes=judged.notes,
        data=judged.event.data.decode() if verdict.is_yes and judged.event else "",
    )


def _check(options: ReadEventOptions) -> When:
    if options.event and options.file:
        raise RequestError("both event and file are given", remedy="give one of them")
    if not 0 < options.max_age <= 30 * 24 * 3600:
        raise RequestError(
            f"a max-age of {options.max_age:g} seconds", remedy="give 1 to 2592000 seconds"
        )
    wanted = When(
        type=options.type,
        environment=options.environment,
        repository=options.repository,
        outcome=options.outcome,
    )
    check_when(wanted, sink="of read-event")
    return wanted


def _received(options: ReadEventOptions, world: World) -> Received:
    text = of_file(options.file, world) if options.file else options.event
    if not text:
        return of_payload(world)
    return Received(
        text=text,
        id=options.webhook_id,
        timestamp=options.webhook_timestamp,
        signatures=options.webhook_signature,
    )


def _judge(received: Received, wanted: When, options: ReadEventOptions, world: World) -> _Judged:
    secret = world.environ.get(options.secret_env, "").strip()
    if not secret and not options.unsigned:
        raise RequestError(
            f"the variable {options.secret_env} with the secret of the signature is not set",
            remedy="set it, or pass --unsigned where whoever may start this run may say anything",
        )
    notes: tuple[str, ...] = (
        () if secret else ("not signed: whoever may start this run may say it",)
    )
    received, wrong = opened(received)
    if wrong:
        return _Judged(reasons=(_no(wrong),), notes=notes)
    faults = list(signature_faults(received, secret)) if secret else []
    event, wrong = event_of(received)
    if faults or event is None:
        return _Judged(reasons=tuple(map(_no, [*faults, *([wrong] if wrong else [])])), notes=notes)
    sent = sent_at(received, event, signed=bool(secret))
    faults = list(age_faults(sent, world.clock.now(), options.max_age))
    faults += _unwanted(event, wanted)
    if not faults:
        notes += tuple(_unremembered(options, world))
        faults = list(_read_before(event, options, world))
    said = yes(f"{event.type} of {event.subject} from {event.source}: {event.id}")
    return _Judged(reasons=tuple(map(_no, faults)) or (said,), notes=notes, event=event)


def _read_before(event: CloudEvent, options: ReadEventOptions, world: World) -> Iterator[str]:
    if options.seen and seen_before(event, options.seen, run_of(world.context), world):
        yield "another run has read it already"


def _unremembered(options: ReadEventOptions, world: World) -> Iterator[str]:
    """Yield why nobody knows what earlier runs have read."""
    if not options.seen:
        yield "not checked whether another run has read it: no file for that is named (`seen`)"
    elif not world.files.is_file(options.seen):
        yield (
            f"no earlier run is remembered, since {options.seen} was not there: whether one has "
            "read this event, the next run can tell, if the file is kept for it"
        )


def _unwanted(event: CloudEvent, wanted: When) -> Iterator[str]:
    facts = facts_of(event)
    if not matches(wanted, facts):
        named = ", ".join(f"{fact} {facts[fact]!r}" for fact, _ in wanted.patterns())
        yield f"it is not what is wanted: {named}"


def _no(fault: str) -> Reason:
    return no(
        f"the event is not to be gone by: {fault}",
        remedy="look who sent it; a sender of ours signs with the same secret, and sends it anew",
    )


def _outputs(event: CloudEvent) -> ReadEventOutputs:
    facts = facts_of(event)
    return ReadEventOutputs(
        event=event.id,
        type=facts["kind"],
        subject=event.subject,
        environment=facts["environment"],
        service=facts["service"],
        image=facts["image"],
        artifact=facts["artifact"],
        commit=facts["commit"],
        repository=facts["repository"],
        outcome=facts["outcome"],
        chain_id=facts["chain"],
    )


STEP = Step(
    name="read-event",
    summary="Read the event that started this run, if it may be believed.",
    question="May this run go by the event that started it?",
    options=ReadEventOptions,
    outputs=ReadEventOutputs,
    run=run,
    icon="inbox",
)
