"""Replaying the corpus on a server: the old version's queries before and after each change.

The queries run as the application's role, each in a savepoint; the same again as statements that a
connection prepared before the change and holds open. Nothing here knows a rule of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from msgspec import Struct
from psycopg import sql
from psycopg.rows import TupleRow

from cdkit.migrations.postgres.parser import parse
from cdkit.migrations.text import Text
from tests.migrations.corpus import Case, Query, Truth, base, queries, roles
from tests.parts.postgres import Server
from tests.worlds import NoProcesses

APPLICATION, OWNER = "shop_app", "shop_owner"
ROLES = (APPLICATION, "shop_report")
MODES = (
    "AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
    "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
)  # fmt: skip
_DRAWN = re.compile(r"(?<![\d.])[1-9]\d{3}(?![\d.-])")
_NOW = re.compile(r"20(2[5-9]|[3-9]\d)-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?(\+00)?")
_RELATIONS = """
SELECT c.oid, c.oid::regclass::text AS name, pg_relation_filenode(c.oid) AS storage
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname IN ('public', 'audit', 'billing')
"""
_HELD = "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation IS NOT NULL"
_SEQUENCES = """
SELECT setval('customers_id_seq', 1000), setval('products_id_seq', 1000),
       setval('orders_id_seq', 1000), setval('reviews_id_seq', 1000),
       setval('audit.log_id_seq', 1000), setval('order_number', 1000, false)
"""
_CLEAN = """
DROP ROLE IF EXISTS shop_temp; ALTER ROLE shop_app RESET ALL; ALTER ROLE shop_report RESET ALL;
ALTER ROLE shop_app LOGIN; ALTER ROLE shop_report CONNECTION LIMIT -1;
REVOKE shop_report FROM shop_app
"""

Relations = dict[object, tuple[object, object]]
"""Tables by their object id: name and storage."""
Row = tuple[tuple[str, str | None], ...]
Answer = str | list[Row]
"""What a query got: the condition of an error, or rows as pairs of column and text."""


class Corpus(Struct, frozen=True, kw_only=True):
    """A server with the base as a template, and what the queries got before any change."""

    server: Server
    template: str
    queries: tuple[Query, ...]
    before: dict[str, Answer]
    prepared: dict[str, Answer]


def prepared_corpus(server: Server) -> Corpus:
    """Make roles and template, and ask the queries once."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(roles().encode())
    template = server.new_database(owner=OWNER)
    with psycopg.connect(server.dsn(template, OWNER)) as connection:
        connection.execute(base().encode())
    asked = queries()
    with _database(server, template) as name, _prepared(server, name, asked) as held:
        before = _asked_anew(server, name, asked)
        prepared = _answers(held, _executions(asked))
        held.rollback()
    assert not [name for name, answer in before.items() if isinstance(answer, str)], before
    return Corpus(server=server, template=template, queries=asked, before=before, prepared=prepared)


def done(corpus: Corpus, session: psycopg.Connection[TupleRow], case: Case) -> Truth:
    """Replay a case in the quickest way that shows what it does."""
    if case.alone or case.anew:
        return replayed(corpus, case)
    return replayed_undone(corpus, session, case)


def replayed(corpus: Corpus, case: Case) -> Truth:
    """Apply a change to a copy of the base, and compare what the queries get."""
    server, asked = corpus.server, corpus.queries
    broken: dict[str, str] = {}
    with (
        _database(server, corpus.template) as name,
        _prepared(server, name, asked) as held,
        psycopg.connect(server.dsn(name, _role(case)), autocommit=True) as owner,
    ):
        known = {row[0]: (row[1], row[2]) for row in owner.execute(_RELATIONS)}
        locks: dict[str, str] = {}
        for step in _steps(case):
            locks |= _run(owner, step, known, alone=case.alone)
            after = _asked_anew(server, name, asked)
            broken = _differences(asked, corpus.before, after) | broken
        storage = {row[0]: row[2] for row in owner.execute(_RELATIONS)}
        prepared = _answers(held, _executions(asked))
        held.rollback()
    fresh = _differences(asked, corpus.prepared, prepared)
    return _truth(broken, fresh, locks, known, storage)


