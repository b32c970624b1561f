"""What statements of MySQL and MariaDB do, in our words."""

from __future__ import annotations

import pytest

from cdkit.migrations import operation as op
from cdkit.migrations.mysql.dialect import DIALECT, quoted
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.replay import replay
from cdkit.migrations.schema import Schema
from tests.migrations.judging import judged, places
from tests.migrations.mysql.test_parser import read


def done(sql: str) -> list[Operation]:
    parsed = read(sql)
    assert not parsed.troubles
    return [each for one in parsed.statements for each in DIALECT.operations(one)]


def kinds(sql: str) -> list[str]:
    return [type(each).__name__ for each in done(sql)]


def after(sql: str) -> Schema:
    schema = Schema("", naming=DIALECT.naming, shared_names=False)
    replay(schema, done(sql))
    return schema


def test_a_table_is_read_with_all_that_it_has() -> None:
    schema = after(
        "CREATE TABLE `t` (id bigint(20) unsigned NOT NULL AUTO_INCREMENT, e enum('x','y') "
        "NOT NULL DEFAULT 'x' COMMENT 'it''s', ts timestamp NULL ON UPDATE CURRENT_TIMESTAMP, "
        "g int AS (id+1) STORED, i int INVISIBLE, n int, PRIMARY KEY (id), "
        "UNIQUE KEY u (e, n), KEY k (n DESC), "
        "CONSTRAINT c CHECK (n > 0), FOREIGN KEY (n) REFERENCES p (id) ON DELETE SET NULL, "
        "CHECK (id > 0)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
    )
    table = schema.tables[Name("", "t")]
    columns = table.columns
    assert list(columns) == ["id", "e", "ts", "g", "i", "n"]
    assert (columns["id"].serial, columns["id"].type.unsigned) == (True, True)
    assert columns["e"].type.values == ("'x'", "'y'")
    assert (columns["e"].comment, columns["ts"].on_update) == ("it's", "current_timestamp")
    assert (columns["g"].generated, columns["i"].invisible) == ("stored", True)
    assert list(table.constraints) == ["PRIMARY", "c", "t_ibfk_1", "t_chk_1"]
    assert table.options == {"ENGINE": "InnoDB", "CHARACTER SET": "utf8mb4"}
    assert sorted(name.name for name in schema.indexes) == ["t.k", "t.primary", "t.u"]


def test_names_of_columns_are_one_whatever_their_case() -> None:
    schema = after("CREATE TABLE t (customerName int); ALTER TABLE t DROP COLUMN CUSTOMERNAME")
    assert not schema.tables[Name("", "t")].columns
    assert not after("CREATE TABLE t (a int)").table(Name("", "T"))


