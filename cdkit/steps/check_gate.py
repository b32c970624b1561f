"""Decide whether an image may enter a stage, from the facts about it and a policy."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.kinds import Answered, Decision
from cdkit.core.documents.statement import encode_statement, state
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.oci.reference import Reference, parse_pinned
from cdkit.core.step import Options, Outcome, Outputs, Step, Table, option
from cdkit.core.subject import Subject, image_subject
from cdkit.core.world import World
from cdkit.evidence.store import Store, open_store
from cdkit.gate.contracts import Ran, contracts_of, pairs
from cdkit.gate.decide import Ruling, decide
from cdkit.gate.source import FoundPolicy, find_policy
from cdkit.gate.subject import Request, known_of
from cdkit.steps.origin import origin_of

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
            "The policy: a file, or `git:REVISION:PATH`. In CI a file is read from the branch "
            "that the change wants to enter. Without one, cdkit's own four stages count.",
            metavar="POLICY",
        ),
    ] = ""
    decision: Annotated[str, option("Write the decision to this file as well.", metavar="FILE")] = (
        ""
    )


class CheckGateOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of check-gate."""

    decision: Annotated[str, Meta(description="The path of the decision.")] = ""
    image: Annotated[str, Meta(description="The image that was decided about.")] = ""
    stage: Annotated[str, Meta(description="The stage that was asked for.")] = ""


def run(options: CheckGateOptions, world: World) -> Outcome:
    """Collect the facts, find the policy, decide; the decision is a fact as well."""
    if not options.image:
        raise RequestError(
            "no image is named",
            where="image",
            remedy="give --image repository@sha256:…, as `cdkit tag-image` prints it",
        )
    reference = parse_pinned(options.image, where="image")
    subject = _subject(reference)
    found = find_policy(options.policy, world)
    store = _store(options, found, world)
    now = world.clock.now()
    request = Request(
        image=reference.pinned, key=str(reference.digest), stage=options.stage, replay=world.replay
    )
    collected = _collect(request, store, now)
    ran = _ran(collected, store, world)
    ruling = decide(request, found.policy, collected, now, found.doubts, ran)
    decision = Decision(
        origin=origin_of(world, NAME),
        image=request.image,
        stage=options.stage,
        verdict=ruling.verdict,
        policy=found.source,
        requirements=ruling.requirements,
    )
    statement = state(decision, subject)
    if options.decision:
        world.files.write(options.decision, encode_statement(statement))
    return Outcome(
        verdict=ruling.verdict,
        outputs=CheckGateOutputs(
            decision=options.decision or store.place(statement),
            image=request.image,
            stage=options.stage,
        ),
        document=decision,
        subjects=(subject,),
        tables=(_table(request, ruling),),
        notes=_notes(found),
    )


def _subject(reference: Reference) -> Subject:
    """Return the subject that this reference pins."""
    if reference.digest is None:
        raise RequestError("carries no digest", where="image", remedy="write repository@sha256:…")
    return image_subject(reference.name, reference.digest)


def _store(options: CheckGateOptions, found: FoundPolicy, world: World) -> Store:
    """Open the store; where the policy names signers, it checks signatures."""
    if options.records == _NO_RECORDS:
        raise RequestError(
            "the gate reads facts, and `records` is none",
            where="records",
            remedy="name the folder that the steps before left their facts in",
        )
    signers = found.policy.signers
    if not signers.keys and not signers.identities:
        return open_store(options.records, world)
    from cdkit.evidence.signing.verify import open_verifier

    verifier = open_verifier(signers, where=found.source.where, world=world)
    return open_store(options.records, world, verifier=verifier)


def _collect(request: Request, store: Store, now: datetime) -> Collected:
    """Read the facts about the image, then those about the source and platforms they name."""
    collected = store.about(frozenset({request.key}))
    related = known_of(request, collected, now).related
    return collected.joined(store.about(related)) if related else collected


def _ran(collected: Collected, store: Store, world: World) -> Ran:
    """Read what runs where, and ask git what it contains, where a contract waits for that."""
    if not contracts_of(collected.facts):
        return Ran()
    told = store.deployments()
    contains: dict[tuple[str, str], bool] = {}
    untold: dict[tuple[str, str], str] = {}
    for release, commit in sorted(pairs(collected.facts, told.facts)):
        try:
            contains[release, commit] = world.git.is_ancestor(release, commit)
        except CannotTell as fault:
            untold[release, commit] = fault.what
    return Ran(deployments=told.facts, unreadable=told.unreadable, contains=contains, untold=untold)


def _table(request: Request, ruling: Ruling) -> Table:
    return Table(
        heading=f"What {request.stage} takes",
        columns=("requirement", "answer", "why"),
        rows=tuple((one.requirement, one.answer.value, _why(one)) for one in ruling.requirements),
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
    return (f"the policy: {source.where} ({source.digest[:19]}…)", *found.notes)


STEP = Step(
    name=NAME,
    summary="Decide whether an image may enter a stage.",
    question="May this image enter this stage?",
    options=CheckGateOptions,
    outputs=CheckGateOutputs,
    run=run,
    icon="shield",
)
