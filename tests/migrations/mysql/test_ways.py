"""How MySQL carries out an ALTER TABLE, by version (MariaDB: test_on_mariadb)."""

from __future__ import annotations

import pytest

from cdkit.migrations.anew import AlterTable
from cdkit.migrations.mysql.dialect import DIALECT
from cdkit.migrations.mysql.ways import ALGORITHMS, FACTS, LOCKS, way_of
from cdkit.migrations.replay import replay
from cdkit.migrations.schema import Schema
from cdkit.migrations.server import server_of
from cdkit.migrations.text import Text
from tests.worlds import NoProcesses

TABLE = (
    "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL DEFAULT 0, n int, s varchar(20), "
    "e enum('x','y'), KEY k (n)) DEFAULT CHARSET=utf8mb4;"
)


def way(clauses: str, server: str) -> str:
    schema = Schema("", naming=DIALECT.naming, shared_names=False)
    sql = f"{TABLE} ALTER TABLE t {clauses}".encode()
    meant = server_of(server)
    parsed = DIALECT.parse(Text("m.sql", sql), sql, meant, NoProcesses())
    replay(schema, DIALECT.operations(parsed.statements[0]))
    whole = DIALECT.operations(parsed.statements[1])[0]
    assert isinstance(whole, AlterTable)
    return DIALECT.lock_of(whole, schema, meant)[0]


@pytest.mark.parametrize(
    ("clauses", "server", "found"),
    [
        # MySQL manual, "Online DDL Operations", the tables of 5.7, 8.0 and 8.4.
        ("ADD z int", "mysql:5.7", "INPLACE, LOCK=NONE"),
        ("ADD z int", "mysql:8.0", "INSTANT, LOCK=NONE"),
        ("ADD z int", "mysql", "INSTANT, LOCK=NONE"),
        ("ADD z int FIRST", "mysql:8.0.28", "INPLACE, LOCK=NONE"),
        # What is asked for is done, where it is slower or stronger than need be.
        ("ADD z int, ALGORITHM=COPY", "mysql:8.0", "COPY, LOCK=SHARED"),
        ("ADD z int, ALGORITHM=COPY, LOCK=EXCLUSIVE", "mysql:8.0", "COPY, LOCK=EXCLUSIVE"),
        ("ADD INDEX i (a), LOCK=SHARED", "mysql:8.0", "INPLACE, LOCK=SHARED"),
        ("ADD z int FIRST", "mysql:8.0.29", "INSTANT, LOCK=NONE"),
        ("DROP a", "mysql:8.0.28", "INPLACE, LOCK=NONE"),
        ("DROP a", "mysql:8.4", "INSTANT, LOCK=NONE"),
        ("RENAME COLUMN a TO b", "mysql:8.0.27", "INPLACE, LOCK=NONE"),
        ("RENAME COLUMN a TO b", "mysql:9", "INSTANT, LOCK=NONE"),
        ("CHANGE a b int NOT NULL DEFAULT 0", "mysql:8.0.28", "INSTANT, LOCK=NONE"),
        ("MODIFY a bigint NOT NULL DEFAULT 0", "mysql:8.4", "COPY, LOCK=SHARED"),
        ("MODIFY s varchar(60)", "mysql:8.0", "INPLACE, LOCK=NONE"),
        ("MODIFY s varchar(64)", "mysql:8.0", "COPY, LOCK=SHARED"),
        ("MODIFY e enum('x','y','z')", "mysql:8.0", "INSTANT, LOCK=NONE"),
        ("MODIFY e enum('z','x','y')", "mysql:8.0", "COPY, LOCK=SHARED"),
        ("MODIFY n int NOT NULL", "mysql:8.0", "INPLACE, LOCK=NONE"),
        ("ALTER a SET DEFAULT 1", "mysql:5.7", "INPLACE, LOCK=NONE"),
        ("ADD INDEX (a)", "mysql:8.0", "INPLACE, LOCK=NONE"),
        ("ADD FULLTEXT (s)", "mysql:8.0", "INPLACE, LOCK=SHARED"),
        ("ADD z int AS (a) STORED", "mysql:8.0", "COPY, LOCK=SHARED"),
        ("ADD z int AS (a) VIRTUAL", "mysql:8.0", "INSTANT, LOCK=NONE"),
        ("ADD CHECK (a > 0)", "mysql:8.0.16", "COPY, LOCK=SHARED"),
        ("ADD FOREIGN KEY (n) REFERENCES p (id)", "mysql:8.4", "COPY, LOCK=SHARED"),
        ("DROP PRIMARY KEY", "mysql:8.0", "COPY, LOCK=SHARED"),
        ("DROP PRIMARY KEY, ADD PRIMARY KEY (a)", "mysql:8.0", "INPLACE, LOCK=NONE"),
        ("CONVERT TO CHARACTER SET latin1", "mysql:8.0", "COPY, LOCK=SHARED"),
        ("ENGINE=InnoDB", "mysql:8.0", "INPLACE, LOCK=NONE"),
        ("ENGINE=MyISAM", "mysql:8.0", "COPY, LOCK=SHARED"),
        # The slowest part counts.
        ("ADD z int, MODIFY a bigint", "mysql:8.0", "COPY, LOCK=SHARED"),
        ("ADD z int, ADD INDEX (a)", "mysql:8.0", "INPLACE, LOCK=NONE"),
        # MariaDB 11.2 copies while others write.
        ("MODIFY a bigint", "mariadb:11.1", "COPY, LOCK=SHARED"),
        ("MODIFY a bigint", "mariadb:11.2", "COPY, LOCK=NONE"),
    ],
)
def test_an_alter_is_done_as_the_manual_says(clauses: str, server: str, found: str) -> None:
    assert way(clauses, server) == f"ALGORITHM={found}"


@pytest.mark.parametrize("server", ["mysql:5.7", "mysql:8.4", "mariadb:10.5", "mariadb:11"])
@pytest.mark.parametrize("kind", sorted(FACTS))
def test_every_fact_holds_for_every_version(kind: str, server: str) -> None:
    found = way_of(kind, server_of(server))
    assert found.algorithm in ALGORITHMS
    assert found.lock in LOCKS
    assert found.algorithm != "NOCOPY" or server.startswith("mariadb")


def test_a_part_that_is_not_read_makes_the_lock_unknown() -> None:
    assert way("FROBNICATE a", "mysql:8.0") == "unknown lock"
