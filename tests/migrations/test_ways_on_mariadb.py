"""What findings carry to be pasted runs on a real MariaDB, and leads to what was asked for."""

from __future__ import annotations

import pymysql
import pytest

from cdkit.migrations.mysql.parser import parse
from cdkit.migrations.server import server_of
from cdkit.migrations.text import Text
from tests.migrations.judging import RELEASED, judged

pytestmark = pytest.mark.needs("mariadb")

HISTORY = """CREATE TABLE orders (
    id int AUTO_INCREMENT PRIMARY KEY, a int, price double,
    note varchar(20) NOT NULL DEFAULT 'none' COMMENT 'it''s said', `order` datetime NOT NULL
);
INSERT INTO orders (a, price, note, `order`) VALUES (1, 1.5, 'first', '2026-01-01');
"""
MOVES = {
    "ALTER TABLE orders CHANGE note remark varchar(20) NOT NULL DEFAULT 'none' "
    "COMMENT 'it''s said';": ("renamed-column", "note", "remark"),
    "ALTER TABLE orders CHANGE `order` `group` datetime NOT NULL;": (
        "renamed-column", "order", "group",
    ),
    "ALTER TABLE orders MODIFY price decimal(6,1);": ("changed-column-type", "price", "price_new"),
}  # fmt: skip
WRITTEN = {"note": ("a", "b"), "order": ("2026-02-02", "2026-03-03"), "price": (2.5, 3.5)}


def carried(change: str, rule: str) -> list[str]:
    """What the first finding of a rule carries, release by release."""
    found = judged(f"{HISTORY}{RELEASED}{change}", server="mariadb:10.11").findings
    fix = next(each.fix for each in found if each.rule == rule)
    assert fix
    return fix.replacement.split("-- release ")[1:]


def run(connection: pymysql.Connection, text: str) -> None:
    """Run a text, a statement at a time."""
    with connection.cursor() as cursor:
        data = text.encode()
        server = server_of("mariadb:10.11")
        for each in parse(Text("0002.sql", data), data, server).statements:
            cursor.execute(each.source)


def asked(connection: pymysql.Connection, query: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def columns(connection: pymysql.Connection) -> set[tuple[object, ...]]:
    """What the columns of the table are, wherever they stand in it."""
    query = (
        "SELECT column_name, column_type, is_nullable, column_default, column_comment "
        "FROM information_schema.columns WHERE table_schema = database()"
    )
    return set(asked(connection, query))


@pytest.mark.parametrize("change", MOVES)
def test_a_column_moves_while_both_versions_write(mariadb: pymysql.Connection, change: str) -> None:
    rule, old, new = MOVES[change]
    by_old, by_new = WRITTEN[old]

    def named(query: str) -> str:
        return query.replace("OLD", old).replace("NEW", new)

    first, _, last = carried(change, rule)
    run(mariadb, HISTORY + "-- release " + first)
    differ = named("SELECT id FROM orders WHERE NOT `OLD` <=> `NEW`")
    assert not asked(mariadb, differ)
    rest = ") VALUES (%s)" if old == "order" else ", `order`) VALUES (%s, '2026-04-04')"
    with mariadb.cursor() as cursor:
        cursor.execute(named("UPDATE orders SET `OLD` = %s WHERE id = 1"), [by_old])
        assert not asked(mariadb, differ)
        cursor.execute(named("UPDATE orders SET `NEW` = %s WHERE id = 1"), [by_new])
        assert not asked(mariadb, differ)
        cursor.execute(named("INSERT INTO orders (`OLD`") + rest, [by_old])
        cursor.execute(named("INSERT INTO orders (`NEW`") + rest, [by_new])
    assert not asked(mariadb, differ)
    written = asked(mariadb, named("SELECT `NEW` FROM orders ORDER BY id"))
    assert [str(x).split()[0] for (x,) in written] == [str(x) for x in (by_new, by_old, by_new)]
    run(mariadb, "-- release " + last)
    moved = columns(mariadb)
    run(mariadb, f"DROP TABLE orders;\n{HISTORY}{change}")
    assert {(str(x[0]).removesuffix("_new"), *x[1:]) for x in moved} == columns(mariadb)


def test_a_column_that_must_not_be_null_comes_in_three_releases(
    mariadb: pymysql.Connection,
) -> None:
    change = "ALTER TABLE orders ADD COLUMN z int NOT NULL COMMENT 'z';"
    first, _, last = carried(change, "required-column")
    run(mariadb, HISTORY + "-- release " + first)
    run(mariadb, "UPDATE orders SET z = 1;")
    run(mariadb, "-- release " + last)
    said = columns(mariadb)
    run(mariadb, f"DROP TABLE orders;\n{HISTORY}{change}")
    assert said == columns(mariadb)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE orders ADD COLUMN z int AFTER id;",
        "ALTER TABLE orders ADD COLUMN z int AS (a * 2) STORED;",
        "ALTER TABLE orders ADD COLUMN z int, ADD COLUMN y int;",
        "ALTER TABLE orders ADD COLUMN z int COMMENT 'z';",
    ],
)
def test_a_column_that_says_more_is_not_said_again_invisible(change: str) -> None:
    said = "".join(carried(change, "changed-column-count"))
    assert "INVISIBLE" not in said
    assert change in said