def _truth(
    broken: dict[str, str],
    fresh: dict[str, str],
    locks: dict[str, str],
    known: Relations,
    storage: dict[object, object],
) -> Truth:
    only = {query: how for query, how in fresh.items() if query not in broken}
    return Truth(
        answer="breaks" if broken else "prepared" if only else "harmless",
        broken=dict(sorted(broken.items())),
        prepared=dict(sorted(only.items())),
        locks=dict(sorted(locks.items())),
        rewritten=sorted(
            str(known[oid][0])
            for oid, now in storage.items()
            if oid in known and known[oid][1] != now
        ),
    )


def _role(case: Case) -> str:
    return "" if case.superuser else OWNER


def replayed_undone(corpus: Corpus, session: psycopg.Connection[TupleRow], case: Case) -> Truth:
    """Do the same in one transaction that is undone: quick, for what a transaction can show.

    `session` is a superuser's, in which `prepare` has prepared the queries.
    """
    asked = corpus.queries
    # A plan that was made for what is undone now may outlive it.
    session.execute("DISCARD PLANS")
    session.execute(_SEQUENCES)
    session.execute("BEGIN")
    try:
        known = {row[0]: (row[1], row[2]) for row in session.execute(_RELATIONS)}
        _become(session, _role(case))
        session.execute(case.sql.encode())
        locks = _held(session, known)
        after: dict[str, Answer] = {}
        for role in ROLES:
            _become(session, role)
            after |= _answers(session, [query for query in asked if query.role == role])
        broken = _differences(asked, corpus.before, after)
        _become(session, APPLICATION)
        fresh = _differences(asked, corpus.prepared, _answers(session, _executions(asked)))
        _become(session, "")
        storage = {row[0]: row[2] for row in session.execute(_RELATIONS)}
    finally:
        session.execute("ROLLBACK")
    return _truth(broken, fresh, locks, known, storage)


def _become(session: psycopg.Connection[TupleRow], role: str) -> None:
    session.execute("RESET ALL; RESET SESSION AUTHORIZATION")
    if role:
        session.execute(f"SET LOCAL SESSION AUTHORIZATION {role}".encode())


def prepare(session: psycopg.Connection[TupleRow], asked: Sequence[Query]) -> None:
    """Prepare the queries as the application's role."""
    # Else psycopg drops prepared statements of its own, and with them ours, after a ROLLBACK.
    session.prepare_threshold = None
    session.execute(f"SET SESSION AUTHORIZATION {APPLICATION}".encode())
    for number, query in enumerate(asked):
        if query.role != APPLICATION:
            continue
        session.execute(f"PREPARE q{number} AS {query.sql}".encode())
    session.execute("RESET SESSION AUTHORIZATION")


@contextmanager
def _database(server: Server, template: str) -> Iterator[str]:
    name = server.new_database(template, OWNER)
    try:
        yield name
    finally:
        server.drop(name)
        for statement in _CLEAN.split(";"):
            server.run(sql.SQL(statement.strip()))


@contextmanager
def _prepared(
    server: Server, name: str, asked: Sequence[Query]
) -> Iterator[psycopg.Connection[TupleRow]]:
    with psycopg.connect(server.dsn(name, APPLICATION)) as connection:
        prepare(connection, asked)
        connection.commit()
        yield connection


def _executions(asked: Sequence[Query]) -> list[Query]:
    return [
        Query(name=query.name, sql=f"EXECUTE q{number}")
        for number, query in enumerate(asked)
        if query.role == APPLICATION
    ]


