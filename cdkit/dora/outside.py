"""The metrics from tables in an engine outside: ClickHouse, Spark, PostgreSQL and others.

One engine is one file in `engines/`: how it is reached, and what it does in a way of its own.
Everything else is the same expressions of Ibis for all (`portable.py`, `summing.py`).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cdkit.core import plugins
from cdkit.core.errors import CannotTell, CdkitError, Missing, MissingExtra, RequestError
from cdkit.dora import even, phases, portable, spelling, summing
from cdkit.dora.address import Address, listed, parsed, refuse
from cdkit.dora.columns import TABLES
from cdkit.dora.engine import of_rows
from cdkit.dora.history import Grid, History
from cdkit.dora.told import Asked, Measured

EXPR = portable.Expr

_OURS = (TypeError, AttributeError, NameError, LookupError, AssertionError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """An engine: how it is reached, and what differs from one to another.

    `extra` installs its client; `settings` are what a URL may say behind `?`. `micros` makes whole
    microseconds since 1970 of a time with a zone, `order` of a text something that sorts by its
    bytes. `asof` says that it joins the next one in time by itself, `files` that it reads Parquet
    where a name has a `/`; `quantile` is its own continuous quantile where that is exact. `keep`
    puts a table that is read several times aside, for this connection alone, where it can.
    `instants` says that its times are moments though their types, as Ibis tells them, have no zone.
    """

    name: str
    schemes: tuple[str, ...]
    extra: str
    connect: Callable[[Address], Any]
    micros: Callable[[EXPR], EXPR]
    order: Callable[[EXPR], EXPR] = lambda text: text
    settings: frozenset[str] = frozenset()
    asof: bool = False
    files: bool = False
    instants: bool = False
    quantile: summing.Quantile | None = None
    keep: Callable[[Any, str, EXPR], EXPR] = lambda _backend, _name, table: table


def measure_outside(
    url: str, names: Mapping[str, str], asked: Asked, environ: Mapping[str, str]
) -> tuple[tuple[Measured, ...], Measured | None, History, tuple[str, ...]]:
    """Return the metrics of each service, of all together where there are several, the course.

    The last are notes: which columns have times without a zone.
    `names` are the tables by kind, `none` where there is none. Raises RequestError where the URL is
    wrong, MissingExtra where the client is not installed, Unreadable where a table lacks a column
    or holds rows that cannot be placed, CannotTell where the engine does not answer.
    """
    engine, address = found(url, environ)
    if names.get("deployments") == even.NONE:
        raise RequestError(
            "without deployments there is nothing to measure",
            where="table",
            remedy="name their table: --table deployments=NAME",
        )
    with _telling(engine, address):
        backend = _connected(engine, address)
        try:
            told = {kind: _table(engine, backend, kind, names.get(kind, kind)) for kind in TABLES}
            notes = () if engine.instants else tuple(even.zoneless(told))
            tables = even.tables(told, asked, engine.micros, engine.order)
            even.check(tables, names)
            notes += tuple(
                said
                for kind in spelling.KINDS
                for said in spelling.elsewhere(kind, told[kind], asked)
            )
            asking = expressions(engine, tables, asked, backend)
            answers = {name: one.to_pyarrow().to_pylist() for name, one in asking.items()}
        finally:
            backend.disconnect()
    course = {name: answers.pop(name) for name in [*answers] if name not in summing.ANSWERS}
    return *of_rows(summing.rows(answers)), phases.course(course, asked), notes


def expressions(
    engine: Engine,
    tables: Mapping[str, EXPR],
    asked: Asked,
    backend: Any = None,  # noqa: ANN401 - a backend of Ibis
) -> dict[str, EXPR]:
    """Return what an engine is asked, by the name of the answer; with a backend tables are kept."""

    def kept(name: str, table: EXPR) -> EXPR:
        return table if backend is None else engine.keep(backend, f"cdkit_{name}", table)

    wide = Grid.of(asked).widened(asked)
    lives = kept("lives", portable.lives(tables["deployments"], wide))
    blamed = kept("blamed", portable.blamed(tables["incidents"], lives, wide))
    brought = portable.brought(tables["changes"], lives, wide, asof=engine.asof)
    judged = portable.Judged(
        lives=lives,
        blamed=blamed,
        broken=kept("broken", portable.broken(lives, blamed, wide)),
        brought=kept("brought", brought),
    )
    numbers = summing.queries(portable.since(judged, asked), asked, engine.quantile)
    return numbers | phases.queries(judged, asked, engine.quantile)


def _table(
    engine: Engine,
    backend: Any,  # noqa: ANN401 - a backend of Ibis
    kind: str,
    name: str,
) -> even.Given:
    """Return a table by its name, `table`, `schema.table` or `catalog.schema.table`; None for none.

    Raises Missing where there is no such table.
    """
    from ibis.common.exceptions import TableNotFound

    if name == even.NONE:
        return even.Given(name=name)
    if engine.files and "/" in name:
        return even.Given(name=name, table=backend.read_parquet(name))
    *path, last = name.split(".")
    try:
        table = backend.table(last, database=tuple(path) if path else None)
    except TableNotFound as fault:
        raise Missing(
            "there is no such table",
            where=name,
            remedy=f"name the right one: --table {kind}=NAME, or {kind}=none where there is none",
        ) from fault
    return even.Given(name=name, table=table)


def temporary(backend: Any, name: str, table: EXPR) -> EXPR:  # noqa: ANN401 - a backend of Ibis
    """Keep a table as a temporary one, which goes with the connection."""
    return backend.create_table(name, table, temp=True)


def known() -> Mapping[str, Engine]:
    """Return the engines by name."""
    from cdkit.dora import engines

    return plugins.collect(engines, "ENGINE", Engine)


def found(url: str, environ: Mapping[str, str]) -> tuple[Engine, Address]:
    """Return the engine that a URL names, and its parts.

    Raises RequestError where no engine goes by that scheme, or a password stands in the URL.
    """
    address = parsed(url, environ)
    schemes = {scheme: one for one in known().values() for scheme in one.schemes}
    engine = schemes.get(address.scheme)
    if engine is None:
        refuse(f"no engine goes by {address.scheme[:30]!r}", f"write one of {listed(schemes)}")
    if strange := sorted(set(address.settings) - engine.settings):
        known_ones = listed(engine.settings) or "none"
        refuse(f"{engine.name} has no setting {strange[0][:60]!r}", f"it has: {known_ones}")
    return engine, address


def _connected(engine: Engine, address: Address) -> Any:  # noqa: ANN401 - a backend of Ibis
    try:
        import ibis
    except ImportError as fault:
        raise MissingExtra("ibis-framework", engine.extra, wanted_by=engine.name) from fault
    del ibis
    try:
        return engine.connect(address)
    except ImportError as fault:
        raise MissingExtra(_lacking(fault), engine.extra, wanted_by=engine.name) from fault


def _lacking(fault: ImportError) -> str:
    """Return the package that is not there: Ibis and Spark say so in texts of their own alone."""
    first = fault.__cause__ if isinstance(fault.__cause__, ImportError) else fault
    return first.name or " ".join(str(fault).split())[:120]


@contextmanager
def _telling(engine: Engine, address: Address) -> Iterator[None]:
    """Turn whatever an engine's client raises into "cannot tell", without the password.

    The clients share no kind of failure, and what is not an answer is none; what only a fault of
    ours raises stays one.
    """
    try:
        yield
    except (CdkitError, *_OURS):
        raise
    except Exception as fault:
        said = " ".join(str(fault).split())[:300] or type(fault).__name__
        if address.password:
            said = said.replace(address.password.reveal(), "***")
        raise CannotTell(
            f"{engine.name} gave no answer: {said}",
            where="engine",
            remedy="check address, login and rights: docs/dora-engines.md says which it takes",
        ) from fault
