"""Leaves a person's word that an image may pass without one requirement, until a day."""

from datetime import timedelta
from typing import Annotated

from msgspec import Meta

from cdkit.core.documents.kinds import Waiver
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.protected import is_of_a_change
from cdkit.core.step import Options, Outcome, Outputs, Step, option
from cdkit.core.verdict import judge, yes
from cdkit.core.world import World
from cdkit.gate.read import day_of
from cdkit.gate.subject import UNVOUCHED
from cdkit.steps.origin import origin_of
from cdkit.steps.pinned import pinned_image

NAME = "waive"
_LONGEST = timedelta(days=366)


class WaiveOptions(Options, frozen=True, kw_only=True):
    """The inputs of waive."""

    image: Annotated[
        str, option("The image that may pass, `repository@sha256:…`.", shared=True)
    ] = ""
    requirement: Annotated[
        str, option("The kind of evidence that it may pass without, such as `vulnerabilities`.")
    ] = ""
    reason: Annotated[str, option("Why.")] = ""
    expires: Annotated[
        str, option("The last day on which it counts, in UTC: `2027-01-31`.", metavar="DATE")
    ] = ""
    rule: Annotated[
        str, option("One rule or vulnerability of it only, such as `CVE-2026-1234`.")
    ] = ""
    stage: Annotated[str, option("Only where this stage asks.")] = ""


class WaiveOutputs(Outputs, frozen=True, kw_only=True):
    """The outputs of waive."""

    image: Annotated[str, Meta(description="The image that may pass.")] = ""


def run(options: WaiveOptions, world: World) -> Outcome:
    """Leave the waiver, in the name of whoever started the job.

    Raises CannotTell where nobody vouches for who that is: no gate would count it.
    """
    for name in ("requirement", "reason", "expires"):
        if not getattr(options, name).strip():
            raise RequestError(f"{name} is not given", where=name, remedy=f"give --{name}")
    if options.requirement == "identity":
        raise RequestError(
            "the identity of an image cannot be waived",
            where="requirement",
            remedy="leave one with `cdkit tag-image --digest IMAGE`",
        )
    reference, _, subject = pinned_image(options.image)
    day, today = day_of(options.expires), world.clock.now().date()
    if day is None or not today <= day <= today + _LONGEST:
        raise RequestError(
            f"{options.expires[:40]!r} is no day from today on, within a year",
            where="expires",
            remedy="write 2027-01-31",
        )
    context = world.context
    if context.system in UNVOUCHED or not context.actor:
        raise CannotTell(
            "nobody vouches here for who waives",
            remedy="run it in a CI job that a person started, such as a workflow_dispatch",
        )
    if is_of_a_change(world):
        raise CannotTell(
            "a change that is not merged waives nothing: it may have written this itself",
            remedy="run it in a job of the default branch, such as a workflow_dispatch",
        )
    waiver = Waiver(
        origin=origin_of(world, NAME),
        image=reference.pinned,
        requirement=options.requirement,
        reason=options.reason,
        expires=options.expires,
        rule=options.rule,
        stage=options.stage,
    )
    what = f"{options.requirement}{f' ({options.rule})' if options.rule else ''}"
    told = yes(f"{context.actor} waives {what} until {options.expires}: {options.reason}")
    return Outcome(
        verdict=judge([told]),
        outputs=WaiveOutputs(image=reference.pinned),
        document=waiver,
        subjects=(subject,),
        notes=(f"it counts where the policy names {context.actor} in `may-waive`",),
    )


STEP = Step(
    name=NAME,
    summary="Let an image pass without one requirement, for a while.",
    question="Who answers for letting it pass?",
    options=WaiveOptions,
    outputs=WaiveOutputs,
    run=run,
    icon="unlock",
)
