"""The judgement of `sql.py` in Ibis: the same answers from any engine that can sort and sum.

Times are whole microseconds since 1970, no text is NULL, and no answer rests on what engines do
differently: the value of a join or a `lag` where there is none (ClickHouse gives 0),
`least` with a NULL in it, quantiles that are guessed, the order of rows that are equal. Windows run
from the first row to this one: those that run to the last one are quadratic in Spark.
"""

from dataclasses import dataclass
from typing import Any

from cdkit.dora.told import Asked

Expr = Any
"""An expression of Ibis, which brings no types that help."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """What was judged, as tables of Ibis: see `lives`, `blamed`, `broken` and `brought`."""

    lives: Expr
    blamed: Expr
    broken: Expr
    brought: Expr


def since(judged: Judged, asked: Asked) -> Judged:
    """Return what was judged over a longer time, cut to what is asked."""
    begin, _until = micros(asked)
    lives, broken, brought = judged.lives, judged.broken, judged.brought
    return Judged(
        lives=lives.mutate(within=lives.t >= begin),
        blamed=judged.blamed,
        broken=broken.filter(broken.t >= begin),
        brought=brought.filter(brought.t >= begin),
    )


def micros(asked: Asked) -> tuple[int, int]:
    """Return the begin and the end of what is asked, in microseconds since 1970."""
    return _micros(asked.since.timestamp()), _micros(asked.until.timestamp())


def _micros(seconds: float) -> int:
    return round(seconds * 1_000_000)


def lives(deployments: Expr, asked: Asked) -> Expr:
    """Return each deployment with its `kind`, and when what it left behind was mended.

    Of `deployments` those of the environment are wanted, made before the end. `next_good` is when
    the next one came that did not fail, `mended` the next roll-back or unplanned one. Of the next
    one that changed what runs `left` says whether it was a roll-back, `fixed` when it came if it
    was a hotfix. `n` counts per service from 0.
    """
    import ibis

    by_time = ibis.window(group_by="service", order_by=["t", "o1", "o2", "o3", "outcome", "code"])
    ordered = deployments.mutate(
        n=ibis.row_number().over(by_time).cast("int64"),
        content=ibis.cases(
            (deployments.digest != "", deployments.digest), else_=deployments.commit_id
        ),
    )
    good = ordered.filter(ordered.outcome != "failure")
    life = ibis.window(group_by="service", order_by="n")
    good = good.mutate(
        ran=good.content.lag().over(life).fill_null(""),
        i=ibis.row_number().over(life),
        first_n=good.n.min().over(ibis.window(group_by=["service", "content"])),
    )
    known = (good.content != "") & (good.i > 0)
    kind = ibis.cases(
        (known & (good.content == good.ran), "again"),
        (good.rollback, "back"),
        (known & (good.first_n < good.n), "back"),
        else_="change",
    )
    good = good.mutate(kind=kind, good=True).drop("ran", "i", "first_n")
    bad = ordered.filter(ordered.outcome == "failure").mutate(kind=_text("change"), good=False)
    return _followed(good.union(bad.select(good.columns)), asked)


def _text(value: str) -> Expr:
    import ibis

    return ibis.literal(value)


def _followed(judged: Expr, asked: Asked) -> Expr:
    """Add what came after each: a running minimum over what is read backwards."""
    import ibis

    since, _until = micros(asked)
    later = ibis.window(group_by="service", order_by=ibis.desc("n"), preceding=(None, 1))
    turns = judged.good & (judged.kind != "again")
    mends = turns & ((judged.kind == "back") | (judged.code == 1))
    fixes = turns & (judged.kind == "change") & (judged.code == 1)

    def first(which: Expr, column: str) -> Expr:
        return ibis.cases((which, judged[column])).min().over(later)

    told = judged.mutate(
        next_good=first(judged.good, "t"),
        mended=first(mends, "t"),
        next_n=first(turns, "n"),
        back_n=first(turns & (judged.kind == "back"), "n"),
        fix_n=first(fixes, "n"),
        fix_t=first(fixes, "t"),
        within=judged.t >= since,
    )
    return told.mutate(
        left=(told.back_n == told.next_n).fill_null(False),
        fixed=ibis.cases((told.fix_n == told.next_n, told.fix_t)),
    )


def blamed(incidents: Expr, judged: Expr, asked: Asked) -> Expr:
    """Return each incident with the `n` of the change that is blamed for it, or NULL.

    The cause that is named counts; else the last change of the service, within some hours.
    `unknown` says that one is named, and that it is no change that anybody told of.
    """
    import ibis

    changes = judged.filter(judged.kind == "change")
    names = _names(changes)
    blank = ibis.null("int64")
    points = changes.select(
        "service", "t", "n", after=blank, cause=_text(""), of=ibis.literal(0, "int64")
    )
    asking = incidents.select(
        "service", "t", "cause", n=blank, after="resolved", of=ibis.literal(1, "int64")
    ).select(points.columns)
    both = points.union(asking)
    so_far = ibis.window(group_by="service", order_by=["t", "of"], preceding=(None, 0))
    both = both.mutate(
        near_n=ibis.cases((both.of == 0, both.n)).max().over(so_far),
        near_t=ibis.cases((both.of == 0, both.t)).max().over(so_far),
    )
    happened = both.filter(both.of == 1).select(
        "service", "cause", "near_n", "near_t", opened="t", resolved="after"
    )
    found = _with_names(happened, names)
    within = (found.cause == "") & (found.opened - found.near_t <= _micros(asked.hours * 3600))
    return found.select(
        "service",
        "opened",
        "resolved",
        n=ibis.cases((found.hit.fill_null(0) == 1, found.named_n), (within, found.near_n)),
        unknown=~found.cause.isin(["", "none"]) & (found.hit.fill_null(0) == 0),
    )


def _names(changes: Expr) -> Expr:
    """Return the changes of each service by each name that they bear: an id, a digest, a commit."""
    import ibis

    parts = [
        changes.select("service", "n", named_t="t", cause=name).filter(
            lambda table: table.cause != ""
        )
        for name in ("id", "digest", "commit_id")
    ]
    every = ibis.union(*parts)
    every = every.filter(every.cause != "none")
    return every.select("service", "cause", "named_t", named_n="n", hit=ibis.literal(1, "int64"))


def _with_names(happened: Expr, names: Expr) -> Expr:
    """Return each incident with the change that its cause names (`named_n`), `hit` where it does.

    Of several by that name it is the last one before the incident, else the first of them.
    """
    import ibis

    order = ibis.window(group_by="service", order_by=["opened", "cause", "resolved", "near_n"])
    numbered = happened.mutate(i=ibis.row_number().over(order))
    both = numbered.left_join(names, ["service", "cause"])
    both = both.mutate(
        hit=both.hit.fill_null(0),
        first_n=ibis.cases((both.hit.fill_null(0) == 1, both.named_n)),
        last_n=ibis.cases(((both.hit == 1) & (both.named_t <= both.opened), both.named_n)),
    )
    told = ("service", "cause", "near_n", "near_t", "opened", "resolved")
    found = both.group_by("i", *told).agg(
        hit=both.hit.max(), first_n=both.first_n.min(), last_n=both.last_n.max()
    )
    named = ibis.cases((found.last_n.notnull(), found.last_n), else_=found.first_n)
    return found.select(*told, "hit", named_n=named)


def broken(judged: Expr, found: Expr, asked: Asked) -> Expr:
    """Return the changes that failed, and when each was mended (`restored`, or NULL)."""
    import ibis

    linked = found.filter(found.n.notnull())
    by_incident = linked.group_by("service", "n").agg(resolved=linked.resolved.min())
    by_incident = by_incident.mutate(hit=ibis.literal(1, "int64"))
    changes = judged.filter((judged.kind == "change") & judged.within)
    joined = changes.left_join(by_incident, ["service", "n"])
    joined = joined.drop("service_right", "n_right").left_join(
        _fixed(changes, found, asked), ["service", "n"]
    )
    joined = joined.mutate(hit=joined.hit.fill_null(0), hotfix=joined.hotfix.fill_null(0))
    resolved = ibis.cases((joined.hit == 1, joined.resolved))
    failed = joined.filter(
        ~joined.good | (joined.hit == 1) | joined.left | (joined.hotfix == 1)
    ).mutate(resolved=resolved)
    sooner = ibis.cases(
        (failed.resolved.isnull() & ~failed.good, failed.next_good),
        (failed.resolved.isnull(), failed.mended),
        (failed.mended.isnull(), failed.resolved),
        (failed.mended < failed.resolved, failed.mended),
        else_=failed.resolved,
    )
    return failed.select("service", "n", "t", restored=sooner)


def _fixed(changes: Expr, found: Expr, asked: Asked) -> Expr:
    """Return the changes that a hotfix followed soon, which no other incident explains."""
    import ibis

    hours = _micros(asked.hours * 3600)
    soon = changes.filter(changes.good & (changes.fixed - changes.t <= hours))
    soon = soon.select("service", "fixed", n="n", t="t")
    others = found.select("service", "opened", "resolved", by=found.n.fill_null(-1))
    both = soon.join(others, "service")
    both = both.filter(
        (both.by != both.n)
        & (both.opened <= both.fixed)
        & (both.opened >= both.fixed - hours)
        & (both.resolved.isnull() | (both.resolved >= both.t))
    )
    explained = both.select("service", "n").distinct().mutate(known=ibis.literal(1, "int64"))
    joined = soon.left_join(explained, ["service", "n"])
    joined = joined.filter(joined.known.fill_null(0) == 0)
    return joined.select("service", "n", hotfix=ibis.literal(1, "int64"))


def brought(changes: Expr, judged: Expr, asked: Asked, *, asof: bool) -> Expr:
    """Return each change with the deployment that brought it first (`n`, `t`).

    A change belongs to the deployment that names it, else to the first one after its merge; one of
    the same second brought it. To the first one of a service none belongs that does not name it.
    """
    since, until = micros(asked)
    good = judged.filter((judged.kind == "change") & judged.good)
    named = good.filter(good.id != "")
    named = named.group_by("service", deployment=named.id).agg(n=named.n.min(), t=named.t.min())
    by_name = changes.filter(changes.deployment != "").join(named, ["service", "deployment"])
    by_name = by_name.select("service", "committed", "merged", "n", "t")
    open_ones = changes.filter((changes.deployment == "") & (changes.key < until))
    times = good.group_by("service", "t").agg(n=good.n.min())
    begin = good.group_by("service").agg(begin=good.t.min())
    by_time = (_by_asof if asof else _by_window)(open_ones, times)
    by_time = by_time.join(begin, "service").filter(lambda table: table.t > table.begin)
    both = by_name.union(by_time.select(by_name.columns))
    both = both.filter(both.t >= since)
    return both.mutate(from_commit=both.t - both.committed, from_merge=both.t - both.merged)


def _by_asof(changes: Expr, times: Expr) -> Expr:
    import ibis

    right = times.mutate(hit=ibis.literal(1, "int64"))
    joined = changes.asof_join(right, on=changes.key <= right.t, predicates="service")
    return joined.filter(joined.hit.fill_null(0) == 1)


def _by_window(changes: Expr, times: Expr) -> Expr:
    import ibis

    blank = ibis.null("int64")
    points = times.select(
        "service", "t", "n", committed=blank, merged=blank, of=ibis.literal(0, "int64")
    )
    asking = changes.select(
        "service", "committed", "merged", t="key", n=blank, of=ibis.literal(1, "int64")
    ).select(points.columns)
    both = points.union(asking)
    from_the_end = ibis.window(
        group_by="service", order_by=[ibis.desc("t"), ibis.asc("of")], preceding=(None, 0)
    )
    both = both.mutate(
        next_n=ibis.cases((both.of == 0, both.n)).min().over(from_the_end),
        next_t=ibis.cases((both.of == 0, both.t)).min().over(from_the_end),
    )
    found = both.filter((both.of == 1) & both.next_n.notnull())
    return found.select("service", "committed", "merged", n="next_n", t="next_t")
