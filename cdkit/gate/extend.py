"""One policy on top of another: it adds, and what the other locked only becomes stricter.

Stricter is told key by key, so that a yes of the extended policy is a yes of the other one as well:
a bound that is harder to keep, a shorter age, fewer people who may sign, approve, waive. What
cannot be put in such an order (`about`, the baseline) must stay as it is where it is locked.
"""

from collections.abc import Iterator
from functools import reduce
from typing import TypeVar

from msgspec import structs

from cdkit.core.errors import ConfigError, Fault
from cdkit.core.finding import Location
from cdkit.core.trust import Trust
from cdkit.gate.policy import (
    GONE,
    RUNS,
    BreakGlass,
    Contracts,
    Policy,
    Requirement,
    Stage,
    age_of,
    locks_nothing,
    looks_back,
)

_ALL = "*"
_Told = Iterator[tuple[str, str]]
"""What is less strict, and what to do instead."""

K = TypeVar("K")


def extend(base: Policy, more: Policy, *, where: str) -> Policy:
    """Return a policy with what another adds to it and changes in it.

    Raises ConfigError, naming everything, where what is locked would be less strict.
    """
    stages = list(base.stages)
    after = len(stages)
    for stage in more.stages:
        at = next((n for n, known in enumerate(stages) if known.name == stage.name), -1)
        if at < 0:
            stages.insert(after, stage)
            after += 1
        else:
            stages[at] = _stage(stages[at], stage)
            after = at + 1
    policy = Policy(
        version=1,
        stages=tuple(stages),
        locked=tuple(dict.fromkeys((*base.locked, *more.locked))),
        baseline=base.baseline if more.baseline == Policy(version=1).baseline else more.baseline,
        signed_by=more.signed_by or base.signed_by,
        signers=Trust(
            keys=(*base.signers.keys, *more.signers.keys),
            identities=(*base.signers.identities, *more.signers.identities),
        ),
        quarantine=(*base.quarantine, *more.quarantine),
        waivers=(*base.waivers, *more.waivers),
        may_waive=more.may_waive or base.may_waive,
        break_glass=more.break_glass or base.break_glass,
    )
    mine = structs.replace(policy, locked=more.locked)
    told = (*_looser(base, more, policy), *locks_nothing(mine))
    faults = [Fault(what, where=Location(path=where), remedy=remedy) for what, remedy in told]
    if faults:
        raise ConfigError(tuple(faults))
    return policy


def _stage(base: Stage, more: Stage) -> Stage:
    return Stage(
        name=base.name,
        enter=_requirements(base.enter, more.enter),
        stay=_requirements(base.stay, more.stay),
        environment=more.environment or base.environment,
    )


def _requirements(
    base: tuple[Requirement, ...], more: tuple[Requirement, ...]
) -> tuple[Requirement, ...]:
    """Return requirements with others of the same kind laid over them, and the rest added."""
    mine = {_key(one) for one in base}
    changed = [
        reduce(_over, (other for other in more if _key(other) == _key(one)), one) for one in base
    ]
    return (*changed, *(one for one in more if _key(one) not in mine))


def _key(wanted: Requirement) -> tuple[str, str]:
    """Return what a requirement is known by: its kind, and of a decision its stage."""
    return (wanted.evidence, wanted.stage)


def _over(base: Requirement, more: Requirement) -> Requirement:
    """Lay a requirement over another: a key that it leaves out is the other's."""
    usual = Requirement(evidence=base.evidence, stage=base.stage)
    said = {
        name: getattr(more, name)
        for name in Requirement.__struct_fields__
        if getattr(more, name) != getattr(usual, name)
    }
    for name in ("at_least", "at_most", "no_worse", "says"):
        said[name] = {**getattr(base, name), **getattr(more, name)}
    said["tests"] = tuple(dict.fromkeys((*base.tests, *more.tests)))
    return structs.replace(base, **said)


def _looser(base: Policy, more: Policy, policy: Policy) -> _Told:
    """Yield what is locked and would be less strict."""
    if not base.locked:
        return
    for stage in base.stages:
        there = next(one for one in policy.stages if one.name == stage.name)
        if there.environment != stage.environment and _locks(base, stage.name):
            yield f"the environment of {stage.name} is locked", "leave `environment` out"
        for old, new in (
            *zip(stage.enter, there.enter, strict=False),
            *zip(stage.stay, there.stay, strict=False),
        ):
            if _locks(base, stage.name, old.evidence):
                for what, remedy in _less(old, new, base.signed_by):
                    yield f"{old.evidence} ({stage.name}) is locked: {what}", remedy
    yield from _around(base, policy)
    yield from _excused(base, more)
    yield from _people(base, policy)


def _around(base: Policy, policy: Policy) -> _Told:
    """Yield the new stages that lead into a place of another one's before what is locked there."""
    known = {stage.name for stage in base.stages}
    for at, new in enumerate(policy.stages):
        if new.name in known:
            continue
        places = {new.name, new.environment} - {""}
        later = [stage for stage in policy.stages[at:] if stage.name in known]
        for number, old in enumerate(later):
            passed = any(
                _locks(base, stage.name, one.evidence)
                for stage in later[: number + 1]
                for one in (*stage.enter, *(stage.stay if stage is not old else ()))
            )
            if passed and places & {old.name, old.environment}:
                place = new.environment or new.name
                what = f"{place} is entered by {old.name}, and {new.name} goes around that lock"
                yield what, f"put {new.name} behind {old.name}, or name another environment"


