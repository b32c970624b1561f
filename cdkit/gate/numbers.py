"""The numbers that a policy bounds: one in a fact, or those of all shards together."""

from collections.abc import Sequence

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Evidence
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell, no, yes
from cdkit.gate.policy import Requirement

_PERCENT = frozenset({"lines", "branches"})
"""Numbers that shards do not add up to; the smallest is certain."""


def bounds(wanted: Requirement, facts: Sequence[Fact], opening: str) -> list[Reason]:
    """Hold the numbers of the facts against the policy's bounds.

    Every fact must keep every bound; the shards of a job are taken together. A number that a fact
    does not hold is "cannot tell".
    """
    reasons = []
    for numbers, where in _groups(facts):
        for name, bound in wanted.at_least.items():
            reasons.append(_bound(wanted, numbers, name, bound, where, opening, least=True))
        for name, bound in wanted.at_most.items():
            reasons.append(_bound(wanted, numbers, name, bound, where, opening, least=False))
    return reasons


def _groups(facts: Sequence[Fact]) -> list[tuple[dict[str, float], str]]:
    single = [(fact.numbers, _place(fact)) for fact in facts if fact.document.origin.shards <= 1]
    jobs: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.document.origin.shards > 1:
            jobs.setdefault(fact.document.origin.job, []).append(fact)
    return single + [(_together(shards), shards[0].where) for shards in jobs.values()]


def _place(fact: Fact) -> str:
    """Return the report that a number was read from, or the fact where it was not just one."""
    reports = fact.document.reports if isinstance(fact.document, Evidence) else ()
    return reports[0].path if len(reports) == 1 else fact.where


def _together(shards: list[Fact]) -> dict[str, float]:
    """Add up what every shard holds."""
    each = [fact.numbers for fact in shards]
    names = set.intersection(*(set(numbers) for numbers in each))
    return {
        name: min(numbers[name] for numbers in each)
        if name in _PERCENT
        else sum(numbers[name] for numbers in each)
        for name in names
    }


def _bound(
    wanted: Requirement,
    numbers: dict[str, float],
    name: str,
    bound: float,
    where: str,
    opening: str,
    *,
    least: bool,
) -> Reason:
    kind, word = wanted.evidence, "at least" if least else "at most"
    place = Location(path=where)
    found = numbers.get(name)
    if found is None:
        return cannot_tell(
            f"{kind}: the policy wants {name} {word} {bound:g}, and the fact holds no such number",
            where=place,
            remedy=_instead(name, numbers, opening),
        )
    if found >= bound if least else found <= bound:
        return yes(f"{kind}: {name} is {found:g} ({word} {bound:g})")
    change = "raise" if least else "lower"
    return no(
        f"{kind}: {name} is {found:g}, and must be {word} {bound:g}",
        where=place,
        remedy=f"{change} {name} to {bound:g}; then {opening}",
    )


def _instead(name: str, numbers: dict[str, float], opening: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, numbers, n=1)
    if near:
        return f"did the policy mean {near[0]!r}?"
    if not numbers:
        return f"{opening}, from a report that holds numbers"
    return f"let the policy ask for one that it holds: {', '.join(sorted(numbers))}"
