"""Ways back that are made: they undo the migration, in each dialect, whatever the names."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdkit.core.finding import Finding
from cdkit.migrations.nouns import quoted
from cdkit.migrations.postgres.parser import parse
from cdkit.migrations.text import Text
from cdkit.migrations.undo import BY_HAND
from tests.migrations import test_back_elsewhere as elsewhere
from tests.migrations.judging import RELEASED, judged
from tests.migrations.test_back import HONEST, TABLE, back
from tests.migrations.test_back_on_a_server import FUNCTION, undone
from tests.worlds import NoProcesses

MORE = (
    "CREATE TABLE orders (id bigint PRIMARY KEY, note varchar(9) DEFAULT 'it''s' NOT NULL,\n"
    "  total numeric(8, 2), memo varchar(5), UNIQUE (note));\n"
    "ALTER TABLE orders ADD CONSTRAINT paid CHECK (total > 0);\n"
    "CREATE INDEX by_total ON orders (total);\nCREATE TYPE state AS ENUM ('open');\n"
    "CREATE VIEW held AS SELECT 1 AS a;\nCREATE SEQUENCE numbers;\n"
    "CREATE TABLE lines (a int NOT NULL, b text DEFAULT 'x', CONSTRAINT k PRIMARY KEY (a));\n"
)
UPS = (
    "ALTER TABLE orders DROP COLUMN note;\nALTER TABLE orders ADD COLUMN extra int UNIQUE;",
    "ALTER TABLE orders RENAME COLUMN memo TO remark;\nALTER TABLE orders ALTER remark TYPE text;",
    "ALTER TABLE orders ALTER note DROP DEFAULT, ALTER note DROP NOT NULL;",
    "ALTER TABLE orders ALTER note SET DEFAULT 'other';",
    "ALTER TABLE orders ALTER total SET NOT NULL;",
    "ALTER TABLE orders DROP CONSTRAINT paid;",
    "ALTER TABLE orders DROP CONSTRAINT orders_note_key, DROP CONSTRAINT orders_pkey;",
    "ALTER TABLE orders ADD CHECK (id > 0), ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES lines;",
    "ALTER TABLE orders RENAME TO purchases;\nALTER TABLE purchases ADD COLUMN a int;",
    "DROP INDEX by_total;\nCREATE INDEX CONCURRENTLY ON orders (total);",
    "DROP TABLE lines;",
    "CREATE TABLE t (a int);\nCREATE INDEX i ON t (a);\nDROP TABLE t;\nCREATE TABLE u (a int);",
    "ALTER TYPE state RENAME VALUE 'open' TO 'it''s open';\nALTER TYPE state RENAME TO status;",
    "ALTER VIEW held RENAME TO kept;\nALTER SEQUENCE numbers RENAME TO digits;",
    "CREATE FUNCTION f(a int, b varchar(3)[]) RETURNS int LANGUAGE sql AS 'SELECT 1';",
    "CREATE POLICY p ON orders USING (true);\nALTER TABLE orders FORCE ROW LEVEL SECURITY;",
    "ALTER TABLE orders ALTER id ADD GENERATED ALWAYS AS IDENTITY;",
    "CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;\nCREATE UNIQUE INDEX j ON m (a);",
)


def made(text: str) -> str:
    """Return the way back that is made for a migration that has none."""
    return _fix(judged(f"{text}\n-- migrate:down\n").findings, "empty-down")


def _fix(findings: tuple[Finding, ...], rule: str) -> str:
    (found,) = (each for each in findings if each.rule == rule)
    assert found.fix
    return found.fix.replacement


@pytest.mark.parametrize("up", UPS)
def test_what_is_made_undoes_the_migration(up: str) -> None:
    down = made(f"{MORE}{RELEASED}-- migrate:up\n{up}")
    assert BY_HAND not in down
    assert back(up, down, history=f"{MORE}{RELEASED}").back.startswith("undoes it")


KNOWN = [up for up in HONEST if "unknown" not in up and "UPDATE" not in up and "TEMP" not in up]


@pytest.mark.needs("postgres")
@pytest.mark.parametrize("up", [*UPS, *KNOWN])
def test_what_is_made_undoes_the_migration_on_a_server(up: str, postgres: str) -> None:
    history = MORE if up in UPS else TABLE.removesuffix(RELEASED)
    down = made(f"{history}{RELEASED}-- migrate:up\n{up}")
    if "FUNCTION f()" in up and "CREATE FUNCTION" not in up:
        history += FUNCTION
    with psycopg.connect(postgres, autocommit=True) as connection:
        assert undone(connection, history, up, down)


ON_MYSQL = {
    "ALTER TABLE o DROP COLUMN b;": "ALTER TABLE o ADD COLUMN b varchar(20);\n"
    "CREATE UNIQUE INDEX u ON o (b);",
    "ALTER TABLE o CHANGE a z bigint;": "ALTER TABLE o CHANGE COLUMN z a int DEFAULT 1 NOT NULL;",
    "ALTER TABLE o MODIFY b text;": "ALTER TABLE o CHANGE COLUMN b b varchar(20);",
    "CREATE INDEX i ON o (b, a);": "DROP INDEX i ON o;",
    "ALTER TABLE o ADD CONSTRAINT ck CHECK (a > 0);": "ALTER TABLE o DROP CHECK ck;",
    "ALTER TABLE o ADD FOREIGN KEY (a) REFERENCES q (id);": "ALTER TABLE o DROP FOREIGN KEY "
    "o_ibfk_1;",
    "CREATE TRIGGER t BEFORE INSERT ON o FOR EACH ROW SET NEW.a = 5;": "DROP TRIGGER t;",
    "RENAME TABLE o TO p;": "ALTER TABLE p RENAME TO o;",
}


@pytest.mark.parametrize("up", ON_MYSQL)
def test_what_is_made_undoes_the_migration_on_mysql(up: str) -> None:
    down = made(f"{elsewhere.MYSQL}-- migrate:up\n{up}")
    assert down == ON_MYSQL[up]
    assert elsewhere.said(elsewhere.MYSQL, up, down) == []


ON_SQLITE = {
    "ALTER TABLE o ADD COLUMN c TEXT;": "ALTER TABLE o DROP COLUMN c;",
    "ALTER TABLE o RENAME COLUMN b TO c;": "ALTER TABLE o RENAME COLUMN c TO b;",
    "CREATE INDEX i ON o (a);": "DROP INDEX i;",
    "CREATE TABLE t (a int);": "DROP TABLE t;",
    "CREATE TRIGGER t AFTER INSERT ON o BEGIN DELETE FROM o WHERE a > 9; END;": "DROP TRIGGER t;",
}


@pytest.mark.parametrize("up", ON_SQLITE)
def test_what_is_made_undoes_the_migration_on_sqlite(up: str) -> None:
    down = made(f"{elsewhere.SQLITE}-- migrate:up\n{up}")
    assert down == ON_SQLITE[up]
    assert elsewhere.said(elsewhere.SQLITE, up, down) == []


def test_what_only_the_author_knows_stands_there_as_a_comment_with_its_line() -> None:
    up = "-- migrate:up\nALTER TABLE orders ADD a int;\nUPDATE orders SET note = '';"
    assert made(f"{MORE}{RELEASED}{up}").splitlines() == [
        f"{BY_HAND} {MORE.count(chr(10)) + 4}",
        "ALTER TABLE orders DROP COLUMN a;",
    ]


def test_what_changes_nothing_needs_no_undoing() -> None:
    up = (
        "-- migrate:up\nCREATE TABLE IF NOT EXISTS orders (id int);\n"
        "ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text;\n"
        "ALTER TABLE orders ALTER note SET NOT NULL;\nALTER TABLE orders ADD b int;"
    )
    assert made(f"{MORE}{RELEASED}{up}") == "ALTER TABLE orders DROP COLUMN b;"


def test_a_name_that_goes_there_and_back_and_there_comes_back() -> None:
    there, back_again = "RENAME note TO remark", "RENAME remark TO note"
    steps = "\n".join(f"ALTER TABLE orders {each};" for each in (there, back_again, there))
    assert made(f"{MORE}{RELEASED}-- migrate:up\n{steps}").splitlines() == [
        "ALTER TABLE orders RENAME COLUMN remark TO note;",
        "ALTER TABLE orders RENAME COLUMN note TO remark;",
        "ALTER TABLE orders RENAME COLUMN remark TO note;",
    ]


def test_nothing_is_made_where_all_of_it_is_for_the_author() -> None:
    up = "-- migrate:up\nCREATE OR REPLACE VIEW held AS SELECT 2 AS a;"
    assert made(f"{MORE}{RELEASED}{up}") == ""


NAMES = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12
)


@given(NAMES, NAMES)
def test_a_way_back_is_sql_whatever_the_names(table: str, column: str) -> None:
    up = f"ALTER TABLE {quoted(table)} ADD COLUMN {quoted(column)} int;"
    down = made(f"-- migrate:up\n{up}")
    parsed = parse(Text("t.sql", down.encode()), NoProcesses())
    assert parsed.troubles == ()
    assert len(parsed.statements) == 1


def _kept(up: str, down: str) -> str:
    text = f"{MORE}{RELEASED}-- migrate:up\n{up}\n-- migrate:down\n{down}"
    return _fix(judged(text).findings, "lossy-down")


VALUES = (
    "UPDATE orders SET note = "
    "(SELECT kept.note FROM orders_kept AS kept WHERE kept.id = orders.id);"
)


def test_a_column_that_comes_back_has_its_values_from_a_copy_by_the_key() -> None:
    down = "ALTER TABLE orders ADD COLUMN note varchar(9);"
    assert _kept("ALTER TABLE orders DROP COLUMN note;", down).splitlines() == [
        "-- in the migration, before it drops the column:",
        "CREATE TABLE orders_kept AS SELECT id, note FROM orders;",
        "-- in the way back:",
        down,
        VALUES,
    ]


def test_a_table_that_comes_back_has_its_rows_from_a_copy() -> None:
    down = "CREATE TABLE lines (a int PRIMARY KEY, b text DEFAULT 'x');"
    assert _kept("DROP TABLE lines;", down).splitlines() == [
        "-- in the migration, before it drops the table:",
        "CREATE TABLE lines_kept AS SELECT * FROM lines;",
        "-- in the way back:",
        down,
        "INSERT INTO lines SELECT * FROM lines_kept;",
    ]


def test_what_the_new_version_wrote_is_kept_before_its_column_goes() -> None:
    down = "ALTER TABLE orders DROP COLUMN a;"
    assert _kept("ALTER TABLE orders ADD COLUMN a int;", down).splitlines() == [
        "CREATE TABLE orders_kept AS SELECT id, a FROM orders;",
        down,
    ]


def test_the_rows_are_shown_that_a_way_back_to_not_null_fails_at() -> None:
    down = "ALTER TABLE orders ALTER note SET NOT NULL;"
    assert _kept("ALTER TABLE orders ALTER note DROP NOT NULL;", down).splitlines() == [
        "-- what it fails at, to be filled first:",
        "SELECT * FROM orders WHERE note IS NULL;",
        down,
    ]
