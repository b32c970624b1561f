"""`cdkit audit`: every deployment with the decision that let it in, and those without."""

import sys
from datetime import UTC, datetime

import click

from cdkit.cli.exits import Exit
from cdkit.cli.listing import FORMATS, listing
from cdkit.cli.session import open_session
from cdkit.cli.told import unreadable
from cdkit.core.errors import NoInput, RequestError
from cdkit.steps.inventory import Audited, Forced, audit

COLUMNS = (
    *("deployed_at", "environment", "service", "image", "commit", "by", "run"),
    *("decision", "decided_at", "policy", "policy_digest", "incident", "reviewed_by", "fault"),
)
_SHOWN = (0, 1, 2, 3, 5, 11, 12, 13)
"""What a person is shown of these."""


@click.command("audit", short_help="List every deployment with the decision that let it in.")
@click.option("--environment", default="production", help="Where. [default: production]")
@click.option("--everywhere", is_flag=True, help="In every environment that the records know of.")
@click.option("--since", default="", metavar="DATE", help="Only what was deployed since that day.")
@click.option("--records", default=".cdkit/records", envvar="CDKIT_RECORDS", metavar="DIR")
@click.option("--format", "style", type=click.Choice(FORMATS), default="text")
def COMMAND(environment: str, everywhere: bool, since: str, records: str, style: str) -> int:  # noqa: N802, FBT001 - the table loads it
    """List every deployment with the decision that let it in, and those without.

    Exits 1 where one has no decision that said yes, or a gate was forced, with a deployment or
    without, and nobody has reviewed it (`cdkit review-glass`); 3 where nothing was deployed; 4
    where a record cannot be read.
    """
    world = open_session().world
    found = audit("" if everywhere else environment, _day(since), records, world)
    if found.deployments or found.forced:
        rows = [*map(_row, found.deployments), *map(_forced, found.forced)]
        if style == "text":
            print(
                listing([COLUMNS[n] for n in _SHOWN], ([r[n] for n in _SHOWN] for r in rows), style)
            )
        else:
            print(listing(COLUMNS, rows, style))
    code = unreadable(found.unreadable)
    faults = [one.fault for one in found.deployments if one.fault]
    faults += [one.fault for one in found.forced if one.fault]
    print(f"{len(found.deployments)} deployments, {len(faults)} with a fault", file=sys.stderr)
    if faults:
        return int(Exit.NO)
    if not found.deployments and not found.forced and not code:
        where = "anywhere" if everywhere else f"to {environment[:80]!r}"
        raise NoInput(
            f"no record says that anything was deployed {where}",
            remedy="`cdkit emit-event` records what is deployed",
        )
    return code


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        day = datetime.fromisoformat(text)
    except ValueError as fault:
        raise RequestError(
            f"{text[:40]!r} is no date", where="since", remedy="write 2026-11-01"
        ) from fault
    return day if day.tzinfo else day.replace(tzinfo=UTC)


def _row(one: Audited) -> tuple[str, ...]:
    deployment, decision = one.deployment, one.decision
    origin = deployment.origin
    said = (
        one.digest,
        decision.origin.recorded_at if decision else "",
        decision.policy.where if decision else "",
        decision.policy.digest if decision else "",
        decision.incident if decision else "",
        one.reviewed_by,
    )
    return (
        origin.recorded_at,
        deployment.environment,
        deployment.service,
        deployment.image,
        deployment.commit,
        origin.actor,
        origin.url or origin.run,
        *said,
        one.fault,
    )


def _forced(one: Forced) -> tuple[str, ...]:
    """Return the row of a gate that was forced, and no deployment known to have followed."""
    decision, origin = one.decision, one.decision.origin
    run = origin.url or origin.run
    return (
        *("", decision.environment, "", decision.image, origin.commit, origin.actor, run),
        *(one.digest, origin.recorded_at, decision.policy.where, decision.policy.digest),
        *(decision.incident, one.reviewed_by, one.fault),
    )