def _asked_anew(server: Server, name: str, asked: Sequence[Query]) -> dict[str, Answer]:
    """Ask as the application that has just been started."""
    answers: dict[str, Answer] = {}
    for role in ROLES:
        mine = [query for query in asked if query.role == role]
        try:
            with psycopg.connect(server.dsn(name, role)) as connection:
                answers |= _answers(connection, mine)
                connection.rollback()
        except psycopg.OperationalError:
            answers |= dict.fromkeys((query.name for query in mine), "cannot connect")
    return answers


def _answers(connection: psycopg.Connection[TupleRow], asked: Sequence[Query]) -> dict[str, Answer]:
    kinds = {
        row[0]: str(row[1]) for row in connection.execute("SELECT oid, typcategory FROM pg_type")
    }
    found: dict[str, Answer] = {}
    for query in asked:
        connection.execute("SAVEPOINT here")
        try:
            result = connection.execute(query.sql.encode()).pgresult
        except psycopg.Error as fault:
            found[query.name] = type(fault).__name__
        else:
            assert result
            found[query.name] = [
                tuple(
                    (_column(result, column, kinds), _text(result.get_value(row, column)))
                    for column in range(result.nfields)
                )
                for row in range(result.ntuples)
            ] or [(("rows", result.command_status.decode() if result.command_status else ""),)]
        connection.execute("ROLLBACK TO here")
    return found


def _column(result: psycopg.pq.abc.PGresult, column: int, kinds: dict[int, str]) -> str:
    """Name a column, with the category of its type: what a driver makes of it."""
    name = (result.fname(column) or b"").decode()
    return f"{name}:{kinds.get(result.ftype(column), '?')}"


def _text(value: bytes | None) -> str | None:
    """Show a value so that what is drawn from a sequence counts for nothing, nor does the time."""
    return None if value is None else _DRAWN.sub("#", _NOW.sub("now", value.decode()))


def _differences(
    asked: Sequence[Query], before: dict[str, Answer], after: dict[str, Answer]
) -> dict[str, str]:
    found = {}
    for query in asked:
        if query.name not in before:
            continue
        old, new = before[query.name], after[query.name]
        if isinstance(new, str):
            if old != new:
                found[query.name] = new
        elif not isinstance(old, str) and (how := _compared(old, new, ordered=query.ordered)):
            found[query.name] = how
    return found


def _compared(old: list[Row], new: list[Row], *, ordered: bool) -> str:
    """Compare rows by the columns that both have; as sets, unless their order was asked for."""
    both = {name for name, _ in old[0]} & {name for name, _ in new[0]}
    by_name = {name.partition(":")[0] for name, _ in old[0]} & {
        name.partition(":")[0] for name, _ in new[0]
    }
    if len(both) < len(by_name) or not both:
        return "other types" if len(old[0]) and by_name else "other columns"
    mine, theirs = ([tuple(x for x in row if x[0] in both) for row in rows] for rows in (old, new))
    if not ordered:
        mine, theirs = sorted(mine, key=str), sorted(theirs, key=str)
    return "" if mine == theirs else "other rows"


def _steps(case: Case) -> list[str]:
    if not case.alone:
        return [case.sql]
    parsed = parse(Text("case.sql", case.sql.encode()), NoProcesses())
    return [statement.source for statement in parsed.statements]


def _run(
    owner: psycopg.Connection[TupleRow],
    step: str,
    known: Relations,
    *,
    alone: bool,
) -> dict[str, str]:
    """Run one step; return the strongest lock on each relation that was there."""
    if alone:
        owner.execute(step.encode())
        return {}
    with owner.transaction():
        owner.execute(step.encode())
        return _held(owner, known)


def _held(connection: psycopg.Connection[TupleRow], known: Relations) -> dict[str, str]:
    strongest: dict[str, str] = {}
    for oid, mode in connection.execute(_HELD):
        if oid not in known:
            continue
        name = str(known[oid][0])
        if MODES.index(str(mode)) >= MODES.index(strongest.get(name, MODES[0])):
            strongest[name] = str(mode)
    return strongest
