"""`cdkit audit`: every deployment with the decision that let it in, and those without."""

import sys
from datetime import UTC, datetime

import click

from cdkit.cli.exits import Exit
from cdkit.cli.inputs import resolve
from cdkit.cli.judging import judging
from cdkit.cli.listing import FORMATS, listing
from cdkit.cli.session import Session, open_session
from cdkit.cli.sharing import needed_sections, section_of
from cdkit.cli.told import unreadable
from cdkit.core.errors import NoInput, RequestError
from cdkit.core.step import Options
from cdkit.gate.policy import trust_of
from cdkit.gate.source import FoundPolicy, find_policy
from cdkit.steps.check_gate import STEP as GATE
from cdkit.steps.inventory import Audited, Forced, audit
from cdkit.steps.signatures import Signature

COLUMNS = (
    *("deployed_at", "environment", "service", "image", "commit", "by", "run"),
    *("decision", "decided_at", "policy", "policy_digest", "incident", "reviewed_by"),
    *("signature", "signed_by", "fault"),
)
_SHOWN = (0, 1, 2, 3, 5, 11, 12, 13, 15)
"""What a person is shown of these."""


@click.command("audit", short_help="List every deployment with the decision that let it in.")
@click.option("--environment", default="production", help="Where. [default: production]")
@click.option("--everywhere", is_flag=True, help="In every environment that the records know of.")
@click.option("--since", default="", metavar="DATE", help="Only what was deployed since that day.")
@click.option("--records", default=".cdkit/records", envvar="CDKIT_RECORDS", metavar="DIR")
@click.option(
    "--policy",
    default="",
    metavar="POLICY",
    help="Who must have signed the decisions: as check-gate's. [default: that of check-gate]",
)
@click.option("--format", "style", type=click.Choice(FORMATS), default="text")
def COMMAND(  # noqa: N802 - the constant that the table loads
    environment: str,
    everywhere: bool,  # noqa: FBT001 - a flag
    since: str,
    records: str,
    policy: str,
    style: str,
) -> int:
    """List every deployment with the decision that let it in, and those without.

    Signatures are checked where check-gate's policy names who may sign: one that is not signed as
    it asks let nothing in. Without such a policy they are listed, and nobody checked them.

    Exits 1 where one has no decision that said yes, or a gate was forced, with a deployment or
    without, and nobody has reviewed it (`cdkit review-glass`); 3 where nothing was deployed; 4
    where a record cannot be read.
    """
    session = open_session()
    place, day = "" if everywhere else environment, _day(since)
    judged_by = _policy(policy, session)
    found = audit(place, day, records, session.world, judged_by)
    if found.deployments or found.forced:
        rows = [*map(_row, found.deployments), *map(_forced, found.forced)]
        if style == "text":
            print(
                listing([COLUMNS[n] for n in _SHOWN], ([r[n] for n in _SHOWN] for r in rows), style)
            )
        else:
            print(listing(COLUMNS, rows, style))
    code = unreadable((*judged_by.doubts, *found.unreadable))
    faults = [one.fault for one in found.deployments if one.fault]
    faults += [one.fault for one in found.forced if one.fault]
    print(f"{len(found.deployments)} deployments, {len(faults)} with a fault", file=sys.stderr)
    if trust_of(judged_by.policy) is None:
        told = "nobody checked who signed these decisions: give --policy one that names `signers`"
        print(f"cdkit: {told}", file=sys.stderr)
    else:
        by = judged_by.source
        print(f"cdkit: held against the policy {by.where} ({by.digest})", file=sys.stderr)
        for note in judged_by.notes:
            print(f"cdkit: {note}", file=sys.stderr)
    if faults:
        return int(Exit.NO)
    if not found.deployments and not found.forced and not code:
        where = "anywhere" if everywhere else f"to {environment[:80]!r}"
        raise NoInput(
            f"no record says that anything was deployed {where}",
            remedy="`cdkit emit-event` records what is deployed",
        )
    return code


def _policy(flag: str, session: Session) -> FoundPolicy:
    """Return the policy, found as check-gate finds it: flag, variable, the branch's settings."""
    environ = session.world.environ

    def resolved(section: Options | None) -> Options:
        return resolve(GATE, {"policy": flag or None}, environ, section)

    own = section_of(GATE, session.sections(needed_sections(GATE)))
    step, options = judging(GATE, session, own, resolved)
    if step is not GATE:
        step.run(options, session.world)  # says why nobody can tell which settings count
    return find_policy(getattr(options, "policy", ""), session.world)


def _signature(one: Signature) -> tuple[str, str]:
    return one.state, ", ".join(one.by)


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
        *(_signature(one.signature) if decision else ("", "")),
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
        *(decision.incident, one.reviewed_by, *_signature(one.signature), one.fault),
    )
