"""Numbers held against those of the releases before: no worse than by a margin, noise allowed for.

What is exact (coverage, counts of tests and findings) is held against the release that runs now.
What is measured is judged as a test of non-inferiority: the one-sided 95 % bounds of the difference
between this image and the releases before, by Student's t with as much noise as lies between those
releases (a prediction interval for one more run; several runs of this image are averaged). The
difference surely within the margin is yes, surely beyond it no, and neither is "cannot tell":
another run narrows it. One release that was far worse than the others says nothing of the noise: it
counts as if it stood at the fence behind which a value is an outlier. With fewer releases than the
policy asks nothing is judged, only shown.
"""

import math
import statistics
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cdkit.core.documents.fact import Fact
from cdkit.core.documents.kinds import Evidence, Metric
from cdkit.core.finding import Location, Severity
from cdkit.core.verdict import Answer, Reason, cannot_tell, no, yes
from cdkit.gate.before import facts_of
from cdkit.gate.case import Case
from cdkit.gate.fit import unfit
from cdkit.gate.numbers import groups
from cdkit.gate.policy import RUNS
from cdkit.gate.select import Selected

_HIGHER = frozenset({"lines", "branches", "statements", "tests", "executed", "passed"})
_LOWER = frozenset({"failed", "errors", "skipped", "flaky", *(one.value for one in Severity)})
_MEASURED_LOWER = frozenset({"duration"})
_MOST = 20
"""Releases that a number is held against: what was slow a year ago says little."""
_OUTLIER = 3.5 / 0.6745
"""Median absolute deviations from the median to an outlier (NIST/SEMATECH e-Handbook, 1.3.5.17)."""

_T95 = (
    *(math.nan, 6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812, 1.796),
    *(1.782, 1.771, 1.761, 1.753, 1.746, 1.740, 1.734, 1.729, 1.725, 1.721, 1.717, 1.714, 1.711),
    *(1.708, 1.706, 1.703, 1.701, 1.699, 1.697),
)
"""Student's t, 95 % one-sided, by degrees of freedom (NIST/SEMATECH e-Handbook, 1.3.6.7.2)."""


class _Series(Struct, frozen=True, kw_only=True):
    """A number: how it is in the runs of this image, how it was in each release, newest first."""

    name: str
    better: str
    exact: bool
    now: tuple[float, ...]
    before: tuple[float, ...]
    noise: float = 0.0

    def worse(self, by: float) -> float:
        """Return a difference as how much worse it is."""
        return by if self.better == "lower" else 0 - by  # -0 would be shown


def compared(case: Case, selected: Selected) -> Iterator[Reason]:
    """Hold each number that may be no worse against the releases before."""
    for name, margin in case.wanted.no_worse.items():
        where = Location(path=selected.facts[0].where)
        numbers = selected.facts[0].numbers
        better = _direction(name, selected.facts)
        if not any(name in fact.numbers for fact in selected.facts):
            known = ", ".join(sorted(numbers)) or "none"
            yield cannot_tell(
                f"{case.wanted.evidence}: {name} may be no worse, and the fact holds no such"
                " number",
                where=where,
                remedy=f"let the policy name one that it holds: {known}",
            )
        elif not better:
            yield cannot_tell(
                f"{case.wanted.evidence}: nobody says whether a lower or a higher {name} is better",
                where=where,
                remedy="bound it by `at-most` or `at-least` instead",
            )
        else:
            yield _held(case, _series(case, name, better, selected), margin, where)


def _direction(name: str, facts: Iterable[Fact]) -> str:
    for fact in facts:
        if metric := _metric(fact, name):
            return metric.better
    if name in _HIGHER:
        return "higher"
    return "lower" if name in _LOWER | _MEASURED_LOWER else ""


def _metric(fact: Fact, name: str) -> Metric | None:
    document = fact.document
    metrics = document.metrics if isinstance(document, Evidence) else ()
    return next((metric for metric in metrics if metric.name == name), None)


