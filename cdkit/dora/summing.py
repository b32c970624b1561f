"""The numbers of what Ibis judged: counts and quantiles, of each service and of all together."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cdkit.dora.portable import Expr, Judged, micros
from cdkit.dora.told import Asked

QUANTILES = (500, 900, 950)
"""In thousandths."""

Quantile = Callable[[Expr, float], Expr]
"""How an engine gives the continuous quantile of a column, exactly."""

_ORDER = (
    *("services", "deployments", "rollbacks", "redeployments", "failed", "rework", "brought"),
    *("unsuccessful", "incidents", "linked", "still_open", "unknown"),
)
_SPREADS = ("commit", "merge", "gap", "recovery", "restore")
ANSWERS = frozenset({"lives", "failed", "known", "happened", *_SPREADS})
"""What `queries` asks, by name."""


def queries(judged: Judged, asked: Asked, quantile: Quantile | None) -> dict[str, Expr]:
    """Return what is to be asked: each a table with a row a service, and one more (`whole`)."""
    since, _until = micros(asked)
    lives, broken, brought, blamed = judged.lives, judged.broken, judged.brought, judged.blamed
    alone = blamed.filter((blamed.opened >= since) & blamed.n.isnull() & ~blamed.unknown)
    values = {
        "commit": _values(brought, brought.from_commit),
        "merge": _values(brought, brought.from_merge),
        "gap": _gaps(lives),
        "recovery": _values(broken, broken.restored - broken.t),
        "restore": _values(alone, alone.resolved - alone.opened),
    }
    spreads = {name: spread(table, quantile) for name, table in values.items()}
    happened = blamed.filter(blamed.opened >= since)
    counts = {
        "lives": both(lives.filter(lives.within), counted_lives),
        "failed": both(broken, _of_broken),
        "known": both(brought.select("service", "n").distinct(), _of_known),
        "happened": both(happened, _of_happened),
    }
    return counts | spreads


def counted_lives(table: Expr) -> dict[str, Expr]:
    """Return what is counted of deployments, as `sql.RESULT` counts it."""
    back, change = table.kind == "back", table.kind == "change"
    return {
        "services": table.service.nunique(),
        "deployments": change.sum(),
        "rollbacks": back.sum(),
        "redeployments": (table.kind == "again").sum(),
        "unsuccessful": (change & ~table.good).sum(),
        "rework": (back | (change & (table.code == 1))).sum(),
    }


def _of_broken(table: Expr) -> dict[str, Expr]:
    return {"failed": table.count(), "still_open": table.restored.isnull().sum()}


def _of_known(table: Expr) -> dict[str, Expr]:
    return {"brought": table.count()}


def _of_happened(table: Expr) -> dict[str, Expr]:
    return {
        "incidents": table.count(),
        "linked": table.n.notnull().sum(),
        "unknown": table.unknown.sum(),
    }


def both(table: Expr, of: Callable[[Expr], dict[str, Expr]], keys: Sequence[str] = ()) -> Expr:
    """Sum up by service and over all, for each of `keys`; `whole` is 1 in the rows of all."""
    import ibis

    one, every = ibis.literal(0, "int8"), ibis.literal(1, "int8")
    by_service = table.group_by("service", *keys).agg(**of(table)).mutate(whole=one)
    grouped = table.group_by(*keys) if keys else table
    together = grouped.agg(**of(table)).mutate(service=ibis.literal(""), whole=every)
    return by_service.union(together.select(by_service.columns))


def _values(table: Expr, value: Expr) -> Expr:
    values = table.select("service", x=value.cast("int64"))
    return values.filter(values.x >= 0)


def _gaps(lives: Expr) -> Expr:
    """Return the times between two deployments of a service, within what is asked."""
    import ibis

    made = lives.filter(lives.within & lives.good & (lives.kind == "change"))
    life = ibis.window(group_by="service", order_by="n")
    paired = made.mutate(before=made.t.lag().over(life), i=ibis.row_number().over(life))
    paired = paired.filter(paired.i > 0)
    return _values(paired, paired.t - paired.before)


def spread(
    values: Expr,
    quantile: Quantile | None,
    quantiles: Sequence[int] = QUANTILES,
    keys: Sequence[str] = (),
) -> Expr:
    """Return the number and the quantiles of `x`, by service and over all, for each of `keys`."""
    import ibis

    if quantile is not None:
        native = quantile
        return both(
            values,
            lambda table: {
                "number": table.count(),
                **{f"q{one}": native(table.x, one / 1000) for one in quantiles},
            },
            keys,
        )
    every = values.mutate(service=ibis.literal(""))
    parts = [
        _ranked(values, ["service", *keys], quantiles, keys),
        _ranked(every, keys, quantiles, keys),
    ]
    by_service, whole = (part.mutate(whole=ibis.literal(n, "int8")) for n, part in enumerate(parts))
    return by_service.union(whole.select(by_service.columns))


def _ranked(values: Expr, by: Sequence[str], quantiles: Sequence[int], keys: Sequence[str]) -> Expr:
    """Return the continuous quantiles by their definition (R-7), which needs no engine's own.

    At p the value of rank (n - 1) p, counted from 0, between two ranks in proportion.
    """
    import ibis

    order = ibis.window(group_by=list(by), order_by="x")
    ranked = values.mutate(
        rank=ibis.row_number().over(order).cast("int64"),
        number=values.x.count().over(ibis.window(group_by=list(by))).cast("int64"),
    )
    columns = {f"q{one}": _between(ranked, one).sum() for one in quantiles}
    return ranked.group_by("service", *keys).agg(number=ranked.x.count(), **columns)


def _between(ranked: Expr, thousandths: int) -> Expr:
    import ibis

    at = (ranked.number - 1) * thousandths
    part = (at % 1000).cast("float64") / 1000.0
    low = (at - at % 1000) / 1000.0
    x = ranked.x.cast("float64")
    return ibis.cases(
        (ranked.rank == low, x * (1.0 - part)), (ranked.rank == low + 1, x * part), else_=0.0
    )


def rows(answers: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[tuple[Any, ...]]:
    """Put the answers together to the rows of `sql.RESULT`: by service, and the whole last."""
    counts: dict[tuple[int, str], dict[str, Any]] = {}
    spreads: dict[tuple[int, str], dict[str, Mapping[str, Any]]] = {}
    for name, answer in answers.items():
        for row in answer:
            key = int(row["whole"]), str(row["service"])
            if name in _SPREADS:
                spreads.setdefault(key, {})[name] = row
            else:
                counts.setdefault(key, {}).update(row)
    measured = [key for key in sorted(counts) if counts[key].get("services")]
    return [_row(key, counts[key], spreads.get(key, {})) for key in measured]


def _row(
    key: tuple[int, str], counts: Mapping[str, Any], spreads: Mapping[str, Mapping[str, Any]]
) -> tuple[Any, ...]:
    found = [int(counts.get(name) or 0) for name in _ORDER]
    told: list[Any] = []
    for name in _SPREADS:
        row = spreads.get(name, {})
        number = int(row.get("number") or 0)
        quantiles = [float(row[f"q{one}"]) for one in QUANTILES] if number else None
        told += [number, quantiles]
    return (None if key[0] else key[1], *found, *told)