@pytest.mark.parametrize(
    ("clause", "kind"),
    [
        ("ADD a int FIRST", "AddColumn"),
        ("ADD COLUMN (a int, b int)", "AddColumn AddColumn"),
        ("ADD INDEX (a), ADD KEY k (b), ADD UNIQUE (c)", "CreateIndex CreateIndex CreateIndex"),
        ("ADD FULLTEXT KEY f (a)", "CreateIndex"),
        ("ADD CONSTRAINT PRIMARY KEY (a)", "AddConstraint"),
        ("ADD CONSTRAINT f FOREIGN KEY k (a) REFERENCES p (id)", "AddConstraint"),
        ("ADD CONSTRAINT c CHECK (a > 0) NOT ENFORCED", "AddConstraint"),
        ("ALTER a SET DEFAULT 1, ALTER b DROP DEFAULT", "SetDefault DropDefault"),
        ("ALTER INDEX i INVISIBLE", "ChangeOption"),
        ("CHANGE a b int, MODIFY c int AFTER d", "ChangeColumn ChangeColumn"),
        ("DROP a, DROP COLUMN IF EXISTS b", "DropColumn DropColumn"),
        ("DROP PRIMARY KEY, DROP FOREIGN KEY f, DROP CHECK c", " ".join(["DropConstraint"] * 3)),
        ("DROP INDEX i, DROP KEY j", "DropObject DropObject"),
        ("RENAME COLUMN a TO b, RENAME INDEX i TO j", "RenameColumn RenameObject"),
        ("RENAME u", "RenameTable"),
        ("RENAME TO d.t", "RenameObject"),
        ("CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "ChangeOption"),
        ("ENGINE=InnoDB ROW_FORMAT=DYNAMIC", "ChangeOption ChangeOption"),
        ("FORCE", "ChangeOption"),
        ("ADD c int, ORDER BY a, b", "AddColumn ChangeOption"),
        ("PARTITION BY HASH (a) PARTITIONS 4", "ChangeOption"),
        ("DROP PARTITION p", "ChangeOption MovePartition"),
        ("REMOVE PARTITIONING", "ChangeOption"),
        ("FROBNICATE a, DROP b", "Unread DropColumn"),
        ("ADD COLUMN a frob(", "Unread"),
    ],
)
def test_the_clauses_of_alter_table_are_read_one_by_one(clause: str, kind: str) -> None:
    assert kinds(f"ALTER TABLE t {clause}") == ["AlterTable", *kind.split()]


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("CREATE OR REPLACE TABLE t (a int)", "DropObject CreateTable"),
        ("CREATE INDEX i ON t (a) ALGORITHM=INPLACE LOCK=NONE", "AlterTable CreateIndex"),
        ("DROP INDEX `PRIMARY` ON t", "AlterTable DropConstraint"),
        ("RENAME TABLE a TO b, c TO d", "RenameTable RenameTable"),
        ("DROP TABLE IF EXISTS a, b", "DropObject DropObject"),
        ("TRUNCATE TABLE t", "Truncate"),
        ("OPTIMIZE TABLE t", "AlterTable"),
        ("CREATE DEFINER=`a`@`%` TRIGGER t BEFORE INSERT ON o FOR EACH ROW SET NEW.a = 1",
         "ChangeTrigger CreateObject"),
        ("CREATE ALGORITHM=MERGE VIEW v AS SELECT 1", "CreateObject"),
        ("INSERT INTO t (a) VALUES (NOW())", "WriteRows"),
        ("INSERT INTO t SELECT frob(1) FROM u", "WriteRows Call"),
        ("REPLACE INTO t VALUES (frob(1))", "WriteRows Call"),
        ("UPDATE t JOIN u ON t.a = u.a SET t.b = 1", "WriteRows Call"),
        ("DELETE t FROM t JOIN u ON t.a = u.a WHERE u.b = 1", "WriteRows Call"),
        ("LOAD DATA INFILE 'a' INTO TABLE t", "WriteRows"),
        ("SET sql_mode = ''", "SetVariable"),
        ("SET GLOBAL sql_mode = ''", "ChangeRole"),
        ("SET @a = 1, SESSION lock_wait_timeout = 5", "Call SetVariable SetVariable"),
        ("SET autocommit = 0", "Transaction"),
        ("LOCK TABLES a WRITE, b AS c READ", "LockTable LockTable"),
        ("REVOKE INSERT ON d.t FROM a", "Revoke"),
        ("CALL p(1)", "Call"),
        ("EXECUTE s", "Unread"),
        ("FLUSH TABLES WITH READ LOCK", "Unread"),
        ("SELECT * FROM (((", "Unread"),
        ("KILL 1", "Unread"),
        ("SHOW TABLES", "Harmless"),
        ("DO frob()", "Call"),
        ("CREATE TEMPORARY TABLE t AS SELECT 1", "CreateTable"),
    ],
)  # fmt: skip
def test_a_statement_is_read(sql: str, kind: str) -> None:
    assert kinds(sql) == kind.split()


@pytest.mark.parametrize(
    ("sql", "table", "guarded"),
    [
        ("UPDATE t SET a = (SELECT 1 FROM u WHERE b)", "t", False),
        ("UPDATE t SET a = 1 WHERE b", "t", True),
        ("UPDATE t, u SET u.a = 1", "u", False),
        ("DELETE FROM t LIMIT 5", "t", True),
        ("DELETE FROM t", "t", False),
        ("DELETE x FROM t AS x JOIN u ON x.a = u.a", "t", True),
        ("DELETE x FROM t AS x LEFT JOIN u ON x.a = u.a", "t", False),
        ("UPDATE t SET a = (SELECT u.a FROM u JOIN v USING (a))", "t", False),
    ],
)
def test_a_write_is_guarded_by_a_condition_of_its_own(
    sql: str, table: str, *, guarded: bool
) -> None:
    (write,) = [each for each in done(sql) if isinstance(each, op.WriteRows)]
    assert (write.table.name, write.guarded) == (table, guarded)