def _series(case: Case, name: str, better: str, selected: Selected) -> _Series:
    before = []
    for release in case.past.releases[:_MOST]:
        before += _worst(name, better, facts_of(case, release))
    noises = [
        metric.noise / math.sqrt(metric.samples)
        for fact in selected.facts
        if (metric := _metric(fact, name)) and metric.samples > 0
    ]
    exact = name in _HIGHER | _LOWER and not any(_metric(fact, name) for fact in selected.facts)
    fit = [run for run in selected.runs if not unfit(case, Selected(facts=run)) and _passed(run)]
    runs = [one for run in fit for one in _worst(name, better, run)]
    return _Series(
        name=name,
        better=better,
        exact=exact,
        now=tuple(_worst(name, better, selected.facts) if exact else runs),
        before=tuple(before) if exact else _within_fence(before, better),
        noise=max(noises, default=0.0),
    )


def _passed(run: Iterable[Fact]) -> bool:
    return all(fact.verdict and fact.verdict.answer is Answer.YES for fact in run)


def _worst(name: str, better: str, facts: Iterable[Fact]) -> list[float]:
    """Return the worst of a run's numbers of this name, shards taken together; or nothing."""
    held = groups(Selected(facts=tuple(facts)), least=better == "higher")
    values = [numbers[name] for numbers, _ in held if name in numbers]
    values = [value for value in values if math.isfinite(value)]
    if not values:
        return []
    return [min(values) if better == "higher" else max(values)]


def _within_fence(values: list[float], better: str) -> tuple[float, ...]:
    """Return values with those far on the worse side put at the fence, as many as they were.

    Where half of them are alike, nothing tells how far is far.
    """
    if not values:
        return ()
    middle = statistics.median(values)
    far = _OUTLIER * statistics.median(abs(value - middle) for value in values)
    if not far:
        return tuple(values)
    if better == "higher":
        return tuple(max(value, middle - far) for value in values)
    return tuple(min(value, middle + far) for value in values)


def _held(case: Case, series: _Series, margin: float, where: Location) -> Reason:
    kind, needed = case.wanted.evidence, 1 if series.exact else case.wanted.runs or RUNS
    now = statistics.fmean(series.now) if series.now else math.nan
    if not math.isfinite(now):
        what = f"{kind}: {series.name} is no number that can be compared"
        return cannot_tell(what, where=where, remedy=f"{case.opening} again")
    if len(series.before) < needed:
        return yes(
            f"{kind}: {series.name} is {now:g}; {len(series.before)} of {needed} releases are known"
            " to hold it against, so it is only shown"
        )
    before = series.before[0] if series.exact else statistics.fmean(series.before)
    allowed = abs(before) * margin / 100
    worse, unsure = series.worse(now - before), 0.0 if series.exact else _unsure(series)
    span = f" ± {unsure:.3g}" if unsure else ""
    against = "what runs" if series.exact else f"{len(series.before)} releases before"
    what = (
        f"{kind}: {series.name} is {now:g}, against {before:g} of {against}: worse by"
        f" {worse:.3g}{span}, and {allowed:.3g} ({margin:g} %) may"
    )
    if worse + unsure <= allowed:
        return yes(what)
    if worse - unsure > allowed:
        return no(what, where=where, remedy=f"find what made it worse; then {case.opening}")
    return cannot_tell(
        f"{what}: too noisy to tell",
        where=where,
        remedy=f"{case.opening} again, in a new run: every run of this image narrows it; or allow "
        "more in `no-worse`",
    )


def _unsure(series: _Series) -> float:
    """Return how far the true difference may lie from what was seen, to each side."""
    number = len(series.before)
    between = statistics.stdev(series.before) if number > 1 else 0.0
    spread = max(between, series.noise)
    return _t(number - 1) * spread * math.sqrt(1 / max(1, len(series.now)) + 1 / number)


def _t(freedom: int) -> float:
    return _T95[max(1, min(freedom, len(_T95) - 1))]
