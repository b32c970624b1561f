"""The corpora: what is true of each migration on a real server, and whether our rules see it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pymysql
import pytest

from cdkit.migrations.server import engines, server_of
from cdkit.migrations.text import Text
from tests.migrations.replayed import Answer, Case, Corpus, breaks, corpus, flagged
from tests.parts import mariadb
from tests.worlds import NoProcesses

MARIADB = corpus("mariadb")
SQLITE = corpus("sqlite")
ALL = [(given, case) for given in (MARIADB, SQLITE) for case in given.cases]


def statements(given: Corpus, sql: str) -> list[str]:
    server = server_of(given.server)
    dialect = engines()[server.engine].dialect()
    parsed = dialect.parse(Text("m.sql", sql.encode()), sql.encode(), server, NoProcesses())
    assert not parsed.troubles
    return [statement.source for statement in parsed.statements]


def _id(value: object) -> str:
    if isinstance(value, Case):
        return value.name
    return value.server.partition(":")[0] if isinstance(value, Corpus) else ""


@pytest.mark.parametrize(("given", "case"), ALL, ids=_id)
def test_a_migration_is_flagged_where_it_breaks_and_only_there(given: Corpus, case: Case) -> None:
    found = flagged(given, case)
    assert bool(found) == (bool(case.broken) != bool(case.missed or case.alarm)), found
    assert not (case.missed and not case.broken), "nothing is broken, so nothing can be missed"
    assert not (case.alarm and case.broken), "something is broken, so no alarm is false"


@pytest.mark.parametrize(("given", "least"), [(MARIADB, 60), (SQLITE, 30)], ids=_id)
def test_a_corpus_holds_cases_of_both_kinds(given: Corpus, least: int) -> None:
    broken = [case for case in given.cases if case.broken]
    assert len(given.cases) >= least
    assert len(broken) >= least / 3
    assert len(given.cases) - len(broken) >= least / 3
    assert len({case.name for case in given.cases}) == len(given.cases)


# On MariaDB ---------------------------------------------------------------------------------------


def on_mariadb(connection: pymysql.Connection, sql: str) -> Answer:
    """What a transaction of the running version gets: rows, or the number of the error."""
    connection.begin()
    with connection.cursor() as cursor:
        try:
            for statement in statements(MARIADB, sql):
                cursor.execute(statement)
            answer: Answer = tuple(cursor.fetchall())
        except pymysql.err.MySQLError as fault:
            answer = ("error", fault.args[0])
    connection.rollback()
    return answer


def prepared(connection: pymysql.Connection, *scripts: str) -> None:
    with connection.cursor() as cursor:
        for statement in (each for sql in scripts for each in statements(MARIADB, sql)):
            cursor.execute(statement)


@pytest.fixture(scope="module")
def before(mariadb_server: mariadb.Server) -> Iterator[pymysql.Connection]:
    """A database that stays as the running version knows it."""
    name = mariadb_server.new_database()
    connection = mariadb_server.connect(name)
    prepared(connection, MARIADB.schema, MARIADB.rows)
    yield connection
    connection.close()
    mariadb_server.drop(name)


@pytest.mark.needs("mariadb")
@pytest.mark.parametrize("case", MARIADB.cases, ids=_id)
def test_a_migration_breaks_on_mariadb_what_the_corpus_says(
    case: Case, before: pymysql.Connection, mariadb: pymysql.Connection
) -> None:
    prepared(mariadb, MARIADB.schema, MARIADB.rows, case.sql)
    found = breaks(
        MARIADB, lambda sql: on_mariadb(before, sql), lambda sql: on_mariadb(mariadb, sql)
    )
    assert found == list(case.broken)


# On SQLite ----------------------------------------------------------------------------------------


@pytest.fixture
def sqlite() -> Iterator[sqlite3.Connection]:
    connection = made()
    yield connection
    connection.close()


def made() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(f"PRAGMA foreign_keys = ON; {SQLITE.schema} {SQLITE.rows}")
    return connection


def on_sqlite(connection: sqlite3.Connection, sql: str) -> Answer:
    connection.execute("BEGIN")
    answer: Answer = ()
    try:
        for statement in statements(SQLITE, sql):
            answer = tuple(connection.execute(statement).fetchall())
    except sqlite3.Error as fault:
        answer = ("error", type(fault).__name__)
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    return answer


@pytest.mark.parametrize("case", SQLITE.cases, ids=_id)
def test_a_migration_breaks_on_sqlite_what_the_corpus_says(
    case: Case, sqlite: sqlite3.Connection
) -> None:
    untouched = made()
    sqlite.executescript(case.sql)
    found = breaks(
        SQLITE, lambda sql: on_sqlite(untouched, sql), lambda sql: on_sqlite(sqlite, sql)
    )
    untouched.close()
    assert found == list(case.broken)
