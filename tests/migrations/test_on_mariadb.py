"""What the table of facts says of MariaDB, asked of a real server, operation by operation."""

from __future__ import annotations

from collections.abc import Iterator

import pymysql
import pytest

from cdkit.migrations.anew import AlterTable
from cdkit.migrations.engine import Server
from cdkit.migrations.mysql.cost import way
from cdkit.migrations.mysql.dialect import DIALECT
from cdkit.migrations.mysql.fragile import fragile
from cdkit.migrations.mysql.ways import ALGORITHMS, LOCKS, Way
from cdkit.migrations.replay import replay
from cdkit.migrations.schema import Schema
from cdkit.migrations.server import server_of
from cdkit.migrations.text import Text
from tests.parts.mariadb import Server as MariaDB
from tests.worlds import NoProcesses

pytestmark = pytest.mark.needs("mariadb")

BASE = """
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE t (
    id int PRIMARY KEY AUTO_INCREMENT, a int NOT NULL DEFAULT 0, n int,
    s varchar(20) NOT NULL DEFAULT '', l varchar(100) CHARACTER SET latin1,
    w varchar(300) CHARACTER SET latin1, e enum('x','y') NOT NULL DEFAULT 'x', st set('x','y'),
    d decimal(8,2), c char(4), p int, ts timestamp NULL, tx text, u int, ft text,
    u8 varchar(20) CHARACTER SET utf8mb3, m varchar(32) NULL, m7 varchar(127) CHARACTER SET latin1,
    m8 varchar(128) CHARACTER SET latin1, KEY k (n), UNIQUE KEY uu (u),
    CONSTRAINT ck CHECK (a >= 0)
) ENGINE=InnoDB CHARACTER SET utf8mb4;
CREATE TABLE g (
    id int NOT NULL, a int NOT NULL DEFAULT 0, p int, g int AS (a + 1) STORED,
    v int AS (a + 2) VIRTUAL, KEY (id)
);
CREATE TABLE f (id int PRIMARY KEY, tx text, more text, FULLTEXT KEY ff (tx));
CREATE TABLE r (id int, a int) PARTITION BY RANGE (id)
    (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20));
CREATE TABLE z (id int PRIMARY KEY, a int, s varchar(20), e enum('x'), KEY k (a))
    ROW_FORMAT=COMPRESSED;
CREATE TABLE m (id int PRIMARY KEY, a int, s varchar(20), e enum('x'), KEY k (a)) ENGINE=MyISAM;
CREATE TABLE ar (id int PRIMARY KEY, a int) ENGINE=Aria;
CREATE TABLE child (id int PRIMARY KEY, p int, CONSTRAINT fk FOREIGN KEY (p)
    REFERENCES parents (id));
"""

