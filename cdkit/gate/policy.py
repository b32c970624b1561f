"""The policy: stages in order, and the evidence that an image needs to enter each and to stay."""

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from typing import Literal

from msgspec import Struct

from cdkit.core.errors import RequestError
from cdkit.core.trust import Trust

AGE = re.compile(r"([1-9][0-9]{0,4})(m|h|d|w)", re.ASCII)
GONE = 5.0
"""Percent of the tests that may be gone where nobody says how many."""

RUNS = 5
"""Releases that it takes to judge a measured number where nobody says how many."""

_NO_TESTS = frozenset({"identity", "migrations", "vulnerabilities"})
"""Kinds that our own steps leave, which no tests are counted in."""

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Contracts(Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """Where the release must be all that runs that a contract of a migration waits for.

    Without `environments` all that a record speaks of, without `services` all that run there.
    """

    environments: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


class Approvals(Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """How many people must stand for the change, and who counts: anybody where `by` is empty.

    The author of the change never counts.
    """

    count: int = 1
    by: tuple[str, ...] = ()


class Requirement(Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """One kind of evidence that must be there, must say yes, and what more is asked of it.

    `at-least` and `at-most` bound any number in the fact, by its name (`executed`, `lines`,
    `high`); `max-age` is `30m`, `12h`, `7d` or `2w`. `same-source: true` wants evidence that was
    found out on the very source that the image was built from, and knows it; `false` does not ask;
    left out, only evidence of a source that is known to be another is refused. `same-run: true`
    wants it from the run that built the image. `about: image` wants facts about the image itself,
    so that those about its source do not count. `signed-by` names keys or identities, of which one
    must have signed, beside one of the policy's own `signed-by` where that is there.

    `tests` are names of tests that must have run and passed (`*` and `?` match); `tests-gone` is
    how many percent of the tests that ran for what runs in the policy's baseline may be gone (5).
    `no-worse` is by how many percent a number may be worse than in the releases before
    (`{p95: 10}`), told from their noise; `runs` is how many of them it takes to judge (5).

    `says` is what a statement must say of itself, by name (`{builder: "https://…/build.yml@*"}`,
    where `*` and `?` match). `approvals` says how many people must stand for the change.
    `contracts` says against what runs where the contracts of migrations are held; they always are.
    `stage` goes with `evidence: decision`: a gate must have let the image into that stage, of this
    policy or of another team's, and the last that was asked must have.
    """

    evidence: str
    stage: str = ""
    at_least: dict[str, float] = {}
    at_most: dict[str, float] = {}
    max_age: str = ""
    same_source: bool | None = None
    same_run: bool = False
    about: Literal["any", "image"] = "any"
    signed_by: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    tests_gone: float | None = None
    no_worse: dict[str, float] = {}
    runs: int | None = None
    says: dict[str, str] = {}
    approvals: Approvals | None = None
    contracts: Contracts | None = None


class Stage(Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """A stage: what an image needs to enter it, and what is then asked of it there.

    Entering takes what the stages before ask, to enter and to stay, and this one's `enter`.
    `environment` is where images of this stage are deployed; without one, the stage's own name.
    """

    name: str
    enter: tuple[Requirement, ...] = ()
    stay: tuple[Requirement, ...] = ()
    environment: str = ""


class Quarantine(Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """A test that may fail, through its last day in UTC; it is run, and shown, all the same.

    `test` is its name (`*` and `?` match); `evidence` the kind that it counts in, each where empty.
    """

    test: str
    reason: str
    owner: str
    expires: str
    evidence: str = ""


class PolicyWaiver(Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """A requirement that need not be kept, through its last day in UTC, for a reason.

    `evidence` is its kind. `rule` narrows it to one rule or vulnerability, `image` to one digest
    (`sha256:…`), `stage` to the stage that asks.
    """

    evidence: str
    reason: str
    owner: str
    expires: str
    rule: str = ""
    image: str = ""
    stage: str = ""


class BreakGlass(Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """Who may open the gate in an emergency, and for how many hours an incident counts.

    Anybody whom the CI system vouches for where `by` is empty; nobody where `hours` is 0.
    """

    by: tuple[str, ...] = ()
    hours: int = 4


class Policy(Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """A policy: its version, which is 1, and its stages in the order that images pass them.

    `signers` are keys and identities whose signatures are worth anything; with one of them, every
    signed fact is checked, and one that nobody known signed cannot be read.
    `extends` is another policy (a file, `git:REVISION:PATH`, `oci://…`) that this one adds to and
    changes; what `locked` names there (a stage, a kind of evidence, `STAGE/KIND`, `*`) can only be
    made stricter. `baseline` is the environment whose release is compared with. One of
    `signed-by` must have signed every fact that counts, whatever a requirement asks besides;
    `may-waive` is whose waivers count.
    """

    version: int
    stages: tuple[Stage, ...] = ()
    extends: str = ""
    locked: tuple[str, ...] = ()
    baseline: str = "production"
    signed_by: tuple[str, ...] = ()
    signers: Trust = Trust()
    quarantine: tuple[Quarantine, ...] = ()
    waivers: tuple[PolicyWaiver, ...] = ()
    may_waive: tuple[str, ...] = ()
    break_glass: BreakGlass | None = None


def _of(*kinds: str) -> tuple[Requirement, ...]:
    return tuple(Requirement(evidence=kind) for kind in kinds)


DEFAULT = Policy(
    version=1,
    stages=(
        Stage(
            name="development",
            enter=_of("identity"),
            stay=_of("unit", "lint", "static-analysis", "review"),
        ),
        Stage(
            name="integration",
            stay=_of("migrations", "data-driven", "end-to-end", "regression", "performance"),
        ),
        Stage(
            name="delivery",
            enter=(Requirement(evidence="vulnerabilities", max_age="7d", about="image"),),
            stay=_of("functional", "dast", "pre-production"),
        ),
        Stage(
            name="deployment",
            stay=(
                Requirement(evidence="vulnerabilities", max_age="1d", about="image"),
                *_of("slo", "canary"),
            ),
            environment="production",
        ),
    ),
)
"""What counts where nobody wrote a policy: the four stages of a delivery pipeline, in full."""


def required(
    policy: Policy, stage: str, *, stay: bool = False
) -> tuple[tuple[str, Requirement], ...]:
    """Return what entering a stage takes: its own requirements after those of earlier stages.

    With `stay`, what is asked of an image that is in it. Each comes with the name of the stage
    that asks for it. Raises RequestError where the policy has no such stage.
    """
    wanted = stage_of(policy, stage)
    if stay:
        return tuple((stage, one) for one in wanted.stay)
    before = policy.stages[: policy.stages.index(wanted)]
    earlier = [(one.name, asks) for one in before for asks in (*one.enter, *one.stay)]
    return (*earlier, *((stage, one) for one in wanted.enter))


def stage_of(policy: Policy, stage: str) -> Stage:
    """Return a stage of the policy. Raises RequestError where it has no such stage."""
    names = [known.name for known in policy.stages]
    if stage not in names:
        raise RequestError(
            f"the policy has no stage {stage[:80]!r}", where="stage", remedy=_nearest(stage, names)
        )
    return policy.stages[names.index(stage)]


def trust_of(policy: Policy) -> Trust | None:
    """Return whose signatures a policy trusts; None where it names nobody."""
    signers = policy.signers
    return signers if signers.keys or signers.identities else None


SignerLists = tuple[tuple[str, ...], ...]
"""Lists of names; of each of them somebody must have signed."""


def asked_of(policy: Policy, *wanted: Requirement) -> SignerLists:
    """Return the lists of who may sign a fact, of each of which somebody must have signed it.

    The policy's own list holds for every fact, those of the requirements for theirs as well.
    """
    lists = (policy.signed_by, *(one.signed_by for one in wanted))
    return tuple(dict.fromkeys(filter(None, lists)))


def asking(policy: Policy) -> Iterator[Requirement]:
    """Yield every requirement of a policy, whichever stage asks it."""
    for stage in policy.stages:
        yield from (*stage.enter, *stage.stay)


def asked_of_kind(policy: Policy, kind: str, stage: str = "") -> SignerLists:
    """Return the lists of who may sign facts of a kind, wherever the policy asks for them.

    `stage` is that of the decisions, where the kind is `decision`.
    """
    wanted = (one for one in asking(policy) if one.evidence == kind and one.stage == stage)
    return asked_of(policy, *wanted)


def asked_of_identities(policy: Policy, stage: str, question: str) -> SignerLists:
    """Return the lists of who may sign what an image was built from, as a question asks it.

    Going back asks what the policy asks of every fact, and no more.
    """
    if question == "return":
        return asked_of(policy)
    wanted = (one for _, one in required(policy, stage, stay=question == "stay"))
    return asked_of(policy, *(one for one in wanted if one.evidence == "identity"))


def unsigned_by(asked: Iterable[tuple[str, ...]], signers: Collection[str]) -> SignerLists:
    """Return of those lists that are asked the ones of which nobody is among the signers."""
    return tuple(names for names in asked if not set(names) & set(signers))


def signers_told(lists: Iterable[tuple[str, ...]]) -> str:
    """Return in words that somebody of each of these lists is wanted."""
    return ", and ".join(" or ".join(names) for names in lists)


def environment_of(policy: Policy, stage: str) -> str:
    """Return where images of a stage are deployed."""
    return stage_of(policy, stage).environment or stage


def looks_back(wanted: Requirement) -> bool:
    """Whether a requirement compares with the releases before: tests do, unless told not to."""
    gone = GONE if wanted.tests_gone is None else wanted.tests_gone
    return bool(wanted.no_worse) or (gone < 100 and wanted.evidence not in _NO_TESTS)


def locks_nothing(policy: Policy) -> Iterator[tuple[str, str]]:
    """Yield each name in `locked` that is of nothing here, and so locks nothing; and what to do.

    A policy that extends another may lock what that one asks: it is held together with it.
    """
    asked = [
        (stage.name, one.evidence) for stage in policy.stages for one in (*stage.enter, *stage.stay)
    ]
    known = {"*", *(stage.name for stage in policy.stages)}
    known |= {kind for _, kind in asked} | {f"{stage}/{kind}" for stage, kind in asked}
    for name in policy.locked:
        if name not in known:
            yield (
                f"`locked` names {name[:80]!r}, which the policy has not: nothing is locked",
                "name a stage, a kind of evidence that one asks for, STAGE/KIND, or `*`",
            )


def age_of(text: str) -> timedelta:
    """Return the time that `30m`, `12h`, `7d` or `2w` means; the text must have been checked."""
    found = AGE.fullmatch(text)
    if found is None:
        raise RequestError(
            f"{text[:80]!r} is no age", where="max-age", remedy="write it as 12h or 7d"
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _nearest(stage: str, names: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(stage, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"its stages: {', '.join(names) or 'none'}"
