"""The policy: stages in order, and the evidence that an image needs to enter each of them."""

import math
import re
from datetime import timedelta
from typing import Literal

from msgspec import Struct

from cdkit.core.config import load
from cdkit.core.errors import ConfigError, Fault, RequestError
from cdkit.core.finding import Location
from cdkit.core.trust import Trust

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)
_AGE = re.compile(r"([1-9][0-9]{0,4})(m|h|d|w)", re.ASCII)
_NO_EVIDENCE = frozenset({"decision", "deployment"})
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Contracts(Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """Where the release must be all that runs that a contract of a migration waits for.

    Without `environments` all that a record speaks of, without `services` all that run there.
    """

    environments: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


class Requirement(Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """One kind of evidence that must be there, must say yes, and what more is asked of it.

    `at-least` and `at-most` bound any number in the fact, by its name (`executed`, `lines`,
    `high`); `max-age` is `30m`, `12h`, `7d` or `2w`. `same-source: true` wants evidence that was
    found out on the very source that the image was built from, and knows it; `false` does not ask;
    left out, only evidence of a source that is known to be another is refused. `about: image`
    wants facts about the image itself, so that those about its source do not count. `contracts`
    says against what runs where the contracts of migrations are held; they always are. `signed-by`
    names signers of the policy, of whom one at least must have signed each fact.
    """

    evidence: str
    at_least: dict[str, float] = {}
    at_most: dict[str, float] = {}
    max_age: str = ""
    same_source: bool | None = None
    about: Literal["any", "image"] = "any"
    contracts: Contracts | None = None
    signed_by: tuple[str, ...] = ()


class Stage(Struct, frozen=True, kw_only=True, rename="kebab"):
    """A stage, and what an image needs to enter it, beside what the stages before it need."""

    name: str
    enter: tuple[Requirement, ...] = ()


class Policy(Struct, frozen=True, kw_only=True, rename="kebab"):
    """A policy: its version, which is 1, and its stages in the order that images pass them.

    `signers` are those whose signatures under facts are worth anything: see docs/signing.md.
    """

    version: int
    stages: tuple[Stage, ...]
    signers: Trust = Trust()


DEFAULT = Policy(
    version=1,
    stages=(
        Stage(
            name="development",
            enter=(
                Requirement(evidence="identity"),
                Requirement(evidence="unit", at_least={"executed": 1}),
            ),
        ),
        Stage(name="integration", enter=(Requirement(evidence="migrations"),)),
        Stage(
            name="delivery",
            enter=(Requirement(evidence="vulnerabilities", max_age="7d", about="image"),),
        ),
        Stage(name="deployment"),
    ),
)
"""What counts where nobody wrote a policy: the evidence that cdkit's own steps leave."""


def read_policy(data: bytes, *, where: str) -> Policy:
    """Read a policy file. Raises ConfigError with every fault in it."""
    policy = load(data, Policy, where=where)
    faults = [
        Fault(what, where=Location(path=where, line=_line_of(data, text)), remedy=remedy)
        for what, text, remedy in _faults(policy)
    ]
    if faults:
        raise ConfigError(tuple(faults))
    return policy


def required(policy: Policy, stage: str) -> tuple[tuple[str, Requirement], ...]:
    """Return what entering a stage takes: its own requirements after those of earlier stages.

    Each comes with the name of the stage that asks for it. Raises RequestError where the policy
    has no such stage.
    """
    names = [known.name for known in policy.stages]
    if stage not in names:
        raise RequestError(
            f"the policy has no stage {stage[:80]!r}", where="stage", remedy=_nearest(stage, names)
        )
    passed = policy.stages[: names.index(stage) + 1]
    return tuple((known.name, wanted) for known in passed for wanted in known.enter)


def age_of(text: str) -> timedelta:
    """Return the time that `30m`, `12h`, `7d` or `2w` means; the text must have been checked."""
    found = _AGE.fullmatch(text)
    if found is None:
        raise RequestError(
            f"{text[:80]!r} is no age", where="max-age", remedy="write it as 12h or 7d"
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _nearest(stage: str, names: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(stage, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"its stages: {', '.join(names) or 'none'}"


def _faults(policy: Policy) -> list[tuple[str, str, str]]:
    """Return (what, text to find its line by, remedy) for all that the types do not forbid."""
    faults = []
    if policy.version != 1:
        faults.append((f"is a policy of version {policy.version}", "version", "write `version: 1`"))
    names = [stage.name for stage in policy.stages]
    faults += [
        (f"the stage {name!r} stands twice", name, "give each stage a name of its own")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    faults += [
        (f"{name[:80]!r} is no name of a stage", name, "use small letters, digits and hyphens")
        for name in names
        if not _NAME.fullmatch(name)
    ]
    known = {one.name for one in (*policy.signers.keys, *policy.signers.identities)}
    for stage in policy.stages:
        for wanted in stage.enter:
            faults += _faults_of(wanted)
            faults += [
                (
                    f"{name[:80]!r} is none of the policy's signers",
                    name,
                    f"name one of: {', '.join(sorted(known))}"
                    if known
                    else "name the keys and identities that may sign, under `signers`",
                )
                for name in wanted.signed_by
                if name not in known
            ]
    return faults


def _faults_of(wanted: Requirement) -> list[tuple[str, str, str]]:
    faults = []
    if not _NAME.fullmatch(wanted.evidence):
        faults.append(
            (
                f"{wanted.evidence[:80]!r} is no kind of evidence",
                wanted.evidence,
                "use small letters, digits and hyphens, such as `unit`",
            )
        )
    if wanted.evidence in _NO_EVIDENCE:
        faults.append(
            (
                f"a {wanted.evidence} is no evidence: gates and roll-outs leave it",
                wanted.evidence,
                "ask for what the decision should rest on; earlier stages are asked anyway",
            )
        )
    if wanted.contracts is not None and wanted.evidence != "migrations":
        faults.append(
            (
                f"{wanted.evidence[:80]!r} has no contracts",
                "contracts",
                "move `contracts` to the requirement `evidence: migrations`",
            )
        )
    if wanted.max_age and not _AGE.fullmatch(wanted.max_age):
        faults.append(
            (f"{wanted.max_age[:80]!r} is no age", wanted.max_age, "write it as 30m, 12h, 7d or 2w")
        )
    faults += [
        (f"{number} is bounded by {bound}", number, "write a number that can be reached")
        for number, bound in (*wanted.at_least.items(), *wanted.at_most.items())
        if not math.isfinite(bound)
    ]
    return faults


def _line_of(data: bytes, text: str) -> int:
    """Return the first line that holds this text as a word; 0 where none does."""
    word = re.compile(rf"(?<![\w-]){re.escape(text)}(?![\w-])")
    lines = data.decode("utf-8", "replace").splitlines()
    return next((number for number, line in enumerate(lines, 1) if text and word.search(line)), 0)
