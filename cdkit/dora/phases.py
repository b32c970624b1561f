"""The course over time in an engine outside: the same counts and quartiles, part by part.

The parts are cut as `trends.py` has them for DuckDB; what an engine judged is not judged again.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from cdkit.dora.compare import Middle
from cdkit.dora.history import Counted, Grid, History
from cdkit.dora.portable import Expr, Judged
from cdkit.dora.summing import Quantile, both, counted_lives, spread
from cdkit.dora.told import Asked

_QUARTILES = (250, 500, 750)
_SECOND = 1_000_000
"""Microseconds."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMES = ("lead", "merged", "recovery")


class _Cut(Struct, frozen=True, kw_only=True):
    """How a time is cut into parts: where the first begins, how long each is, in microseconds."""

    name: str
    start: int
    length: int


def queries(judged: Judged, asked: Asked, quantile: Quantile | None) -> dict[str, Expr]:
    """Return what is to be asked, by name; `judged` is over the whole time of the course."""
    found: dict[str, Expr] = {}
    for cut in _cuts(Grid.of(asked)):
        for name, table in _tables(judged, cut, quantile).items():
            found[f"{cut.name} {name}"] = table
    since = _micros(asked.since)
    lives, blamed = judged.lives, judged.blamed
    strays = blamed.filter(blamed.opened >= since).anti_join(lives, "service")
    return found | {
        "first": lives.group_by("service").agg(at=lives.t.min()),
        "first incident": blamed.agg(at=blamed.opened.min()),
        "strays": strays.group_by("service").agg(number=strays.count()),
    }


def _cuts(grid: Grid) -> tuple[_Cut, ...]:
    return tuple(
        _Cut(name=name, start=_micros(start), length=round(seconds * _SECOND))
        for name, start, seconds in (
            ("parts", grid.start, grid.step * 86400.0),
            ("windows", grid.earlier, grid.days * 86400.0),
        )
    )


def _tables(judged: Judged, cut: _Cut, quantile: Quantile | None) -> dict[str, Expr]:
    lives, broken, brought = (
        _parted(table, cut) for table in (judged.lives, judged.broken, judged.brought)
    )
    values = {
        "lead": brought.mutate(x=brought.from_commit),
        "merged": brought.mutate(x=brought.from_merge),
        "recovery": broken.mutate(x=broken.restored - broken.t),
    }
    found = {
        "lives": both(lives, counted_lives, ("part",)),
        "failed": both(broken, lambda table: {"failed": table.count()}, ("part",)),
    }
    for name, table in values.items():
        plain = table.select("service", "part", x=table.x.cast("int64"))
        plain = plain.filter(plain.x >= 0)
        found[name] = spread(plain, quantile, _QUARTILES, ("part",))
    return found


def _parted(table: Expr, cut: _Cut) -> Expr:
    within = table.filter(table.t >= cut.start)
    part = ((within.t - cut.start) / cut.length).floor().cast("int64")
    return within.mutate(part=part)


def course(answers: Mapping[str, Sequence[Mapping[str, Any]]], asked: Asked) -> History:
    """Return the course out of the answers; an engine lists no deployments."""
    grid = Grid.of(asked)
    firsts: dict[str | None, datetime] = {
        str(row["service"]): _moment(row["at"]) for row in answers["first"]
    }
    if firsts:
        firsts[None] = min(firsts.values())
    (incident,) = answers["first incident"]
    strays = sorted(answers["strays"], key=lambda row: (-int(row["number"]), str(row["service"])))
    windows = _counted(answers, "windows")
    return History(
        step=grid.step,
        step_name=grid.step_name,
        count=grid.count,
        windows={who: (_at(of, 1), _at(of, 0)) for who, of in windows.items()},
        parts={
            who: tuple(_at(of, place) for place in range(grid.count))
            for who, of in _counted(answers, "parts").items()
        },
        first=firsts,
        # Of no row engines give NULL, or 0.
        first_incident=_moment(incident["at"]) if incident["at"] else None,
        strays={str(row["service"]): int(row["number"]) for row in strays},
    )


def _counted(
    answers: Mapping[str, Sequence[Mapping[str, Any]]], cut: str
) -> dict[str | None, dict[int, Counted]]:
    """Return what was counted, by service (None: all together) and by part."""
    spreads = {name: _by_part(answers[f"{cut} {name}"]) for name in _TIMES}
    failed = _by_part(answers[f"{cut} failed"])
    found: dict[str | None, dict[int, Counted]] = {}
    for key, row in _by_part(answers[f"{cut} lives"]).items():
        who, part = key
        found.setdefault(who, {})[part] = Counted(
            deployments=int(row["deployments"] or 0),
            unsuccessful=int(row["unsuccessful"] or 0),
            rollbacks=int(row["rollbacks"] or 0),
            rework=int(row["rework"] or 0),
            failed=int(failed.get(key, {}).get("failed") or 0),
            lead=_middle(spreads["lead"].get(key)),
            merged=_middle(spreads["merged"].get(key)),
            recovery=_middle(spreads["recovery"].get(key)),
        )
    return found


def _by_part(
    rows: Sequence[Mapping[str, Any]],
) -> dict[tuple[str | None, int], Mapping[str, Any]]:
    return {(None if row["whole"] else str(row["service"]), int(row["part"])): row for row in rows}


def _middle(row: Mapping[str, Any] | None) -> Middle | None:
    if row is None or not row["number"]:
        return None
    low, median, high = (float(row[f"q{one}"]) / _SECOND for one in _QUARTILES)
    return Middle(n=int(row["number"]), low=low, median=median, high=high)


def _at(known: Mapping[int, Counted], place: int) -> Counted:
    return known.get(place, Counted())


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(micros: Any) -> datetime:  # noqa: ANN401 - an engine's own integer
    return _EPOCH + timedelta(microseconds=int(micros))