def _locks(policy: Policy, stage: str, kind: str = "") -> bool:
    names = {_ALL, stage} | ({kind, f"{stage}/{kind}"} if kind else set())
    return not names.isdisjoint(policy.locked)


def _less(old: Requirement, new: Requirement, signers: tuple[str, ...]) -> _Told:
    """Yield how one requirement asks less than another; `signers` may sign where it names none."""
    yield from _numbers(old, new)
    yield from _source(old, new)
    may_sign = old.signed_by or signers
    if new.signed_by and _fewer(new.signed_by, may_sign):
        yield f"only {', '.join(may_sign)} may sign", "name some of these"
    for name, pattern in old.says.items():
        if new.says[name] != pattern:
            yield f"{name} must say {pattern}", f"leave `{name}` out"
    if old.approvals and (
        new.approvals is None
        or new.approvals.count < old.approvals.count
        or _fewer(new.approvals.by, old.approvals.by)
    ):
        yield f"{old.approvals.count} people must approve", "ask for as many, of the same people"
    yield from _contracts(old.contracts or Contracts(), new.contracts or Contracts())


def _numbers(old: Requirement, new: Requirement) -> _Told:
    for name, bound in old.at_least.items():
        if new.at_least[name] < bound:
            yield f"{name} must stay at least {bound:g}", f"write {bound:g} or more"
    for name, bound in old.at_most.items():
        if new.at_most[name] > bound:
            yield f"{name} must stay at most {bound:g}", f"write {bound:g} or less"
    for name, margin in old.no_worse.items():
        if new.no_worse[name] > margin:
            yield f"{name} may be {margin:g} % worse at most", f"write {margin:g} or less"
    if _or(new.tests_gone, GONE) > _or(old.tests_gone, GONE):
        yield f"{_or(old.tests_gone, GONE):g} % of the tests may be gone", "write as much or less"
    if _or(new.runs, RUNS) > _or(old.runs, RUNS):
        yield f"it is judged from {_or(old.runs, RUNS)} releases on", "write as many or fewer"


def _source(old: Requirement, new: Requirement) -> _Told:
    if old.max_age and age_of(new.max_age) > age_of(old.max_age):
        yield f"it may be {old.max_age} old at most", f"write {old.max_age} or less"
    if new.same_source is False and old.same_source is not False:
        yield "its source is asked", "leave `same-source` out, or write true"
    elif old.same_source and not new.same_source:
        yield "its source must be known", "leave `same-source` out"
    if new.about != old.about:
        yield f"it is about {old.about}", "leave `about` out"


def _contracts(old: Contracts, new: Contracts) -> _Told:
    for name in ("environments", "services"):
        wide, narrow = getattr(old, name), getattr(new, name)
        if narrow and (not wide or not set(wide) <= set(narrow)):
            yield f"contracts are held in more {name}", f"leave `{name}` out, or name more"


def _fewer(new: tuple[str, ...], old: tuple[str, ...]) -> bool:
    """Whether a list of who may is wider than before; an empty one is everybody."""
    return bool(old) and (not new or not set(new) <= set(old))


def _or(value: K | None, usual: K) -> K:
    return usual if value is None else value


def _excused(base: Policy, more: Policy) -> _Told:
    """Yield what a policy excuses that the other one locked."""
    locked = {
        one.evidence
        for stage in base.stages
        for one in (*stage.enter, *stage.stay)
        if _locks(base, stage.name, one.evidence)
    }
    for quarantine in more.quarantine:
        if locked and quarantine.evidence in {"", *locked}:
            yield (
                f"the quarantine of {quarantine.test} speaks of what is locked",
                "name in `evidence` a kind that is not locked, or ask those who keep the policy",
            )
    for waiver in more.waivers:
        if waiver.evidence in locked:
            what = f"{waiver.evidence} is locked and cannot be waived here"
            yield what, "ask those who keep the policy that this one extends"


def _looks_back(base: Policy) -> bool:
    """Whether anything that is locked is compared with what runs in the baseline."""
    return _ALL in base.locked or any(
        _locks(base, stage.name, one.evidence) and looks_back(one)
        for stage in base.stages
        for one in (*stage.enter, *stage.stay)
    )


def _people(base: Policy, policy: Policy) -> _Told:
    if _fewer(policy.signed_by, base.signed_by):
        yield f"only {', '.join(base.signed_by)} may sign", "name some of these"
    if policy.signers != base.signers:
        yield "whose signatures count is said already", "leave `signers` out"
    if not set(policy.may_waive) <= set(base.may_waive):
        yield "who may waive is said already", "leave `may-waive` out, or name fewer"
    if policy.baseline != base.baseline and _looks_back(base):
        yield f"the baseline is {base.baseline}", "leave `baseline` out"
    old, new = base.break_glass or BreakGlass(), policy.break_glass or BreakGlass()
    if new.hours > old.hours or _fewer(new.by, old.by):
        yield "who may break the glass is said already", "name fewer people, fewer hours"
