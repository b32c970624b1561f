"""Ways back on MySQL and SQLite: what undoes a migration there, and what only seems to."""

from __future__ import annotations

import pytest

from tests.migrations.judging import judged

MYSQL = (
    "-- server mysql:8.0\nCREATE TABLE o (id int PRIMARY KEY, a int NOT NULL DEFAULT 1,"
    " b varchar(20), UNIQUE KEY u (b), KEY k (a));\n-- released\n"
)
SQLITE = (
    "-- server sqlite:3.40\nCREATE TABLE o (id INTEGER PRIMARY KEY, a INTEGER NOT NULL DEFAULT 1,"
    " b TEXT);\n-- released\n"
)


def said(history: str, up: str, down: str) -> list[str]:
    """Return what is said against a way back: that it does not undo, word by word."""
    found = judged(f"{history}-- migrate:up\n{up}\n-- migrate:down\n{down}\n").findings
    return [each.message for each in found if each.rule == "dishonest-down"]


def rebuilt(columns: str, copied: str) -> str:
    steps = (
        f"CREATE TABLE n ({columns})",
        f"INSERT INTO n ({copied}) SELECT {copied} FROM o",  # noqa: S608 - judged, never run
        "DROP TABLE o",
        "ALTER TABLE n RENAME TO o",
    )
    return "".join(f"{step};\n" for step in steps)


HONEST = {
    "ALTER TABLE o MODIFY b varchar(40);": "ALTER TABLE o MODIFY b varchar(20);",
    "ALTER TABLE o ALTER COLUMN a SET DEFAULT 2;": "ALTER TABLE o ALTER COLUMN a SET DEFAULT 1;",
    "ALTER TABLE o CHANGE a z int NOT NULL DEFAULT 1;": "ALTER TABLE o CHANGE z a int NOT NULL "
    "DEFAULT 1;",
    "ALTER TABLE o ADD CONSTRAINT ck CHECK (a > 0);": "ALTER TABLE o DROP CHECK ck;",
    "ALTER TABLE o ADD FOREIGN KEY (a) REFERENCES q (id);": "ALTER TABLE o DROP FOREIGN KEY "
    "o_ibfk_1;",
    "ALTER TABLE o DROP INDEX k;": "ALTER TABLE o ADD INDEX k (a);",
    "ALTER TABLE o ALTER INDEX k INVISIBLE;": "ALTER TABLE o ALTER INDEX k VISIBLE;",
    "ALTER TABLE o ALTER COLUMN b SET INVISIBLE;": "ALTER TABLE o ALTER COLUMN b SET VISIBLE;",
    "CREATE TRIGGER t BEFORE INSERT ON o FOR EACH ROW SET NEW.a = 5;": "DROP TRIGGER t;",
    "ALTER TABLE o ENGINE=InnoDB;": "SELECT 1;",
    "ALTER TABLE o COMMENT='x';": "ALTER TABLE o COMMENT='';",
    "ALTER TABLE o CONVERT TO CHARACTER SET utf8mb4;": "ALTER TABLE o CONVERT TO CHARACTER SET "
    "latin1;",
    "ALTER TABLE o PARTITION BY HASH(id) PARTITIONS 4;": "ALTER TABLE o REMOVE PARTITIONING;",
    "ALTER TABLE o ADD PARTITION (PARTITION p1 VALUES LESS THAN (9));": "ALTER TABLE o DROP "
    "PARTITION p1;",
}


@pytest.mark.parametrize("up", HONEST)
def test_a_way_back_that_undoes_is_no_lie_on_mysql(up: str) -> None:
    assert said(MYSQL, up, HONEST[up]) == []


_PARTITIONS = (
    "the PARTITION p1 of o is there, and was not said",
    "the PARTITION p2 of o is gone, and was not said",
)
LIES = {
    "ALTER TABLE o MODIFY b varchar(40);": (
        "ALTER TABLE o MODIFY b varchar(30);",
        "the type of o.b is varchar(30), and was varchar(20)",
    ),
    "ALTER TABLE o ALTER COLUMN a SET DEFAULT 2;": (
        "ALTER TABLE o ALTER COLUMN a SET DEFAULT 3;",
        "the default of o.a is another",
    ),
    "ALTER TABLE o CHANGE a z int NOT NULL DEFAULT 1;": (
        "ALTER TABLE o CHANGE z a int NOT NULL;",
        "the default of o.a is none, and was a constant",
    ),
    "ALTER TABLE o DROP INDEX u;": (
        "ALTER TABLE o ADD UNIQUE KEY u (b(5));",
        "the expressions of index o.u is b(5), and was none",
    ),
    "ALTER TABLE o ADD PARTITION (PARTITION p1 VALUES LESS THAN (9));": (
        "ALTER TABLE o DROP PARTITION p2;",
        "; ".join(_PARTITIONS),
    ),
    "ALTER TABLE o ENGINE=MyISAM;": ("SELECT 1;", "the ENGINE of o is myisam, and was innodb"),
    "ALTER TABLE o ALTER INDEX k INVISIBLE;": (
        "SELECT 1;",
        "the INDEX k HIDDEN of o is yes, and was not said",
    ),
    "CREATE TRIGGER t BEFORE INSERT ON o FOR EACH ROW SET NEW.a = 5;": (
        "SELECT 1;",
        "the trigger t is left over",
    ),
}


@pytest.mark.parametrize("up", LIES)
def test_a_way_back_that_does_not_undo_is_told_on_mysql(up: str) -> None:
    down, difference = LIES[up]
    assert said(MYSQL, up, down) == [f"does not undo the migration: {difference}"]


ROUND = "id INTEGER PRIMARY KEY, a INTEGER NOT NULL DEFAULT {}, b TEXT"


def test_a_rebuild_is_undone_by_another_that_makes_the_old_table() -> None:
    up, back = (rebuilt(ROUND.format(value), "id, a, b") for value in (2, 1))
    assert said(SQLITE, up, back) == []


def test_a_rebuild_that_makes_another_table_does_not_undo() -> None:
    up, back = (rebuilt(ROUND.format(value), "id, a, b") for value in (2, 3))
    assert said(SQLITE, up, back) == ["does not undo the migration: the default of o.a is another"]


def test_a_trigger_of_sqlite_is_undone_by_its_drop() -> None:
    up = "CREATE TRIGGER t AFTER INSERT ON o BEGIN SELECT 1; END;"
    assert said(SQLITE, up, "DROP TRIGGER t;") == []
