"""The corpus's truth is what a server does: nobody has to believe it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import TupleRow

from tests.migrations.corpus import Case, cases, truth
from tests.migrations.replaying import (
    OWNER,
    Corpus,
    done,
    prepare,
    prepared_corpus,
    replayed,
    replayed_undone,
)
from tests.parts.postgres import Server

KNOWN = (15, 18)
CASES = cases()

Session = tuple[int, Corpus, psycopg.Connection[TupleRow]]


def _session(server: Server) -> Iterator[Session]:
    corpus = prepared_corpus(server)
    copy = server.new_database(corpus.template, OWNER)
    with psycopg.connect(server.dsn(copy), autocommit=True) as connection:
        prepare(connection, corpus.queries)
        yield connection.info.server_version // 10000, corpus, connection
    server.drop(copy)


@pytest.fixture(scope="module")
def system(postgres_server: Server) -> Iterator[Session]:
    yield from _session(postgres_server)


@pytest.fixture(scope="module")
def newest(postgres_18_server: Server) -> Iterator[Session]:
    yield from _session(postgres_18_server)


def _holds(case: Case, session: Session) -> None:
    major, corpus, connection = session
    if major not in KNOWN:
        pytest.skip(f"what PostgreSQL {major} does is not written down")
    if case.only not in {0, major}:
        assert case.name not in truth(major)
        return
    assert done(corpus, connection, case) == truth(major)[case.name]


@pytest.mark.needs("postgres")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_truth_of_a_case_is_what_the_system_s_server_does(case: Case, system: Session) -> None:
    _holds(case, system)


@pytest.mark.needs("postgres-18")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_truth_of_a_case_is_what_the_newest_server_does(case: Case, newest: Session) -> None:
    _holds(case, newest)


@pytest.mark.needs("postgres")
@pytest.mark.parametrize("name", ["add column nullable", "rename table", "drop sequence"])
def test_a_change_that_is_undone_shows_what_one_that_is_kept_shows(
    name: str, system: Session
) -> None:
    major, corpus, connection = system
    (case,) = (case for case in CASES if case.name == name)
    assert major
    assert replayed(corpus, case) == replayed_undone(corpus, connection, case)
