"""A metric over time: part by part, and beside the window before."""

from collections.abc import Iterator
from datetime import timedelta

from msgspec import structs

from cdkit.core.documents.delivery import Part, Turn
from cdkit.core.spoken import duration
from cdkit.dora.compare import Middle, counts_differ, medians_differ, shares_differ
from cdkit.dora.editions import Edition
from cdkit.dora.history import Counted, History
from cdkit.dora.told import Asked, Measured, Spread
from cdkit.dora.words import Line, lines

_TIMES = frozenset({"lead", "lead_merge", "recovery"})
_BY_INCIDENTS = frozenset({"fail", "recovery"})
_WORDS = {"s": ("longer", "shorter"), "1/d": ("more", "fewer"), "1": ("higher", "lower")}
"""By unit: what is said of a number that grew, and of one that fell."""


def before(
    key: str, who: str | None, known: History, asked: Asked, edition: Edition
) -> Line | None:
    """Return a metric of the window before; None where nobody told enough of that time.

    A frequency is only a number where that window was told of from its beginning; what incidents
    make is only one where any was told of from before this window, since a time of which nobody
    kept incidents looks like one without.
    """
    if who not in known.windows:
        return None
    earlier = structs.replace(
        asked, since=asked.since - timedelta(days=asked.days), until=asked.since
    )
    if key == "frequency" and known.first[who] > earlier.since:
        return None
    incident = known.first_incident
    if key in _BY_INCIDENTS and incident is not None and incident >= asked.since:
        return None
    found = lines(_measured(known.windows[who][1]), earlier, edition)
    line = next((one for one in found if one.key == key), None)
    return line if line and line.n else None


def change(now: Line, earlier: Line, windows: tuple[Counted, Counted]) -> tuple[str, Turn]:
    """Return how a metric changed, in words, and whether for the better.

    What may well be chance is no change, and nothing compares with what is but a least.
    """
    if earlier.value is None or now.value is None or now.why or earlier.why:
        return "", ""
    if now.value == earlier.value or not _differ(now.key, *windows):
        return "no clear change", "same"
    grew = now.value > earlier.value
    word = _WORDS[now.unit][0 if grew else 1]
    return word, "better" if grew == (now.key == "frequency") else "worse"


def _differ(key: str, now: Counted, earlier: Counted) -> bool:
    if key in _TIMES:
        one, other = _middle(key, now), _middle(key, earlier)
        return one is not None and other is not None and medians_differ(one, other)
    if key == "frequency":
        return counts_differ(*(of.deployments - of.unsuccessful for of in (now, earlier)))
    return shares_differ(_share(key, now), _share(key, earlier))


def _middle(key: str, of: Counted) -> Middle | None:
    return {"lead": of.lead, "lead_merge": of.merged, "recovery": of.recovery}[key]


def _share(key: str, of: Counted) -> tuple[int, int]:
    if key == "rework":
        return of.rework, of.deployments + of.rollbacks
    return of.failed, of.deployments


def parts(
    key: str, who: str | None, known: History, asked: Asked, edition: Edition
) -> Iterator[Part]:
    """Yield a metric part by part; what is known of few is told too, and marked."""
    step = timedelta(days=known.step)
    begin = asked.until - step * known.count
    for place, of in enumerate(known.parts.get(who, ())):
        since = begin + step * place
        within = structs.replace(asked, since=since, until=since + step, minimum=1)
        if key == "frequency":
            yield _frequent(of, within, known=since >= known.first[who])
            continue
        line = next((one for one in lines(_measured(of), within, edition) if one.key == key), None)
        if line is None or line.value is None or _untold(key, of, within, known):
            yield Part(value=None)
        else:
            few = line.n < asked.minimum
            yield Part(value=line.value, shown=line.shown, n=line.n, few=few)


def _untold(key: str, of: Counted, within: Asked, known: History) -> bool:
    """Whether nothing failed only as far as is known, before anybody told of an incident."""
    first = known.first_incident
    return key == "fail" and not of.failed and first is not None and within.until <= first


def _frequent(of: Counted, within: Asked, *, known: bool) -> Part:
    """Return how often a part saw a deployment: none is a number, once anything is known."""
    if not known and not of.deployments:
        return Part(value=None)
    number = of.deployments - of.unsuccessful
    told = f"{number} in {duration(within.days * 86400)}"
    return Part(value=number / within.days, shown=told, n=number, few=not known)


def _measured(of: Counted) -> Measured:
    """Return a part's numbers as a whole window's, so that they are told in the same words."""
    return Measured(
        service="",
        deployments=of.deployments,
        unsuccessful=of.unsuccessful,
        rollbacks=of.rollbacks,
        failed=of.failed,
        rework=of.rework,
        commit_lead=_spread(of.lead),
        merge_lead=_spread(of.merged),
        recovery=_spread(of.recovery),
    )


def _spread(middle: Middle | None) -> Spread:
    return Spread(n=middle.n, p50=middle.median) if middle else Spread()
