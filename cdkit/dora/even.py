"""Tables of an engine outside, made even: the columns that the judgement knows, and no others."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from cdkit.core.errors import Unreadable
from cdkit.dora.columns import OUTCOMES, TABLES, Column, check_columns, check_values
from cdkit.dora.portable import Expr, micros
from cdkit.dora.told import Asked

NONE = "none"
_TYPES = {"text": "string", "time": "timestamp('UTC', 6)", "truth": "boolean"}
_Micros = Callable[[Expr], Expr]


class Given(Struct, frozen=True, kw_only=True):
    """A table as the engine has it, under its name there; None where there is none."""

    name: str
    table: Any = None


def tables(
    given: Mapping[str, Given],
    asked: Asked,
    micros_of: _Micros,
    order: Callable[[Expr], Expr],
) -> dict[str, Expr]:
    """Return the three tables by kind, as `portable.py` wants them, of what is asked.

    Raises Unreadable where one lacks a column or has one of a type that says nothing.
    """
    found = {}
    for kind, one in given.items():
        told = _empty(TABLES[kind]) if one.table is None else _told(one, TABLES[kind])
        found[kind] = _SHAPES[kind](told, asked, micros_of, order)
    return found


def _empty(columns: tuple[Column, ...]) -> Expr:
    import ibis

    row = {one.known: ibis.null(_TYPES[one.kind]) for one in columns}
    return ibis.range(1).unnest().name("x").as_table().mutate(**row).filter(lambda t: t.x < 0)


def _told(given: Given, columns: tuple[Column, ...]) -> Expr:
    """Return the columns of a table by the names of the judgement, empty ones filled in."""
    check_columns(columns, given.table.columns, given.name)
    return given.table.select(**{one.known: _column(given, one) for one in columns})


def _column(given: Given, one: Column) -> Expr:
    import ibis

    if one.name not in given.table.columns:
        usual = None if one.kind != "text" else one.usual
        return ibis.literal(usual, _TYPES[one.kind])
    column = given.table[one.name]
    of = column.type()
    fits = {"text": True, "time": of.is_timestamp(), "truth": of.is_boolean()}[one.kind]
    if not fits:
        raise Unreadable(
            f"its column {one.name!r} is of the type {of}",
            where=given.name,
            remedy=f"name a view in which it is a {_TYPES[one.kind].partition('(')[0]}",
        )
    if one.kind != "text":
        return column.cast(_TYPES[one.kind])
    text = column.cast("string")
    if one.told:
        return text
    return (text.nullif("") if one.usual else text).fill_null(one.usual)


def zoneless(given: Mapping[str, Given]) -> Iterator[str]:
    """Yield what is to be said of columns whose times have no zone, and are read as UTC."""
    for kind, one in given.items():
        for column in TABLES[kind]:
            if one.table is None or column.kind != "time" or column.name not in one.table.columns:
                continue
            of = one.table[column.name].type()
            if of.is_timestamp() and of.timezone is None:
                yield (
                    f"the times of {column.name!r} in {one.name} have no zone, and are read as UTC:"
                    " name a view in which they have one, where they are of another"
                )


def _deployments(
    told: Expr, asked: Asked, micros_of: _Micros, order: Callable[[Expr], Expr]
) -> Expr:
    """Return the deployments of an environment before the end; `code` of `planned`: 1 is false."""
    import ibis

    code = ibis.cases((told.planned.isnull(), 0), (told.planned, 2), else_=1)
    times = told.mutate(
        t=micros_of(told.made_at),
        code=code.cast("int64"),
        rollback=told.rollback.fill_null(False),
    )
    here = _here(times, times.t, asked)
    return here.mutate(o1=order(here.id), o2=order(here.digest), o3=order(here.commit_id)).drop(
        "made_at", "planned", "team"
    )


def _changes(told: Expr, asked: Asked, micros_of: _Micros, order: Callable[[Expr], Expr]) -> Expr:
    del asked, order
    times = told.mutate(committed=micros_of(told.committed_at), merged=micros_of(told.merged_at))
    times = times.mutate(key=times.merged.fill_null(times.committed))
    return times.select("service", "deployment", "committed", "merged", "key")


def _incidents(told: Expr, asked: Asked, micros_of: _Micros, order: Callable[[Expr], Expr]) -> Expr:
    del order
    times = told.mutate(t=micros_of(told.opened_at), resolved=micros_of(told.resolved_at))
    here = _here(times, times.t, asked)
    return here.select("service", "environment", "cause", "t", "resolved")


def _here(table: Expr, time: Expr, asked: Asked) -> Expr:
    _since, until = micros(asked)
    here = (table.environment == asked.environment) | table.environment.isnull()
    return table.filter(here & ((time < until) | time.isnull()))


_SHAPES = {"deployments": _deployments, "changes": _changes, "incidents": _incidents}


def check(even: Mapping[str, Expr], names: Mapping[str, str]) -> None:
    """Raise Unreadable where rows cannot be placed: one question to the engine for each table."""
    for kind, table in even.items():
        if names.get(kind) == NONE:
            continue  # no engine has it, and Ibis would look for one of its own
        time = "committed" if kind == "changes" else "t"
        counts = {time: table[time].isnull().sum()}
        if "environment" in table.columns:
            counts["environment"] = table.environment.isnull().sum()
        if kind == "deployments":
            strange = ~table.outcome.isin(OUTCOMES)
            counts["outcome"] = table.outcome.max(where=strange)
        (row,) = table.agg(**counts).to_pyarrow().to_pylist()
        at = next(one.name for one in TABLES[kind] if one.kind == "time" and one.told)
        nameless = {at: int(row[time] or 0), "environment": int(row.get("environment") or 0)}
        check_values(nameless, row.get("outcome") or None, names.get(kind, kind))
