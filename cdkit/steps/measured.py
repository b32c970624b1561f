"""The numbers of a release that its successors are compared with: tests, coverage, timings."""

from collections.abc import Iterable, Sequence

from cdkit.core.documents.dossier import Series
from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Evidence
from cdkit.gate.select import latest

_UNITS = {
    "tests run": "",
    "lines": "%",
    "branches": "%",
    "duration": "s",
}
_TIMINGS = ("p50", "p95", "p99")

Numbers = dict[tuple[str, str], tuple[float, str, bool]]
"""By evidence and name: the value, its unit, and whether that evidence said yes."""


def numbers_of_release(facts: Iterable[Fact]) -> Numbers:
    """Return the numbers of an image's evidence, of each kind the latest run's.

    Tests and durations of shards add up; of coverage the smallest is certain; timings of several
    shards are nobody's, and left out. What was replayed does not count.
    """
    kinds: dict[str, list[Fact]] = {}
    for fact in facts:
        if isinstance(fact.document, Evidence) and fact.document.origin.replay is None:
            kinds.setdefault(fact.document.evidence, []).append(fact)
    found: Numbers = {}
    for kind, those in sorted(kinds.items()):
        chosen = latest(those)
        said_yes = all(fact.verdict is not None and fact.verdict.is_yes for fact in chosen)
        for name, (value, unit) in _numbers([fact.numbers for fact in chosen]).items():
            found[kind, name] = (value, unit, said_yes)
        for name, (value, unit) in _timings(chosen).items():
            found[kind, name] = (value, unit, said_yes)
    return found


def _numbers(each: Sequence[dict[str, float]]) -> dict[str, tuple[float, str]]:
    names = set.intersection(*(set(numbers) for numbers in each))
    found: dict[str, float] = {}
    if "executed" in names:
        found["tests run"] = sum(numbers["executed"] for numbers in each)
    for name in ("lines", "branches"):
        if name in names:
            found[name] = min(numbers[name] for numbers in each)
    if duration := sum(numbers.get("duration", 0.0) for numbers in each):
        found["duration"] = duration
    return {name: (value, _UNITS[name]) for name, value in found.items()}


def _timings(facts: Sequence[Fact]) -> dict[str, tuple[float, str]]:
    if len(facts) != 1 or not isinstance(facts[0].document, Evidence):
        return {}
    told = {metric.name: metric for metric in facts[0].document.metrics}
    return {name: (told[name].value, told[name].unit) for name in _TIMINGS if name in told}


def series_of(releases: Sequence[Numbers]) -> tuple[Series, ...]:
    """Return each number over the releases, in the order of its evidence's name."""
    found = []
    for evidence, what in sorted({key for numbers in releases for key in numbers}, key=_order):
        told = [numbers.get((evidence, what)) for numbers in releases]
        units = [one[1] for one in told if one is not None]
        found.append(
            Series(
                evidence=evidence,
                what=what,
                unit=units[-1],
                # A value in another unit than the newest would be drawn on the wrong scale.
                values=tuple(one[0] if one and one[1] == units[-1] else None for one in told),
                shut=tuple(one is not None and not one[2] for one in told),
            )
        )
    return tuple(found)


def _order(key: tuple[str, str]) -> tuple[int, str, str]:
    evidence, what = key
    ranks = {"tests run": 0, "lines": 1, "branches": 2}
    return (ranks.get(what, 3), evidence, what)
