"""The metrics in words: what each is, how it is sorted, and when nobody can tell."""

from collections.abc import Iterator

from msgspec import Struct, structs

from cdkit.core.spoken import counted, digits, duration
from cdkit.dora.editions import Edition
from cdkit.dora.told import Asked, Measured, Spread

_NO_INCIDENTS = "nobody told of incidents"
_ONLY_RECORDED = "the records know no deployment that failed"


class Line(Struct, frozen=True, kw_only=True):
    """A metric of a service: its name, its value for people, the number behind it, its sample.

    `value` is None where nobody can tell; `why` says so then, or why it is but a least. `unit` is
    `s`, `1`, or `1/d`.
    """

    key: str
    title: str
    shown: str
    value: float | None
    unit: str
    n: int
    band: str = ""
    why: str = ""
    more: str = ""


def lines(measured: Measured, asked: Asked, edition: Edition) -> Iterator[Line]:
    """Yield the five metrics, and the time to restore of incidents that no deployment caused."""
    yield _time("lead", "change lead time, from commit", measured.commit_lead, asked, edition)
    yield _time("lead_merge", "change lead time, from merge", measured.merge_lead, asked, edition)
    yield _frequency(measured, asked, edition)
    number, title = measured.deployments, "change fail rate"
    failing = _share("fail", title, measured.fail_rate, number, asked, edition)
    yield _failing(failing, measured, asked)
    yield _time("recovery", "failed deployment recovery time", measured.recovery, asked, edition)
    number, title = measured.made, "deployment rework rate"
    yield _share("rework", title, measured.rework_rate, number, asked, edition)
    if measured.restore.n:
        title = "time to restore, no deployment's fault"
        yield _time("restore", title, measured.restore, asked, edition)


def coverage(measured: Measured) -> str:
    """Return what the numbers rest on, in words."""
    return ", ".join(coverage_parts(measured))


def coverage_parts(measured: Measured) -> Iterator[str]:
    """Yield what the numbers rest on, one thing after the other."""
    made = counted(measured.deployments, "deployment")
    yield f"{measured.with_changes} of {made} with known changes"
    if measured.incidents:
        yield f"{measured.incidents_linked} of {counted(measured.incidents, 'incident')} linked"
    if measured.incidents_unknown:
        number = counted(measured.incidents_unknown, "incident")
        yield f"{number} with a cause that is no change known here"
    if measured.unsuccessful:
        yield f"{counted(measured.unsuccessful, 'deployment')} failed and brought nothing"
    if measured.still_failing:
        yield f"{measured.still_failing} failed and not yet mended"
    if measured.rollbacks:
        yield counted(measured.rollbacks, "roll-back")
    if measured.redeployments:
        yield f"{measured.redeployments} deployed again, not counted"


def _time(key: str, title: str, spread: Spread, asked: Asked, edition: Edition) -> Line:
    metric = "lead" if key == "lead_merge" else key
    if spread.n < asked.minimum or spread.p50 is None:
        return _untold(key, title, "s", spread.n, asked)
    more = f"90 % within {duration(spread.p90 or 0)}, 95 % within {duration(spread.p95 or 0)}"
    return Line(
        key=key,
        title=title,
        shown=duration(spread.p50),
        value=spread.p50,
        unit="s",
        n=spread.n,
        band=edition.band(metric, spread.p50),
        more=more,
    )


def _frequency(measured: Measured, asked: Asked, edition: Edition) -> Line:
    key, title = "frequency", "deployment frequency"
    if measured.succeeded < asked.minimum:
        return _untold(key, title, "1/d", measured.succeeded, asked)
    rate = measured.per_day(asked.days)
    shown = f"{digits(rate)} a day" if rate >= 1 else f"{digits(rate * 7)} a week"
    between = measured.between.p50
    return Line(
        key=key,
        title=title,
        shown=shown,
        value=rate,
        unit="1/d",
        n=measured.succeeded,
        band=edition.band("between", asked.days * 86400 / measured.succeeded),
        more=f"{duration(between)} between two, half of the times" if between is not None else "",
    )


def _share(
    key: str, title: str, share: float | None, number: int, asked: Asked, edition: Edition
) -> Line:
    if number < asked.minimum or share is None:
        return _untold(key, title, "1", number, asked)
    return Line(
        key=key,
        title=title,
        shown=f"{100 * share:.3g} %",
        value=share,
        unit="1",
        n=number,
        band=edition.band(key, share),
    )


def _failing(line: Line, measured: Measured, asked: Asked) -> Line:
    """Return the fail rate as what it is where failures may be untold: a least, or nothing."""
    why = _failures_untold(asked)
    if not why or line.value is None:
        return line
    if measured.failed:
        why = f"at least: {why}"
        return structs.replace(line, shown=f"\u2265{line.shown}", band="", why=why)
    return structs.replace(line, shown="cannot tell", value=None, band="", why=why)


def _failures_untold(asked: Asked) -> str:
    """Return why a deployment may have failed that nobody told of; nothing where all are told."""
    told = () if asked.incidents else (_NO_INCIDENTS,)
    return ", and ".join((*told, _ONLY_RECORDED) if asked.only_recorded else told)


def _untold(key: str, title: str, unit: str, n: int, asked: Asked) -> Line:
    why = f"{n} known, and it takes {asked.minimum}"
    return Line(key=key, title=title, shown="cannot tell", value=None, unit=unit, n=n, why=why)
