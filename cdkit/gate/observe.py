"""A policy from what was: the one that the last releases would have passed, and a tighter one.

Nothing is guessed: a kind of evidence is asked for where each of the releases had it and it said
yes, a number is bounded by the worst that one of them reached, and what is written is held against
all of them before anybody sees it.
"""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct, structs

from cdkit.core.documents.collected import Collected
from cdkit.core.documents.kinds import OWN_KINDS
from cdkit.core.verdict import Answer
from cdkit.gate.case import Release
from cdkit.gate.decide import decide
from cdkit.gate.numbers import groups
from cdkit.gate.policy import DEFAULT, Policy, Requirement, Stage, asking
from cdkit.gate.select import Selected, select
from cdkit.gate.subject import Request, known_of

_LEAST = ("executed", "lines")
"""Numbers that are bounded below where every release has them: tests that ran, lines covered."""

_FIRST = "development"
_MOST_AGE = {"vulnerabilities": "7d"}


class Observed(Struct, frozen=True, kw_only=True):
    """A policy, and what was seen and not asked for, with why."""

    policy: Policy
    left_out: tuple[str, ...] = ()


def observe(releases: Sequence[Release], now: datetime, environment: str) -> Observed:
    """Return the policy that all of these releases would have passed."""
    kinds = _kinds(releases, now)
    wanted = {kind: _requirement(kind, releases, now) for kind, count in kinds.items() if count}
    left_out = [
        f"{kind}: {count} of {len(releases)} releases had it, and it said yes"
        for kind, count in kinds.items()
        if count < len(releases)
    ]
    kept = {kind: one for kind, one in wanted.items() if kinds[kind] == len(releases)}
    for kind, requirement in list(kept.items()):
        why = _shut(requirement, releases, now)
        if why:
            left_out.append(f"{kind}: {why}")
            del kept[kind]
    return Observed(policy=_staged(kept, environment), left_out=tuple(left_out))


def _kinds(releases: Iterable[Release], now: datetime) -> dict[str, int]:
    """Count, by kind of evidence, the releases for which it was there and said yes."""
    counts: dict[str, int] = {}
    for release in releases:
        collected = Collected(facts=release.facts)
        for kind in sorted({fact.kind for fact in release.facts}):
            if kind in OWN_KINDS - {"identity"}:
                continue
            counts.setdefault(kind, 0)
            chosen = _selected(Requirement(evidence=kind), release, collected, now).facts
            answers = {fact.verdict.answer for fact in chosen if fact.verdict}
            counts[kind] += bool(chosen) and answers <= {Answer.YES}
    return counts


def _selected(
    wanted: Requirement, release: Release, collected: Collected, now: datetime
) -> Selected:
    request = _request(release)
    known = known_of(request, collected, now)
    return select(wanted, request, collected, known, now)


def _request(release: Release, stage: str = "deployment") -> Request:
    return Request(image=release.image, key=release.key, stage=stage)


def _requirement(kind: str, releases: Sequence[Release], now: datetime) -> Requirement:
    wanted = Requirement(
        evidence=kind,
        about="image" if kind == "vulnerabilities" else "any",
        max_age=_MOST_AGE.get(kind, ""),
    )
    bounds = {}
    for name in _LEAST:
        reached = reached_by(wanted, name, releases, now)
        if len(reached) == len(releases) and min(reached) > 0:
            bounds[name] = math.floor(min(reached))
    return structs.replace(wanted, at_least=bounds)


def reached_by(
    wanted: Requirement,
    name: str,
    releases: Iterable[Release],
    now: datetime,
    *,
    most: bool = False,
) -> list[float]:
    """Return the worst of a number in each release that has it.

    That is the smallest of its facts' numbers, or with `most` the largest.
    """
    found = []
    for release in releases:
        selected = _selected(wanted, release, Collected(facts=release.facts), now)
        held = groups(selected, least=not most)
        values = [numbers[name] for numbers, _ in held if name in numbers]
        if values:
            found.append(max(values) if most else min(values))
    return found


def _shut(wanted: Requirement, releases: Iterable[Release], now: datetime) -> str:
    """Return why a release would not have passed a requirement; empty where all would."""
    timeless = structs.replace(wanted, max_age="", tests_gone=100)
    alone = Policy(version=1, stages=(Stage(name="deployment", enter=(timeless,)),))
    for release in releases:
        ruling = decide(_request(release), alone, Collected(facts=release.facts), now)
        if ruling.verdict.answer is not Answer.YES:
            reason = next(r for r in ruling.verdict.reasons if r.answer is not Answer.YES)
            return f"{release.key[:19]}… would not have passed: {reason.what}"
    return ""


def _staged(kept: dict[str, Requirement], environment: str) -> Policy:
    """Put each kind into the stage that the default policy has it in, else into the first."""
    stages = []
    known = {one.evidence for one in asking(DEFAULT)}
    for stage in DEFAULT.stages[:-1]:
        enter = tuple(kept[one.evidence] for one in stage.enter if one.evidence in kept)
        stay = tuple(kept[one.evidence] for one in stage.stay if one.evidence in kept)
        if stage.name == _FIRST:
            stay = (*stay, *(one for kind, one in kept.items() if kind not in known))
        stages.append(Stage(name=stage.name, enter=enter, stay=stay))
    last = DEFAULT.stages[-1]
    stages.append(Stage(name=last.name, environment=environment))
    return Policy(version=1, stages=tuple(stages))


def written(observed: Observed, releases: Sequence[Release]) -> str:
    """Return a policy as the file that people keep, with what it rests on."""
    return "\n".join(_lines(observed, releases)) + "\n"


def _lines(observed: Observed, releases: Sequence[Release]) -> Iterator[str]:
    yield "# Written by `cdkit init --observe`: what these releases would have passed."
    yield from (f"#   {' '.join(f'{one.image} {one.deployed_at}'.split())}" for one in releases)
    yield "# `cdkit ratchet` tightens its numbers to what later ones reach."
    yield from (f"# not asked for: {' '.join(text.split())}" for text in observed.left_out)
    yield "version: 1"
    yield "stages:"
    for stage in observed.policy.stages:
        yield f"  - name: {stage.name}"
        if stage.environment:
            yield f"    environment: {json.dumps(stage.environment)}"
        for key, asked in (("enter", stage.enter), ("stay", stage.stay)):
            if asked:
                yield f"    {key}:"
            for one in asked:
                yield from _requirement_lines(one)


def _requirement_lines(wanted: Requirement) -> Iterator[str]:
    yield f"      - evidence: {wanted.evidence}"
    if wanted.at_least:
        bounds = ", ".join(f"{name}: {bound:g}" for name, bound in wanted.at_least.items())
        yield f"        at-least: {{{bounds}}}"
    if wanted.about == "image":
        yield "        about: image"
    if wanted.max_age:
        yield f"        max-age: {wanted.max_age}"
