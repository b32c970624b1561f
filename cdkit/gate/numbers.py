"""The numbers that a policy bounds: one in a fact, or those of all shards together."""

from collections.abc import Sequence

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Evidence
from cdkit.core.finding import Location
from cdkit.core.verdict import Reason, cannot_tell, no, yes
from cdkit.gate.policy import Requirement
from cdkit.gate.select import Selected, slot_of

_ADDED = frozenset({"duration", "executed", "requests", "failed_requests"})
"""Numbers of evidence that shards add up to, beside counts of tests and of findings."""


def bounds(wanted: Requirement, selected: Selected, opening: str) -> list[Reason]:
    """Hold the numbers of the facts against the policy's bounds.

    Every fact must keep every bound; the shards of a job are taken together. Tests that failed in
    an earlier attempt are flaky. A number that a fact does not hold is "cannot tell".
    """
    reasons = []
    for least, asked in ((True, wanted.at_least), (False, wanted.at_most)):
        for numbers, where in groups(selected, least=least) if asked else ():
            for name, bound in asked.items():
                reasons.append(_bound(wanted, numbers, name, bound, where, opening, least=least))
    return reasons


def groups(selected: Selected, *, least: bool) -> list[tuple[dict[str, float], str]]:
    """Return the numbers of each fact, of the shards of a job together, and where they stood.

    Where one shard has several facts, and of what shards do not add up to (percent, percentiles),
    it is the number that a bound below is least sure to keep, or else one above.
    """
    jobs: dict[tuple[str, str], list[Fact]] = {}
    for fact in selected.facts:
        origin = fact.document.origin
        name = ("", origin.job) if origin.shards > 1 else (fact.digest, origin.job)
        jobs.setdefault(name, []).append(fact)
    flaky = _flaky(selected.retried)
    groups = []
    for (_, job), facts in jobs.items():
        numbers = _together(facts, least=least) if len(facts) > 1 else dict(facts[0].numbers)
        if "flaky" in numbers:
            numbers["flaky"] += flaky.get(job, 0)
        groups.append((numbers, _place(facts[0]) if len(facts) == 1 else facts[0].where))
    return groups


def _flaky(retried: Sequence[Fact]) -> dict[str, int]:
    """Count, by job, the tests that failed in earlier attempts; those left out are some more."""
    names: dict[str, set[str]] = {}
    more: dict[str, int] = {}
    for fact in retried:
        document = fact.document
        if isinstance(document, Evidence):
            job = document.origin.job
            names.setdefault(job, set()).update(failure.name for failure in document.failures)
            more[job] = max(more.get(job, 0), document.failures_left_out)
    return {job: len(found) + more[job] for job, found in names.items()}


def _place(fact: Fact) -> str:
    """Return the report that a number was read from, or the fact where it was not just one."""
    reports = fact.document.reports if isinstance(fact.document, Evidence) else ()
    return reports[0].path if len(reports) == 1 else fact.where


def _together(facts: list[Fact], *, least: bool) -> dict[str, float]:
    """Add up what every shard holds, each shard once."""
    pick = min if least else max
    slots: dict[tuple[str, int, int], list[dict[str, float]]] = {}
    for fact in facts:
        slots.setdefault(slot_of(fact), []).append(fact.numbers)
    each = [
        {name: pick(one[name] for one in slot) for name in _all(slot)} for slot in slots.values()
    ]
    added = frozenset.intersection(*(_added(fact) for fact in facts))
    return {
        name: sum(one[name] for one in each) if name in added else pick(one[name] for one in each)
        for name in _all(each)
    }


def _all(each: list[dict[str, float]]) -> set[str]:
    """Return the names that all of them hold."""
    return set.intersection(*(set(numbers) for numbers in each))


def _added(fact: Fact) -> frozenset[str]:
    """Return the numbers of a fact that add up with those of another shard."""
    document = fact.document
    if not isinstance(document, Evidence):
        return frozenset(fact.numbers)
    counts = document.counts.__struct_fields__ if document.counts else ()
    return _ADDED.union(counts, document.found)


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
