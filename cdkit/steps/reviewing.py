"""Who stands for a change, as evidence: reviews and approvals that the forge vouches for."""

from collections.abc import Callable, Iterator

from cdkit.core.documents.kinds import OWN_KINDS, Evidence
from cdkit.core.errors import CannotTell, RequestError
from cdkit.core.verdict import Reason, judge
from cdkit.core.world import World
from cdkit.evidence.forge import Asked, Reviewed, forge_of
from cdkit.steps.origin import origin_of


def reviews_of(review: str, approval: str, step: str, world: World) -> Iterator[Evidence]:
    """Yield evidence of these kinds: who reviewed the change, who approved its deployment.

    A forge that cannot be asked, or that refuses, is evidence that cannot tell. Raises
    RequestError where a kind is one of our own documents'.
    """
    for kind, where in ((review, "review"), (approval, "approval")):
        if kind in OWN_KINDS:
            raise RequestError(
                f"{kind} is no kind of {where}", where=where, remedy=f"write --{where} {where}"
            )
    if review:
        yield _evidence(review, step, world, _reviews)
    if approval:
        yield _evidence(approval, step, world, _approvals)


def _evidence(
    kind: str, step: str, world: World, ask: Callable[[Asked, World], Reviewed]
) -> Evidence:
    origin = origin_of(world, step)
    context = world.context
    asked = Asked(
        repository=context.repository, commit=origin.commit, run=context.run, actor=context.actor
    )
    try:
        found = ask(_with_commit(asked), world)
        reasons = [_named(kind, reason) for reason in found.reasons]
    except CannotTell as fault:
        found, reasons = Reviewed(), [_named(kind, fault.reason())]
    said = {"author": ", ".join(found.authors), "change": found.change}
    return Evidence(
        origin=origin,
        evidence=kind,
        verdict=judge(reasons),
        reports=(),
        said={name: text for name, text in said.items() if text},
        approvals=found.approvals,
    )


def _with_commit(asked: Asked) -> Asked:
    if not asked.commit:
        raise CannotTell(
            "no commit is known that could have been reviewed",
            where="review",
            remedy="run it in a git checkout",
        )
    return asked


def _reviews(asked: Asked, world: World) -> Reviewed:
    return forge_of(world).reviews(asked, world)


def _approvals(asked: Asked, world: World) -> Reviewed:
    forge = forge_of(world)
    if forge.approvals is None:
        raise CannotTell(
            f"{forge.title} is not asked who approved a deployment",
            where="approval",
            remedy="leave `approval` out; `review` says who approved the change",
        )
    return forge.approvals(asked, world)


def _named(kind: str, reason: Reason) -> Reason:
    return Reason(
        answer=reason.answer,
        what=f"{kind}: {reason.what}",
        where=reason.where,
        remedy=reason.remedy,
        rule=reason.rule,
    )