@pytest.mark.parametrize("made", ["u (b(5))", "u ((lower(b)))"])
def test_a_unique_key_over_a_part_of_a_column_is_another(made: str) -> None:
    found = judged(
        "-- server mysql:8.0\nCREATE TABLE o (b varchar(20), UNIQUE KEY u (b));\n"
        f"-- released\nALTER TABLE o DROP INDEX u, ADD UNIQUE KEY {made};",
        question="compatible",
    )
    assert ("dropped-uniqueness", 4) in places(found.findings)


def test_a_unique_key_that_is_made_again_in_one_statement_is_no_loss() -> None:
    found = judged(
        "-- server mysql:8.0\nCREATE TABLE o (b varchar(20), UNIQUE KEY u (b));\n"
        "-- released\nALTER TABLE o DROP INDEX u, ADD UNIQUE KEY u (b);",
        question="compatible",
    )
    assert places(found.findings) == []


def test_a_partition_that_is_dropped_takes_its_rows_along() -> None:
    found = judged(
        "-- server mysql:8.0\nCREATE TABLE o (id int PRIMARY KEY) PARTITION BY RANGE (id)"
        " (PARTITION p0 VALUES LESS THAN (9));\n-- released\nALTER TABLE o DROP PARTITION p0;",
        question="compatible",
    )
    assert places(found.findings) == [("moved-partition", 4)]


def test_an_operation_stands_at_its_clause() -> None:
    found = judged(
        "-- server mysql:8.0\nALTER TABLE orders\n  ADD COLUMN a int,\n  DROP COLUMN b;",
        disabled=("missing-lock-wait-timeout", "mixed-phases", "unsaid-algorithm"),
    )
    assert places(found.findings) == [("changed-column-count", 3), ("dropped-column", 4)]
    assert found.findings[0].locations[0].column == 3


def test_a_modify_is_told_as_what_it_changes() -> None:
    found = judged(
        "-- server mysql:8.0\nCREATE TABLE o (a int NOT NULL DEFAULT 0, b varchar(9));\n"
        "-- released\n"
        "ALTER TABLE o MODIFY a int NOT NULL;\nALTER TABLE o CHANGE b c varchar(9) NOT NULL;",
        question="compatible",
    )
    assert places(found.findings) == [
        ("dropped-default", 4),
        ("not-null-added", 5),
        ("renamed-column", 5),
    ]


def test_of_a_column_that_nobody_knows_a_modify_claims_no_more_than_that() -> None:
    found = judged(
        "-- server mysql:8.0\nALTER TABLE o MODIFY a int NOT NULL;", question="compatible"
    )
    told = [(x.rule, x.severity.value, x.confidence.value) for x in found.findings]
    assert told == [("changed-column-type", "medium", "low")]


def test_a_modify_that_says_everything_again_is_nothing() -> None:
    found = judged(
        "-- server mysql:8.0\nCREATE TABLE o (a int NOT NULL DEFAULT 0);\n-- released\n"
        "ALTER TABLE o MODIFY COLUMN `A` INTEGER NOT NULL DEFAULT 0 COMMENT 'x';",
        question="compatible",
    )
    assert not found.findings


def test_what_the_change_itself_made_is_left_alone() -> None:
    found = judged(
        "-- server mysql:8.0\nCREATE TABLE o (id int PRIMARY KEY, a int);\nALTER TABLE o DROP a, "
        "MODIFY id varchar(3), CONVERT TO CHARACTER SET latin1;\nDROP INDEX `PRIMARY` ON o;\n"
        "RENAME TABLE o TO p;\nDROP TABLE p;"
    )
    assert not found.findings


def test_a_temporary_table_is_nobody_elses() -> None:
    found = judged(
        "-- server mysql:8.0\nCREATE TEMPORARY TABLE t (a int);\nALTER TABLE t DROP COLUMN a;\n"
        "DROP TEMPORARY TABLE t;"
    )
    assert not found.findings


def test_a_replaced_view_that_gives_less_loses_columns() -> None:
    found = judged(
        "-- server mysql:8.0\nCREATE VIEW v AS SELECT a, b AS c FROM t;\n-- released\n"
        "CREATE OR REPLACE VIEW v AS SELECT a FROM t;"
    )
    assert [x.about for x in found.findings if x.rule == "dropped-column"] == ["v.c"]


