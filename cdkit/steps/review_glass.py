"""Leaves a person's word that they looked at a gate which was opened by force."""

import re
from typing import Annotated

from msgspec import Meta

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Decision, Evidence
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.protected import is_of_a_change
from cdkit.core.step import Options, Outcome, Outputs, Step, option
from cdkit.core.verdict import judge, yes
from cdkit.core.world import World
from cdkit.evidence.store import open_store
from cdkit.gate.subject import UNVOUCHED, is_a_machine
from cdkit.steps.inventory import REVIEW
from cdkit.steps.origin import origin_of
from cdkit.steps.pinned import pinned_image

NAME = "review-glass"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


class ReviewGlassOptions(Options, frozen=True, kw_only=True):
    """The inputs of review-glass."""

    image: Annotated[
        str, option("The image that was let in, `repository@sha256:…`.", shared=True)
    ] = ""
    decision: Annotated[
        str,
        option(
            "The digest of the decision that was forced, as `cdkit audit --format json` shows it; "
            "the only one about the image that is not reviewed where left out.",
            metavar="DIGEST",
        ),
    ] = ""
    comment: Annotated[str, option("What came of it.")] = ""


class ReviewGlassOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of review-glass."""

    decision: Annotated[str, Meta(description="The digest of the decision that was reviewed.")] = ""


def run(options: ReviewGlassOptions, world: World) -> Outcome:
    """Leave the review, in the name of whoever started the job: not the one who forced the gate."""
    if not options.comment.strip():
        raise RequestError("nobody says what came of it", where="comment", remedy="give --comment")
    if options.decision and not _DIGEST.fullmatch(options.decision):
        raise RequestError(
            f"{options.decision[:80]!r} is no digest of a decision",
            where="decision",
            remedy="`cdkit audit --format json` shows it",
        )
    _, key, subject = pinned_image(options.image)
    told = open_store(options.records, world).about(frozenset({key}))
    fact = _forced(told.facts, options.decision)
    actor, context = fact.document.origin.actor, world.context
    is_same = context.actor.casefold() == actor.casefold()
    if context.system in UNVOUCHED or not context.actor or is_same:
        raise CannotTell(
            f"whoever reviews it must be another person than {actor}, and known to the CI system",
            remedy="let somebody else start the job",
        )
    if is_a_machine(context.actor):
        raise CannotTell(f"{context.actor} is no person", remedy="let a person start the job")
    if is_of_a_change(world):
        raise CannotTell(
            "a change that is not merged reviews nothing: it may have written this itself",
            remedy="run it in a job of the default branch, such as a workflow_dispatch",
        )
    review = Evidence(
        origin=origin_of(world, NAME),
        evidence=REVIEW,
        verdict=judge([yes(f"{context.actor} reviewed it: {options.comment}")]),
        reports=(),
        said={"decision": fact.digest, "comment": options.comment},
    )
    return Outcome(
        verdict=review.verdict,
        outputs=ReviewGlassOutputs(decision=fact.digest),
        document=review,
        subjects=(subject,),
    )


def _forced(facts: tuple[Fact, ...], digest: str) -> Fact:
    """Return the forced decision with this digest, or the one that nobody has reviewed."""
    reviewed = {
        fact.document.said.get("decision", "")
        for fact in facts
        if isinstance(fact.document, Evidence) and fact.document.evidence == REVIEW
    }
    forced = [
        fact
        for fact in facts
        if isinstance(fact.document, Decision)
        and fact.document.incident
        and (fact.digest == digest if digest else fact.digest not in reviewed)
    ]
    if len(forced) != 1:
        which = (
            f"no decision {digest[:19]}… was forced"
            if digest
            else (f"{len(forced)} forced decisions about this image are not reviewed")
        )
        raise CannotTell(
            which,
            where="decision",
            remedy="`cdkit audit --format json` lists them; name one with --decision",
        )
    return forced[0]


STEP = Step(
    name=NAME,
    summary="Say that a person looked at a gate that was opened by force.",
    question="Who looked at the gate that was forced?",
    options=ReviewGlassOptions,
    outputs=ReviewGlassOutputs,
    run=run,
    icon="eye",
)