OPERATIONS = """
t ADD COLUMN z int
t ADD COLUMN z int NOT NULL DEFAULT 5
t ADD COLUMN z int NOT NULL
t ADD COLUMN z int FIRST
t ADD COLUMN z int AFTER a
t ADD COLUMN z timestamp DEFAULT CURRENT_TIMESTAMP
t ADD COLUMN z varchar(36) DEFAULT uuid()
t ADD COLUMN z int DEFAULT (1+1)
t ADD COLUMN z int AS (a+1) STORED
t ADD COLUMN z int AS (a+1) VIRTUAL
t ADD COLUMN z int CHECK (z > 0)
t ADD COLUMN z int UNIQUE
t ADD COLUMN z int REFERENCES parents (id)
t ADD COLUMN z int INVISIBLE
t DROP COLUMN n
t DROP COLUMN p
t RENAME COLUMN p TO q
t CHANGE p q int
t MODIFY p int COMMENT 'x'
t MODIFY p int AFTER id
t MODIFY p int FIRST
t MODIFY p int NOT NULL
t MODIFY a int DEFAULT 0
t MODIFY a int NOT NULL
t MODIFY a int NOT NULL DEFAULT 7
t ALTER COLUMN a SET DEFAULT 5
t ALTER COLUMN a DROP DEFAULT
t MODIFY a bigint NOT NULL DEFAULT 0
t MODIFY p int unsigned
t MODIFY p smallint
t MODIFY l varchar(200) CHARACTER SET latin1
t MODIFY l varchar(300) CHARACTER SET latin1
t MODIFY s varchar(40) NOT NULL DEFAULT ''
t MODIFY s varchar(80) NOT NULL DEFAULT ''
t MODIFY w varchar(100) CHARACTER SET latin1
t MODIFY m varchar(63)
t MODIFY m varchar(64)
t MODIFY m7 varchar(300) CHARACTER SET latin1
t MODIFY m8 varchar(300) CHARACTER SET latin1
t MODIFY s varchar(10) NOT NULL DEFAULT ''
t MODIFY s text
t MODIFY tx mediumtext
t MODIFY tx varchar(500)
t MODIFY c char(8)
t MODIFY c varchar(4)
t MODIFY d decimal(10,2)
t MODIFY d decimal(10,4)
t MODIFY e enum('x','y','z') NOT NULL DEFAULT 'x'
t MODIFY e enum('x','z','y') NOT NULL DEFAULT 'x'
t MODIFY e enum('x') NOT NULL DEFAULT 'x'
t MODIFY st set('x','y','z')
t MODIFY st set('x','y','z','a','b','c','d','e')
t MODIFY st set('x','y','z','a','b','c','d','e','f')
t MODIFY s varchar(20) CHARACTER SET latin1 NOT NULL DEFAULT ''
t MODIFY u8 varchar(20) CHARACTER SET utf8mb4
t MODIFY s varchar(20) COLLATE utf8mb4_bin NOT NULL DEFAULT ''
t MODIFY ts datetime NULL
t MODIFY ts timestamp(6) NULL
t MODIFY n int INVISIBLE
t MODIFY p int CHECK (p > 0)
t MODIFY p int UNIQUE
t MODIFY id int
t MODIFY id bigint AUTO_INCREMENT
t ADD INDEX i (a)
t ADD UNIQUE INDEX i (p)
t ADD FULLTEXT INDEX i (ft)
t ADD INDEX (s(10))
t DROP INDEX k
t DROP INDEX uu
t RENAME INDEX k TO kk
t ALTER INDEX k IGNORED
t DROP PRIMARY KEY, MODIFY id int
t DROP PRIMARY KEY, ADD PRIMARY KEY (id, a)
t ADD CONSTRAINT fk2 FOREIGN KEY (p) REFERENCES parents (id)
t ADD CONSTRAINT ck2 CHECK (a < 10)
t DROP CONSTRAINT ck
t CONVERT TO CHARACTER SET latin1
t CONVERT TO CHARACTER SET utf8mb4
t DEFAULT CHARACTER SET latin1
t COLLATE utf8mb4_bin
t ENGINE=InnoDB
t FORCE
t ROW_FORMAT=DYNAMIC
t ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8
t AUTO_INCREMENT=100
t COMMENT='x'
t STATS_PERSISTENT=1
t PAGE_COMPRESSED=1
t RENAME TO t2
t RENAME TO t2, ADD COLUMN z int
t ADD SYSTEM VERSIONING
t ADD COLUMN z int, DROP COLUMN p
t ADD COLUMN z int, ADD INDEX i (a)
t RENAME COLUMN p TO q, ADD INDEX i (a)
t DROP COLUMN p, DROP INDEX k
t DISABLE KEYS
g ADD COLUMN z int
g ADD COLUMN z int FIRST
g DROP COLUMN p
g DROP COLUMN g
g DROP COLUMN v
g MODIFY p int NOT NULL
g MODIFY g int
g ADD PRIMARY KEY (id)
g ADD INDEX i (p)
f ADD COLUMN z int
f ADD FULLTEXT INDEX f2 (more)
f DROP INDEX ff
f FORCE
z ADD COLUMN n int
z ADD COLUMN n int FIRST
z DROP COLUMN s
z DROP COLUMN a
z MODIFY s varchar(20) AFTER id
z ADD COLUMN n int, ADD INDEX i (s)
z RENAME COLUMN s TO q
z MODIFY e enum('x','y')
z ADD COLUMN n int AS (a) VIRTUAL
z ADD INDEX i (s)
m ADD COLUMN n int
m DROP COLUMN s
m MODIFY s varchar(30)
m MODIFY s varchar(20) NOT NULL
m ADD INDEX i (s)
m DROP INDEX k
m DEFAULT CHARACTER SET latin1
m ALTER COLUMN s SET DEFAULT 'x'
m RENAME COLUMN s TO q
m RENAME INDEX k TO kk
m MODIFY e enum('x','y')
m COMMENT='x'
m ALTER INDEX k IGNORED
m MODIFY a int INVISIBLE
m RENAME COLUMN s TO q, ADD COLUMN n int
ar ADD COLUMN n int
ar ADD INDEX i (a)
ar ALTER COLUMN a SET DEFAULT 1
child DROP FOREIGN KEY fk
r REMOVE PARTITIONING
g PARTITION BY HASH (id) PARTITIONS 2
unchecked t ADD CONSTRAINT fk2 FOREIGN KEY (p) REFERENCES parents (id)
unchecked t ADD COLUMN z int REFERENCES parents (id)
"""
LINES = OPERATIONS.strip().splitlines()


def statements(sql: str) -> list[str]:
    parsed = DIALECT.parse(Text("m.sql", sql.encode()), sql.encode(), SERVER, NoProcesses())
    return [each.source for each in parsed.statements]