@pytest.mark.parametrize(
    ("name", "sql"), [("a", "a"), ("order", "`order`"), ("a b", "`a b`"), ("a`b", "`a``b`")]
)
def test_a_name_is_quoted_where_it_must_be(name: str, sql: str) -> None:
    assert quoted(name) == sql


def test_a_deep_expression_is_cannot_tell_and_the_rest_is_judged() -> None:
    deep = "(" * 40_000 + "1" + ")" * 40_000
    found = judged(f"-- server mysql:8.0\nSELECT {deep};\nDROP TABLE a;")
    assert ("unread-code", 2) in places(found.findings)
    assert ("dropped-table", 3) in places(found.findings)


@pytest.mark.parametrize(("word", "told"), [("", ["unread-code"]), ("DISABLE ", [])])
def test_an_event_runs_by_itself_unless_it_is_disabled(word: str, told: list[str]) -> None:
    sql = f"CREATE EVENT e ON SCHEDULE EVERY 1 DAY {word}DO DELETE FROM o;"  # noqa: S608 - judged
    found = judged(f"-- server mysql:8.0\n{sql}")
    assert [each.rule for each in found.findings] == told


@pytest.mark.parametrize(
    ("action", "keeps"),
    [
        ("", True),
        ("ON DELETE RESTRICT", True),
        ("ON DELETE NO ACTION ON UPDATE CASCADE", True),
        ("ON UPDATE CASCADE ON DELETE CASCADE", False),
        ("ON DELETE SET NULL", False),
    ],
)
def test_a_foreign_key_keeps_the_rows_it_leads_to(action: str, *, keeps: bool) -> None:
    (made,) = done(f"CREATE TABLE c (a int, FOREIGN KEY (a) REFERENCES o (id) {action})")
    assert isinstance(made, op.CreateTable)
    assert [each.keeps for each in made.constraints] == [keeps]


@pytest.mark.parametrize(
    "server", ["mysql:5.7", "mysql:8.4", "mysql:9.0", "mysql", "mariadb:10.11"]
)
def test_a_foreign_key_of_a_column_counts_where_the_server_keeps_it(server: str) -> None:
    text = "CREATE TABLE p (id int PRIMARY KEY);\nCREATE TABLE t (b int);\n-- released\n"
    text += "ALTER TABLE t ADD COLUMN c int REFERENCES p (id);"
    found = {each.rule for each in judged(text, server=server).findings}
    assert ("copying-alter" in found) == (server not in {"mysql:5.7", "mysql:8.4"})


OLD_VIEW = "-- server mysql:8.0\nCREATE VIEW v AS SELECT id, total FROM o WHERE state = 'New';\n"


@pytest.mark.parametrize(
    ("query", "other"),
    [
        ("SELECT `ID`, `o`.`total` FROM `o` WHERE o.state = 'New'", "low"),
        ("SELECT id, total * 2 AS total FROM o WHERE state = 'New'", "medium"),
        ("SELECT id, tax AS total FROM o WHERE state = 'New'", "medium"),
        ("SELECT id, total FROM o WHERE state = 'new'", "medium"),
        ("SELECT id, total, tax FROM o WHERE state = 'New'", "low"),
    ],
)
def test_a_view_is_another_one_where_its_rows_or_its_values_are(query: str, other: str) -> None:
    found = judged(f"{OLD_VIEW}-- released\nCREATE OR REPLACE VIEW v AS {query};").findings
    (one,) = (x for x in found if x.rule == "replaced-object")
    assert one.severity.value == other


@pytest.mark.parametrize(
    ("server", "told"), [("5.7", ""), ("8.0.15", ""), ("8.0.16", "told"), ("8.4", "told")]
)
def test_a_check_is_passed_over_by_a_server_that_ignores_it(server: str, told: str) -> None:
    for clause in ("ADD CHECK (a > 0)", "ADD CONSTRAINT c CHECK (a > 0)", "MODIFY a int CHECK (a)"):
        before = f"-- server mysql:{server}\nCREATE TABLE o (a int);\n-- released\n"
        found = {x.rule for x in judged(f"{before}ALTER TABLE o {clause};").findings}
        assert ("constraint-on-existing-table" in found) == bool(told)
        assert ("copying-alter" in found) == bool(told)


