"""Which deployments are one and the same, told by several places."""

from collections.abc import Iterable
from typing import TypeAlias

from msgspec.structs import replace

from cdkit.dora.source import Seen

_Run: TypeAlias = tuple[str, str, str, str]


def distinct(seen: Iterable[Seen]) -> tuple[Seen, ...]:
    """Return each deployment once, oldest first.

    The same service, environment and id is the same deployment: a fact, and the event about it. A
    run's deployment of the same service and commit is too: what emit-event recorded, and what the
    CI system made for the job's `environment:`. Where that one does not tell its service, it stands
    for all that the run recorded. One that failed is none that the run recorded as a good one.
    """
    merged: dict[tuple[str, str, str], Seen] = {}
    for number, one in enumerate(sorted(seen, key=_order)):
        deployed = one.deployed
        name = (deployed.service, deployed.environment, deployed.id or f"\0{number}")
        known = merged.get(name)
        merged[name] = one if known is None else _joined(known, one)
    return _by_run(merged.values())


def _order(one: Seen) -> tuple[object, ...]:
    """Return what deployments are put in order by: those of the same second as the SQL has them."""
    made = one.deployed
    return made.at, made.id, made.digest, made.commit, made.outcome


def _joined(first: Seen, second: Seen) -> Seen:
    """Return what two places know of one deployment: the digest and the plan count."""
    one, other = first.deployed, second.deployed
    deployed = replace(
        one,
        digest=one.digest if one.digest.startswith("sha256:") else other.digest or one.digest,
        commit=one.commit or other.commit,
        planned=one.planned if one.planned is not None else other.planned,
        rollback=one.rollback if one.rollback is not None else other.rollback,
        team=one.team or other.team,
        who=one.who or other.who,
        url=one.url or other.url,
        outcome="failure" if "failure" in {one.outcome, other.outcome} else "success",
    )
    names = tuple(dict.fromkeys((*first.names, *second.names, other.id)))
    return replace(first, deployed=deployed, run=first.run or second.run, names=names)


def _by_run(seen: Iterable[Seen]) -> tuple[Seen, ...]:
    """Leave out what a run made as well that recorded its deployments itself."""
    told = tuple(seen)
    recorded: dict[_Run, list[int]] = {}
    for place, one in enumerate(told):
        if one.source == RECORDED and one.run:
            recorded.setdefault(_run_of(one), []).append(place)
    kept: list[Seen | None] = list(told)
    for place, one in enumerate(told):
        if one.source == RECORDED or not one.run:
            continue
        for other in recorded.get(_run_of(one), ()):
            own = kept[other]
            if own is not None and (one.vague or own.deployed.service == one.deployed.service):
                kept[other] = replace(own, names=(*own.names, one.deployed.id, *one.names))
                kept[place] = None
    return tuple(one for one in kept if one is not None)


def _run_of(one: Seen) -> _Run:
    made = one.deployed
    return one.run, made.environment, made.commit, made.outcome


RECORDED = "records"
"""The source of what our own facts tell."""
