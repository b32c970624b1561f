"""What changes are rendered to, held against what Liquibase itself printed.

`printed/all.postgresql.sql` is what Liquibase 4.28.0 printed for `printed/all.xml`:
`update-sql --url=offline:postgresql?outputLiquibaseSql=none --changelog-file=all.xml`.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from cdkit.core.doors.files import DiskFiles
from cdkit.migrations.liquibase.changelog import book_of
from cdkit.migrations.liquibase.render import migration_of
from cdkit.migrations.look import Look
from cdkit.migrations.source import Migration
from tests.parts.postgres import Server

PRINTED = Path(__file__).parent / "printed"
CATALOGUE = {
    "columns": "SELECT table_name, column_name, data_type, character_maximum_length, "
    "numeric_precision, numeric_scale, is_nullable, column_default, is_identity "
    "FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) "
    "FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "views": "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public' ORDER BY 1",
    "sequences": "SELECT sequencename, start_value, increment_by, cycle, cache_size "
    "FROM pg_sequences ORDER BY 1",
    "comments": "SELECT objoid::regclass::text, objsubid, description FROM pg_description "
    "WHERE classoid = 'pg_class'::regclass AND objoid >= 16384 ORDER BY 1, 2",
    "rows": 'SELECT "order", "both" FROM people',
}


def ours() -> list[Migration]:
    look = Look(DiskFiles(PRINTED))
    book = book_of(("all.xml",), look, "postgres", {})
    assert not book.unread
    made = (migration_of(each, 0, "postgres", look) for each in book.changesets)
    return list(made)


def test_all_of_it_is_rendered() -> None:
    assert [(each.key, each.troubles) for each in ours()] == [
        ("tables::ann", ()),
        ("columns::ann", ()),
        ("constraints::ann", ()),
        ("rows::ann", ()),
        ("away::ann", ()),
    ]


@pytest.mark.needs("postgres")
def test_a_server_is_left_as_liquibase_leaves_it(postgres_server: Server) -> None:
    theirs = (PRINTED / "all.postgresql.sql").read_text(encoding="utf-8")
    ran = [catalogue(postgres_server, [theirs])]
    ran.append(catalogue(postgres_server, [each.script.sql.decode() for each in ours()]))
    for name in CATALOGUE:
        assert ran[1][name] == ran[0][name]


@pytest.mark.needs("postgres")
def test_what_liquibase_takes_back_by_itself_runs(postgres: str) -> None:
    made = {each.key: each.script for each in ours()}
    script = made["tables::ann"]
    assert script.down
    with psycopg.connect(postgres, autocommit=True) as connection:
        for data in (script.sql, script.down.sql):
            connection.execute(data)
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert row.fetchone() == (0,)
    assert made["columns::ann"].down is None


def catalogue(server: Server, scripts: list[str]) -> dict[str, list[tuple[object, ...]]]:
    """Return what a new database holds after scripts ran."""
    name = server.new_database()
    try:
        with psycopg.connect(server.dsn(name), autocommit=True) as connection:
            for script in scripts:
                connection.execute(script.encode())
            return {key: connection.execute(said.encode()).fetchall()
                    for key, said in CATALOGUE.items()}  # fmt: skip
    finally:
        server.drop(name)
