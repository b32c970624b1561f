"""What MariaDB refuses for the sake of a foreign key, asked of a real server."""

from __future__ import annotations

import pymysql
import pytest

from tests.migrations.judging import judged

pytestmark = pytest.mark.needs("mariadb")

BASE = """
CREATE TABLE p (id int PRIMARY KEY, r int NOT NULL, c varchar(10) NOT NULL, n int, UNIQUE KEY rr (r), KEY cc (c));
CREATE TABLE q (id int PRIMARY KEY, p int, s int, r int, c varchar(10), KEY ps (p, s), KEY kr (r), KEY free (s),
    KEY kc (c), CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id),
    CONSTRAINT g FOREIGN KEY (r) REFERENCES p (r), CONSTRAINT h FOREIGN KEY (c) REFERENCES p (c));
CREATE TABLE u (id int PRIMARY KEY, p int) PARTITION BY HASH (id) PARTITIONS 2;
CREATE TABLE v (id int PRIMARY KEY, p int);
"""  # noqa: E501 - as it is sent

STATEMENTS = """
ALTER TABLE q DROP INDEX ps
DROP INDEX ps ON q
ALTER TABLE q DROP INDEX ps, ADD INDEX wide (p, id)
ALTER TABLE q DROP INDEX ps, ADD INDEX other (s, p)
ALTER TABLE q DROP INDEX ps, DROP FOREIGN KEY f
ALTER TABLE q DROP INDEX free
ALTER TABLE q ADD INDEX more (p), DROP INDEX ps
ALTER TABLE p DROP INDEX rr
ALTER TABLE p DROP INDEX rr, ADD INDEX again (r)
ALTER TABLE q RENAME INDEX ps TO renamed
ALTER TABLE q MODIFY p bigint
ALTER TABLE q MODIFY p int unsigned
ALTER TABLE q MODIFY p int(5)
ALTER TABLE q MODIFY p int NOT NULL
ALTER TABLE q MODIFY p int COMMENT 'x'
ALTER TABLE q MODIFY s bigint
ALTER TABLE q CHANGE p p2 int
ALTER TABLE q CHANGE p p2 bigint
ALTER TABLE q DROP FOREIGN KEY f, MODIFY p bigint
ALTER TABLE p MODIFY id bigint
ALTER TABLE p MODIFY n bigint
ALTER TABLE q MODIFY c varchar(20)
ALTER TABLE q MODIFY c varchar(10) NULL
unchecked ALTER TABLE q MODIFY p bigint
unchecked ALTER TABLE q DROP INDEX ps
ALTER TABLE q PARTITION BY HASH (id) PARTITIONS 2
ALTER TABLE p PARTITION BY HASH (id) PARTITIONS 2
ALTER TABLE v PARTITION BY HASH (id) PARTITIONS 2
ALTER TABLE u REMOVE PARTITIONING
ALTER TABLE u ADD FOREIGN KEY (p) REFERENCES p (id)
ALTER TABLE v ADD FOREIGN KEY (p) REFERENCES u (id)
ALTER TABLE v ADD FOREIGN KEY (p) REFERENCES p (id)
"""


@pytest.mark.parametrize("line", STATEMENTS.strip().splitlines())
def test_a_statement_is_said_to_be_refused_where_the_server_does(
    line: str, mariadb: pymysql.Connection
) -> None:
    sql = line.removeprefix("unchecked ")
    setting = f"SET foreign_key_checks = {int(sql == line)}"
    with mariadb.cursor() as cursor:
        for statement in [*BASE.strip().rstrip(";").split(";\n"), setting]:
            cursor.execute(statement)
        try:
            cursor.execute(sql)
            refused = False
        except pymysql.err.MySQLError:
            refused = True
    text = f"-- server mariadb:10.11\n{BASE}\n-- released\n{setting};\n{sql};"
    assert ("refused-statement" in {x.rule for x in judged(text).findings}) == refused