SERVER = Server(engine="mariadb")


REFUSALS = {1845, 1846}
"""ER_ALTER_OPERATION_NOT_SUPPORTED, without and with a reason."""

TABLES = ("child", "parents", "t", "t2", "g", "f", "r", "z", "m", "ar")


@pytest.fixture(scope="module")
def tables(mariadb_server: MariaDB) -> Iterator[pymysql.cursors.Cursor]:
    """A cursor in a database of this module's own, where `whole` makes the tables again."""
    name = mariadb_server.new_database()
    with mariadb_server.connect(name) as connection, connection.cursor() as opened:
        yield opened
    mariadb_server.drop(name)


@pytest.fixture
def cursor(tables: pymysql.cursors.Cursor) -> pymysql.cursors.Cursor:
    """The same, with the tables as they are before an operation."""
    tables.execute("SET foreign_key_checks = 0")
    tables.execute(f"DROP TABLE IF EXISTS {', '.join(TABLES)}")
    for statement in statements(BASE):
        tables.execute(statement)
    return tables


def said_of(line: str, server: Server) -> Way:
    """What our table says of an operation on the tables above."""
    schema = Schema("", naming=DIALECT.naming, shared_names=False)
    unchecked, line = line.startswith("unchecked "), line.removeprefix("unchecked ")
    setting = "SET foreign_key_checks = 0;" if unchecked else ""
    sql = f"{BASE}{setting}ALTER TABLE {line}"
    parsed = DIALECT.parse(Text("m.sql", sql.encode()), sql.encode(), server, NoProcesses())
    *before, last = parsed.statements
    for statement in before:
        replay(schema, DIALECT.operations(statement))
    whole = DIALECT.operations(last)[0]
    assert isinstance(whole, AlterTable)
    found = way(whole, schema, server)
    assert found, "a clause is not read"
    return found


def accepts(cursor: pymysql.cursors.Cursor, line: str, asked: str) -> bool:
    """Whether the server does an operation in the way that is asked for, on empty tables."""
    unchecked, line = line.startswith("unchecked "), line.removeprefix("unchecked ")
    cursor.execute(f"SET foreign_key_checks = {int(not unchecked)}")
    table, _, clauses = line.partition(" ")
    said = f"{clauses}, {asked}"
    if "PARTITION" in clauses:
        said = f"{asked} {clauses}"
    try:
        cursor.execute(f"ALTER TABLE {table} {said}")
    except (pymysql.err.OperationalError, pymysql.err.NotSupportedError) as fault:
        if fault.args[0] not in REFUSALS:
            raise
        return False
    return True


@pytest.mark.parametrize("line", LINES)
def test_an_operation_is_done_as_the_table_of_facts_says_and_not_better(
    line: str, cursor: pymysql.cursors.Cursor
) -> None:
    cursor.execute("SELECT VERSION()")
    row = cursor.fetchone()
    assert row
    server = server_of(f"mariadb:{row[0].partition('-')[0]}")
    said = said_of(line, server)
    better = ALGORITHMS[: ALGORITHMS.index(said.algorithm)][-1:]
    lesser = LOCKS[: LOCKS.index(said.lock)][-1:]
    for algorithm in better:
        assert not accepts(cursor, line, f"ALGORITHM={algorithm}")
    for lock in lesser:
        assert not accepts(cursor, line, f"ALGORITHM={said.algorithm}, LOCK={lock}")
    assert accepts(cursor, line, str(said))


def test_the_table_is_asked_of_many_kinds_of_change() -> None:
    assert len(LINES) >= 100


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("STR_TO_DATE(s, '%Y-%m-%d')", "date"),
        ("CAST(s AS SIGNED)", "int"),
        ("CONVERT(s, SIGNED)", "int"),
        ("CAST(s AS DECIMAL(10, 2))", "decimal(10, 2)"),
        ("CAST(s AS DATE)", "date"),
        ("CAST(s AS CHAR(2))", "char(2)"),
        ("1 / n", "double"),
        ("n / 0.5", "double"),
        ("n DIV 2", "int"),
    ],
)
def test_a_stored_expression_is_fragile_where_the_server_refuses_a_write(
    expression: str, kind: str, mariadb: pymysql.Connection
) -> None:
    with mariadb.cursor() as cursor:
        cursor.execute("CREATE TABLE frail (s varchar(20), n int)")
        cursor.execute(f"ALTER TABLE frail ADD COLUMN g {kind} AS ({expression}) STORED")
        try:
            cursor.execute("INSERT INTO frail (s, n) VALUES ('abc', 0)")
            refused = False
        except pymysql.Error:
            refused = True
    assert bool(fragile(expression)) == refused
