"""The ticket about a gate that was forced: an event, kept in the outbox until it arrives."""

from collections.abc import Iterator
from urllib.parse import quote

from cdkit.core.documents.kinds import Decision
from cdkit.core.errors import CdkitError
from cdkit.core.verdict import Answer
from cdkit.core.world import World
from cdkit.steps.emit_event import EmitEventOptions, EmitEventOutputs
from cdkit.steps.emit_event import run as emit

_SECONDS = 20.0


def ticket(decision: Decision, sinks: tuple[str, ...], world: World) -> Iterator[str]:
    """Open a ticket (`ticket.created` of CDEvents) and yield what came of it.

    The image goes out all the same: whatever fails here is told, and stays in the outbox.
    """
    options = EmitEventOptions(
        type="ticket.created",
        subject=decision.incident,
        sinks=sinks,
        content={
            "summary": f"The gate to {decision.stage} was opened by force for {decision.image}",
            "creator": decision.origin.actor,
            "uri": quote(decision.incident, safe=":/?#[]@!$&'()*+,;=-._~%"),
            "ticketType": "incident",
            "priority": "high",
        },
        custom={"until": decision.until},
        budget=_SECONDS,
    )
    try:
        outcome = emit(options, world)
    except CdkitError as fault:
        yield f"no ticket was opened: {fault}"
        return
    if isinstance(outcome.outputs, EmitEventOutputs):
        yield f"a ticket was opened: {outcome.outputs.event}"
    for reason in outcome.verdict.reasons:
        if reason.answer is not Answer.YES:
            yield f"the ticket: {reason.what}; {reason.remedy}"
