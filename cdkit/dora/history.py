"""The course of the metrics over time, and the deployments behind them."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from cdkit.core.documents.delivery import Listing, Made
from cdkit.core.spoken import cut
from cdkit.dora import trends
from cdkit.dora.compare import Middle
from cdkit.dora.engine import judged
from cdkit.dora.told import Asked, Deployed, Told

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_SERVICES = 30
"""Of more services than these only the numbers are shown, not the deployments behind them."""

_MOST_ROWS, _MOST_LISTED = 1_200, 50
_MOST_PARTS = 27
_STEPS = ((1, "day"), (7, "week"), (28, "four weeks"), (91, "quarter of a year"), (365, "year"))
_LONGEST, _LONGEST_URL = 120, 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000
"""Microseconds."""


class Counted(Struct, frozen=True, kw_only=True):
    """What was counted in a part of the time; times are None where none is known.

    `unsuccessful` are those of the deployments that failed themselves, and brought nothing.
    """

    deployments: int = 0
    unsuccessful: int = 0
    rollbacks: int = 0
    failed: int = 0
    rework: int = 0
    lead: Middle | None = None
    merged: Middle | None = None
    recovery: Middle | None = None


class History(Struct, frozen=True, kw_only=True):
    """What the engine knows of the time: by service, and of all together under the name `None`.

    `windows` are this one and the one of the same length before it; `parts` are `step` days long
    each, oldest first, the last one ends with the window. `first` is when a service was deployed
    first, as far as anybody told, `first_incident` when the first incident of any began. `strays`
    are the incidents of services of which nobody told a deployment, by service, most first.
    """

    step: int
    step_name: str
    count: int
    windows: Mapping[str | None, tuple[Counted, Counted]] = {}
    parts: Mapping[str | None, tuple[Counted, ...]] = {}
    first: Mapping[str | None, datetime] = {}
    first_incident: datetime | None = None
    strays: Mapping[str, int] = {}
    listings: Mapping[str | None, tuple[Listing, ...]] = {}


class Grid(Struct, frozen=True, kw_only=True):
    """How a time is cut: `count` parts of `step` days from `start` on, and what it is beside.

    `earlier` is where the window of the same length before it begins, `days` how long each is,
    `since` where the first of all of them does.
    """

    step: int
    step_name: str
    count: int
    days: float
    start: datetime
    earlier: datetime
    since: datetime

    @staticmethod
    def of(asked: Asked) -> "Grid":
        """Return how the time that is asked for is cut."""
        step, name = _step(asked.days)
        count = math.ceil(asked.days / step)
        start = asked.until - timedelta(days=count * step)
        earlier = asked.since - timedelta(days=asked.days)
        return Grid(
            step=step,
            step_name=name,
            count=count,
            days=asked.days,
            start=start,
            earlier=earlier,
            since=min(start, earlier),
        )

    def widened(self, asked: Asked) -> Asked:
        """Return what is asked over all of the time."""
        return structs.replace(asked, since=self.since)


def history(told: Told, asked: Asked, shown: Sequence[str]) -> History:
    """Return the course over time, and the deployments behind the metrics of the services shown.

    Raises what `measure` raises.
    """
    grid = Grid.of(asked)
    with judged(told, grid.widened(asked)) as connection:
        connection.execute(trends.SEEN)
        first = _first(connection)
        ((incident,),) = connection.execute(trends.FIRST_INCIDENT).fetchall()
        strays = connection.execute(trends.STRAYS, {"since": _instant(asked.since)}).fetchall()
        parts = _parts(connection, grid.start, grid.step * 86400)
        windows = _parts(connection, grid.earlier, grid.days * 86400)
        listings = _listings(connection, told, asked, shown)
    return History(
        step=grid.step,
        step_name=grid.step_name,
        count=grid.count,
        windows={who: (_at(of, 1), _at(of, 0)) for who, of in windows.items()},
        parts={who: tuple(_at(of, n) for n in range(grid.count)) for who, of in parts.items()},
        first=first,
        first_incident=None if incident is None else _moment(incident),
        strays={_cut(service): number for service, number in strays},
        listings=listings,
    )


def _step(days: float) -> tuple[int, str]:
    """Return how long a part is, in days: the shortest of which there are not too many."""
    fitting = (one for one in _STEPS if math.ceil(days / one[0]) <= _MOST_PARTS)
    return next(fitting, _STEPS[-1])


def _at(known: Mapping[int, Counted], place: int) -> Counted:
    return known.get(place, Counted())


def _parts(
    connection: "DuckDBPyConnection", start: datetime, length: float
) -> dict[str | None, dict[int, Counted]]:
    """Return the metrics by service (None: all together) and by part of `length` seconds."""
    found: dict[str | None, dict[int, Counted]] = {}
    given = {"start": _instant(start), "length": round(length * _SECOND)}
    for row in connection.execute(trends.PARTS, given).fetchall():
        found.setdefault(row[0], {})[row[1]] = _counted(row[2:])
    return found


def _instant(moment: datetime) -> int:
    """Return a moment in whole microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(instant: int) -> datetime:
    """Return the moment of so many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=instant)


def _counted(row: Sequence[Any]) -> Counted:
    deployments, unsuccessful, rollbacks, failed, rework, *times = row
    lead, merged, recovery = (_middle(*times[at : at + 2]) for at in (0, 2, 4))
    return Counted(
        deployments=deployments,
        unsuccessful=unsuccessful,
        rollbacks=rollbacks,
        failed=failed,
        rework=rework,
        lead=lead,
        merged=merged,
        recovery=recovery,
    )


def _middle(n: int | None, quartiles: Sequence[float] | None) -> Middle | None:
    if not n or quartiles is None:
        return None
    low, median, high = quartiles
    return Middle(n=n, low=low, median=median, high=high)


def _first(connection: "DuckDBPyConnection") -> dict[str | None, datetime]:
    rows = connection.execute(trends.FIRST).fetchall()
    found: dict[str | None, datetime] = {service: _moment(at) for service, at in rows}
    return found | {None: min(found.values())} if found else found


def _listings(
    connection: "DuckDBPyConnection", told: Told, asked: Asked, shown: Sequence[str]
) -> dict[str | None, tuple[Listing, ...]]:
    connection.execute(trends.MADE, {"since": _instant(asked.since)})
    connection.execute(trends.CHOSEN)
    lists = len(trends.LISTS) * (len(shown) + 1)
    most = max(3, min(_MOST_LISTED, _MOST_ROWS // lists))
    for metric in trends.LISTS:
        _choose(connection, trends.WHOLE, {"metric": metric, "most": _MOST_LISTED})
        _choose(connection, trends.EACH, {"metric": metric, "most": most, "shown": list(shown)})
    makers = {(one.service, one.id): one for one in told.deployments if one.who or one.url}
    by_list: dict[tuple[str, str | None], list[Sequence[Any]]] = {}
    for metric, whole, *row in connection.execute(trends.BEHIND).fetchall():
        by_list.setdefault((metric, None if whole else row[1]), []).append(row)
    found: dict[str | None, list[Listing]] = {}
    for metric, (_, _, order) in trends.LISTS.items():
        for (_, who), rows in ((name, of) for name, of in by_list.items() if name[0] == metric):
            made = tuple(_by(makers, _made(row[1:])) for row in rows)
            listing = Listing(metric=metric, order=order, made=made, of=rows[0][0])
            found.setdefault(who, []).append(listing)
    return {who: tuple(listings) for who, listings in found.items()}


def _choose(
    connection: "DuckDBPyConnection", group: Mapping[str, str], given: Mapping[str, Any]
) -> None:
    which, order, _ = trends.LISTS[given["metric"]]
    text = trends.CHOOSE
    for name, part in {**group, "which": which, "order": order}.items():
        text = text.replace(f"{{{name}}}", part)
    connection.execute(text, dict(given))


def _made(row: Sequence[Any]) -> Made:
    service, at, kind, name, digest, commit, team, planned, changes, lead, merged, *rest = row
    failed, outcome, next_kind, incidents, ids, recovery = rest
    return Made(
        service=_cut(service),
        at=_moment(at),
        kind=kind,
        id=_cut(name),
        digest=_cut(digest),
        commit=_cut(commit),
        team=_cut(team),
        planned=planned,
        changes=changes,
        lead=lead,
        merged=merged,
        failed=_why(outcome, next_kind, incidents) if failed else "",
        incidents=tuple(_cut(one) for one in ids or () if one),
        recovery=recovery,
    )


def _by(makers: Mapping[tuple[str, str], Deployed], made: Made) -> Made:
    """Return a deployment with who made it, which no engine knows."""
    known = makers.get((made.service, made.id))
    if known is None or not made.id:
        return made
    url = known.url if len(known.url) <= _LONGEST_URL else ""
    return structs.replace(made, who=_cut(known.who), url=url)


def _why(outcome: str, next_kind: str, incidents: int) -> str:
    """Return why a deployment counts as failed, in words."""
    told = ["its deployment failed"] if outcome == "failure" else []
    told += ["it was gone back from"] if next_kind == "back" else []
    if incidents:
        told.append("an incident" if incidents == 1 else f"{incidents} incidents")
    return ", ".join(told) or "a hotfix followed"


def _cut(text: str | None) -> str:
    return cut(text or "", _LONGEST)
