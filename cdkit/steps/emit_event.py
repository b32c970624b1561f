"""Tells whoever must know what happened: a CDEvent, kept in an outbox until it has arrived.

An event goes into the outbox (a SQLite file, synced to disk) before anything is sent, and what an
earlier run could not deliver goes first. Its id is made from the run, its attempt and its content:
a retry is the same event, a re-run that deploys again is a new one. What has not arrived at the
end makes the answer `cannot-tell`: nothing is lost in silence. The guide: [Events](../events.md).
"""

from collections.abc import Iterator, Sequence
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import asdict, replace

from cdkit.core.context import BuildContext
from cdkit.core.documents.purl import image_purl
from cdkit.core.doors.clock import stamp
from cdkit.core.errors import RequestError
from cdkit.core.escape import sound, terminal
from cdkit.core.oci.reference import Reference, parse_pinned
from cdkit.core.step import Options, Outcome, Outputs, Step, option
from cdkit.core.verdict import Reason, judge, yes
from cdkit.core.world import World
from cdkit.events.account import (
    not_wanted,
    notes,
    places,
    reasons,
    set_aside,
    told_of_handing,
)
from cdkit.events.carrying import check_place
from cdkit.events.catalogue import find
from cdkit.events.cdevents import (
    CustomData,
    Happening,
    build,
    chain_of,
    identity,
    links_of,
    source_of,
)
from cdkit.events.cloudevents import CloudEvent, wrap
from cdkit.events.content import Known, custom_of, fill, subject_of
from cdkit.events.deliver import deliver
from cdkit.events.handing import hand_over, handed_before
from cdkit.events.older import in_words_of
from cdkit.events.opening import open_outbox
from cdkit.events.secrets import refuse_secrets
from cdkit.events.shapes import EventType
from cdkit.events.sink import Parcel
from cdkit.events.started import started_by
from cdkit.events.targets import SinkTable, Target, resolve, secret_variables, wanting
from cdkit.steps.event_facts import fact_left, left_out
from cdkit.steps.event_links import Earlier, earlier_of
from cdkit.steps.origin import head_of


class EmitEventOptions(Options, frozen=True, kw_only=True):
    """The inputs of emit-event."""

    type: Annotated[
        str,
        option("What happened: `service.deployed`, any other type of CDEvents, or a custom type."),
    ] = "service.deployed"
    environment: Annotated[str, option("Where it happened, such as `production`.")] = ""
    service: Annotated[
        str, option("The service; the last part of the image's name where nothing is given.")
    ] = ""
    image: Annotated[
        str,
        option("The image: `repository@sha256:…`.", shared=True, metavar="IMAGE"),
    ] = ""
    subject: Annotated[
        str,
        option("What the event is about, where service, image and run do not say it."),
    ] = ""
    sinks: Annotated[
        tuple[str | SinkTable, ...],
        option(
            "Where it goes: `file:PATH`, an `https://` address, `stdout:`; a table in cdkit.yaml "
            "where it needs headers, a signature or a mode.",
            flag="--sink",
            metavar="SINK",
        ),
    ] = ("file:.cdkit/events.ndjson",)
    outbox: Annotated[
        str, option("The file that events are kept in until they have arrived.", metavar="FILE")
    ] = ".cdkit/outbox.db"
    hand_on: Annotated[
        str,
        option(
            "Where to put what could not be delivered, for a later job's flush-events: a file to "
            "keep as an artifact, `s3://bucket/prefix`, or `oci://registry/repository`. Then it is "
            "no reason to fail.",
            metavar="FILE",
        ),
    ] = ""
    chain_id: Annotated[
        str,
        option(
            "The UUID of the chain of events that this one belongs to; where nothing is given, one "
            "that all events of the same commit share, or that of the event that read-event read.",
            metavar="UUID",
        ),
    ] = ""
    links: Annotated[
        tuple[str, ...],
        option(
            "Events that this one came from: `PATH=<id>`, `END=<id>`, or any kind of relation, "
            "`ARTIFACT=<id>`; where nothing is given, the one that read-event read in this job, "
            "and those that the records know: of the artifact, of the change.",
            flag="--link",
            metavar="KIND=ID",
        ),
    ] = ()
    content: Annotated[
        dict[str, str],
        option("More fields of the event's content: `change.id=123`.", metavar="FIELD=VALUE"),
    ] = {}  # noqa: RUF012 - msgspec copies it for each instance
    custom: Annotated[
        dict[str, str],
        option(
            "What CDEvents has no field for: outcome, started-at, planned, previous-commit, "
            "commit, team, rollback-of; any other name becomes a label.",
            metavar="NAME=VALUE",
        ),
    ] = {}  # noqa: RUF012 - msgspec copies it for each instance
    budget: Annotated[
        float,
        option(
            "Seconds that delivery may take, retries included; a try that has begun may end later, "
            "by its sink's time-out.",
            metavar="SECONDS",
        ),
    ] = 60.0


class EmitEventOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of emit-event."""

    event: Annotated[str, Meta(description="The id of the event.")] = ""
    delivered: Annotated[str, Meta(description="How many sinks have the event now.")] = "0"
    pending: Annotated[
        str, Meta(description="How many deliveries wait in the outbox, older events included.")
    ] = "0"
    handed_on: Annotated[
        str, Meta(description="The outbox that was handed on; empty where nothing had to be.")
    ] = ""


class _Sent(Struct, frozen=True, kw_only=True):
    """What came of sending: reasons, notes, what is to be printed, and the numbers."""

    event: CloudEvent
    reasons: tuple[Reason, ...]
    notes: tuple[str, ...]
    printed: tuple[str, ...]
    places: tuple[str, ...]
    pending: int
    handed: str


def run(options: EmitEventOptions, world: World) -> Outcome:
    """Build the event, keep it, deliver it, and say what has not arrived."""
    _check(options)
    targets, kept_back = _targets(options, world)
    _refuse_secrets(options, targets, world)
    kind = find(options.type)
    reference = parse_pinned(options.image, where="image") if options.image else None
    known = _known(options, reference, world)
    happening = _happening(kind, options, known, world)
    earlier = (
        Earlier()
        if options.links
        else earlier_of(kind, reference, known.commit, options.records, world)
    )
    event = _wrapped(happening, earlier, options, world)
    sent = _send(event, targets, options, world)
    left = fact_left(happening, reference, known.commit, sent.event, world)
    where = terminal(", ".join(sent.places)) or "nowhere yet"
    return Outcome(
        verdict=judge(sent.reasons),
        outputs=EmitEventOutputs(
            event=sent.event.id,
            delivered=str(len(sent.places)),
            pending=str(sent.pending),
            handed_on=sent.handed,
        ),
        document=left.document if left else None,
        subjects=(left.subject,) if left else (),
        notes=(*kept_back, *earlier.notes, *sent.notes, *left_out(happening, left)),
        data="\n".join(sent.printed) or f"{kind.short} {sent.event.id} delivered to {where}",
    )


def _check(options: EmitEventOptions) -> None:
    """Refuse what is wrong whatever the type: a budget or a place that is none."""
    if not 0 <= options.budget <= 3600:
        raise RequestError(
            f"a budget of {options.budget:g} seconds", remedy="give 0 to 3600 seconds"
        )
    check_place(options.hand_on)


def _refuse_secrets(options: EmitEventOptions, targets: Sequence[Target], world: World) -> None:
    told = {
        "type": options.type,
        "environment": options.environment,
        "service": options.service,
        "image": options.image,
        "subject": options.subject,
        "chain-id": options.chain_id,
    }
    links = [("link", link) for link in options.links]
    pairs = (*told.items(), *options.content.items(), *options.custom.items(), *links)
    refuse_secrets(pairs, world.environ, secret_variables(targets))


def _targets(options: EmitEventOptions, world: World) -> tuple[tuple[Target, ...], tuple[str, ...]]:
    """Return where the event goes; a replay starts nothing elsewhere."""
    targets = resolve(options.sinks)
    if world.replay is None:
        return targets, ()
    remote = [target.name for target in targets if not target.sink.local]
    told = (f"a replay: nothing was sent to {', '.join(remote)}",) if remote else ()
    return tuple(target for target in targets if target.sink.local), told


def _known(options: EmitEventOptions, reference: Reference | None, world: World) -> Known:
    context = _sound(world.context)
    head = None if context.commit else head_of(world)
    place = reference.repository if reference else context.repository
    artifact = ""
    if reference and reference.digest:
        artifact = str(image_purl(reference.name, reference.digest))
    return Known(
        context=context,
        commit=context.commit or (head.commit if head else ""),
        environment=options.environment,
        service=options.service or place.rpartition("/")[2],
        artifact=artifact,
        outcome=options.custom.get("outcome", ""),
    )


def _sound(context: BuildContext) -> BuildContext:
    """Return what the CI system said, as text that every receiver can read."""
    texts = {k: sound(v) for k, v in asdict(context).items() if isinstance(v, str)}
    return replace(context, **texts)


def _happening(kind: EventType, options: EmitEventOptions, known: Known, world: World) -> Happening:
    content = fill(kind, options.content, known)
    _complete(kind, content)
    started = started_by(world)
    chain = started.chain if started else ""
    path = (f"PATH={started.event}",) if started else ()
    return Happening(
        kind=kind,
        source=source_of(known.context),
        subject=_subject(kind, options, known),
        time=stamp(world.clock.now()),
        content=content,
        custom=_marked(options, known, world),
        chain_id=options.chain_id or chain or chain_of(known.context, known.commit),
        links=links_of(options.links or path),
    )


def _complete(kind: EventType, content: dict[str, object]) -> None:
    """Refuse an event that lacks what only an option can say, in the words of the options."""
    needed = {*kind.shape.content.required}
    if kind.subject == "service" and kind.family == "cdevents":
        needed.add("environment")
    for field, name, example in (
        ("environment", "environment", "production"),
        ("artifactId", "image", "ghcr.io/acme/orders@sha256:…"),
    ):
        if field in needed and field not in content:
            variable = "CDKIT_IMAGE" if name == "image" else "CDKIT_EMIT_EVENT_ENVIRONMENT"
            raise RequestError(
                f"the event {kind.short} needs the option {name}",
                remedy=f"give --{name} {example}, set {variable}, or write it under "
                "emit-event: in cdkit.yaml",
            )


def _subject(kind: EventType, options: EmitEventOptions, known: Known) -> str:
    found = options.subject or subject_of(kind, known)
    if not found:
        raise RequestError(
            f"nothing says what the event {kind.short} is about",
            remedy="give --subject (or --service, --image), or run it where a CI system says it",
        )
    return found


def _marked(options: EmitEventOptions, known: Known, world: World) -> CustomData:
    return replace(custom_of(options.custom, known), replay=world.replay)


def _wrapped(
    happening: Happening, earlier: Earlier, options: EmitEventOptions, world: World
) -> CloudEvent:
    """Return the event; what was found is not in its id: a retry may not find it.

    A chain that was given, or that read-event read, goes before the one that was found.
    """
    now = world.clock.now().isoformat(timespec="microseconds")
    name = identity(happening, world.context, moment=now, replay=world.replay)
    links = (*happening.links, *links_of(earlier.links))
    is_told = options.chain_id or happening.links
    chain = happening.chain_id if is_told else earlier.chain or happening.chain_id
    return wrap(build(replace(happening, links=links, chain_id=chain), id=name))


def _send(
    event: CloudEvent, targets: Sequence[Target], options: EmitEventOptions, world: World
) -> _Sent:
    durable = [target for target in targets if target.sink.durable]
    wanted, unwanted = wanting(targets, event)
    opened, aside = open_outbox(world.files.absolute(options.outbox), world.clock)
    with opened as outbox:
        names = [target.name for target in wanted if target.sink.durable]
        put = outbox.put(event, names)
        done = deliver(outbox, durable, world, budget=options.budget)
        outbox.forget()
        handed, lost = hand_over(outbox, options.hand_on, world)
        handed = handed or handed_before(outbox, put.event, names, options.hand_on, world)
        return _Sent(
            event=put.event,
            reasons=(
                yes(f"{event.type} of {event.subject} is taken in as {put.event.id}"),
                *set_aside(aside, options.outbox),
                *reasons(put.event, outbox, done, options.outbox, handed),
                *lost,
            ),
            notes=(
                *not_wanted(wanted, unwanted),
                *notes(put.event, outbox, done, known=put.known),
                *told_of_handing(handed),
            ),
            printed=tuple(_print(put.event, wanted, world)),
            places=tuple(places(put.event, outbox, wanted)),
            pending=sum(count.waiting + count.dead for count in outbox.counts().values()),
            handed=handed,
        )


def _print(event: CloudEvent, targets: Sequence[Target], world: World) -> Iterator[str]:
    """Yield what goes to standard output: it belongs to this process, so nothing is kept."""
    for target in targets:
        if not target.sink.durable:
            parcel = Parcel(event=in_words_of(target.options.spec, event), key=target.name)
            receipts = target.sink.send([parcel], target.options, world)
            yield from (receipt.text for receipt in receipts)


STEP = Step(
    name="emit-event",
    summary="Tell everybody what happened, and never lose it.",
    question="Who must know what happened, and has it reached them?",
    options=EmitEventOptions,
    outputs=EmitEventOutputs,
    run=run,
    icon="send",
)