def test_a_table_that_is_made_like_another_has_all_but_its_foreign_keys() -> None:
    found = judged(
        "-- server mysql:8.0\nCREATE TABLE x (id int PRIMARY KEY);\n"
        "CREATE TABLE o (id int PRIMARY KEY AUTO_INCREMENT, n int NOT NULL DEFAULT 3,\n"
        "  s varchar(20), UNIQUE KEY u (s), FOREIGN KEY (n) REFERENCES x (id)) ENGINE=MyISAM;\n"
        "CREATE TABLE p LIKE o;\n-- released\n"
        "ALTER TABLE p MODIFY n int NOT NULL DEFAULT 3 COMMENT 'x';\n"
        "ALTER TABLE p MODIFY id int;\n"
        "ALTER TABLE p DROP INDEX u;\n"
        "ALTER TABLE p ADD FOREIGN KEY (n) REFERENCES x (id);\n",
        disabled=("missing-lock-wait-timeout", "unsaid-algorithm"),
    )
    assert set(places(found.findings)) == {
        ("forgotten-attribute", 8),
        ("copying-alter", 9),
        ("dropped-uniqueness", 9),
        ("constraint-on-existing-table", 10),
        ("copying-alter", 10),
    }


@pytest.mark.parametrize(
    ("old", "new", "severity"),
    [
        ("", "DEFINER = 'a'@'%'", "medium"),
        ("DEFINER = 'a'@'%'", "DEFINER=`a`@`%` SQL SECURITY DEFINER", "low"),
        ("DEFINER = a@localhost", "ALGORITHM = MERGE DEFINER = b@localhost", "medium"),
        ("DEFINER = a@localhost", "", "low"),
        ("", "DEFINER = CURRENT_USER()", "low"),
        ("SQL SECURITY INVOKER", "DEFINER = a@localhost SQL SECURITY INVOKER", "low"),
    ],
)
def test_a_view_asks_with_the_rights_of_another(old: str, new: str, severity: str) -> None:
    view = "VIEW v AS SELECT a FROM o;"
    before = f"-- server mysql:8.0\nCREATE {old} {view}\n-- released\n"
    told = judged(f"{before}CREATE OR REPLACE {new} {view}").findings
    (found,) = (x for x in told if x.rule == "replaced-object")
    assert found.severity.value == severity


@pytest.mark.parametrize(
    ("clause", "told"),
    [
        ("ENABLE", True),
        ("DO DELETE FROM o", True),
        ("DISABLE", False),
        ("DISABLE ON SLAVE", False),
        ("RENAME TO f", False),
        ("COMMENT 'x'", False),
    ],
)
def test_an_event_that_is_switched_on_runs_by_itself(clause: str, *, told: bool) -> None:
    found = judged(f"-- server mysql:8.0\nALTER EVENT e {clause};")
    assert ("unread-code" in {each.rule for each in found.findings}) == told


@pytest.mark.parametrize("word", ["GENERATED ALWAYS AS", "AS"])
def test_columns_of_a_period_of_the_system_are_read(word: str) -> None:
    columns = f"s timestamp(6) {word} ROW START INVISIBLE, e timestamp(6) {word} ROW END INVISIBLE"
    period = "PERIOD FOR SYSTEM_TIME (s, e)"
    found = judged(
        f"-- server mariadb:10.11\nCREATE TABLE o (a int, {columns}, {period})\n"
        f"  WITH SYSTEM VERSIONING;\nCREATE TABLE p (a int);\n-- released\n"
        "ALTER TABLE o DROP COLUMN a;\n"
        f"ALTER TABLE p ADD COLUMN {columns.replace(', e', ', ADD COLUMN e')},\n"
        f"  ADD {period}, ADD SYSTEM VERSIONING;",
        disabled=("missing-lock-wait-timeout", "unsaid-algorithm", "mixed-phases"),
    )
    assert places(found.findings) == [("dropped-column", 6), ("copying-alter", 7)]


def test_a_delete_by_an_alias_is_one_of_the_table_that_has_it() -> None:
    found = judged(
        "-- server mysql:8.0\nDELETE FROM o USING orders o JOIN c ON c.id = o.c WHERE c.id = 1;"
    )
    assert [x.about for x in found.findings] == ["orders"]
