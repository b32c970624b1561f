"""Ways back: missing, empty, dishonest, lossy; and what they say in a word."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from cdkit.core.finding import Finding, Severity
from cdkit.migrations.back import custom_of, expects
from cdkit.migrations.lint import Judged
from cdkit.migrations.source import Down, Migration, Script
from cdkit.migrations.text import Text
from tests.migrations.judging import judged

TABLE = "CREATE TABLE orders (id bigint PRIMARY KEY, note text, total int NOT NULL);\n-- released\n"
DOWNS = {"missing-down", "empty-down", "dishonest-down", "lossy-down"}


def back(up: str, down: str | None, *, history: str = TABLE) -> Judged:
    """Judge a migration of dbmate; the way back begins in a line of its own."""
    more = "" if down is None else f"\n-- migrate:down\n{down}\n"
    return judged(f"{history}-- migrate:up\nSET lock_timeout = '2s';\n{up}{more}")


def told(found: Judged) -> list[tuple[str, str, str]]:
    """Return rule, severity and object of what is said of the way back."""
    return [(each.rule, each.severity.value, each.about) for each in _of(found)]


def _of(found: Judged) -> list[Finding]:
    return [each for each in found.findings if each.rule in DOWNS]


PAIR = "CREATE TABLE p (id bigint PRIMARY KEY);\nCREATE TABLE k (p bigint REFERENCES p);"
HONEST = {
    PAIR: "DROP TABLE p, k;",
    "CREATE TABLE p (id bigint PRIMARY KEY, q bigint REFERENCES p);": "DROP TABLE p;",
    "ALTER TABLE orders ADD a int;": "ALTER TABLE orders DROP a;",
    "ALTER TABLE orders ADD a int, ADD b int;": "ALTER TABLE orders DROP b;\n"
    "ALTER TABLE orders DROP IF EXISTS a;",
    "CREATE TABLE t (a int UNIQUE);\nCREATE INDEX i ON t (a);": "DROP TABLE t;",
    "ALTER TABLE orders ALTER total DROP NOT NULL;": "ALTER TABLE orders ALTER total SET NOT NULL;",
    "ALTER TABLE orders RENAME note TO remark;": "ALTER TABLE orders RENAME remark TO note;",
    "ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0) NOT VALID;": "ALTER TABLE orders DROP "
    "CONSTRAINT c;",
    "CREATE TRIGGER t AFTER INSERT ON orders EXECUTE FUNCTION f();": "DROP TRIGGER t ON "
    "public.orders;",
    "ALTER TABLE orders ENABLE ROW LEVEL SECURITY;": "ALTER TABLE orders DISABLE ROW LEVEL "
    "SECURITY;",
    "CREATE VIEW v AS SELECT 1;": "DROP VIEW v;",
    "CREATE TYPE state AS ENUM ('a');": "DROP TYPE state;",
    "CREATE SCHEMA s;\nCREATE TABLE s.t (a int);": "DROP SCHEMA s CASCADE;",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';\n"
    "CREATE TRIGGER t AFTER INSERT ON orders EXECUTE FUNCTION f();": "DROP FUNCTION f CASCADE;",
    "UPDATE orders SET note = '' WHERE note IS NULL;": "SELECT 1;",
    "CREATE TABLE e (a int) PARTITION BY LIST (a);\n"
    "CREATE TABLE e1 PARTITION OF e FOR VALUES IN (1);": "DROP TABLE e;",
    "CREATE TABLE e (a int) PARTITION BY LIST (a);\nCREATE TABLE e1 (a int);\n"
    "ALTER TABLE e ATTACH PARTITION e1 FOR VALUES IN (1);": "DROP TABLE e;",
    "CREATE TABLE e (a int);\nCREATE TABLE e1 () INHERITS (e);": "DROP TABLE e CASCADE;",
    "CREATE UNIQUE INDEX i ON orders (note);\n"
    "ALTER TABLE orders ADD CONSTRAINT u UNIQUE USING INDEX i;": "ALTER TABLE orders DROP "
    "CONSTRAINT u;",
    "CREATE SEQUENCE s;\nCREATE TABLE t (a int DEFAULT nextval('s'));\n"
    "ALTER SEQUENCE s OWNED BY t.a;": "DROP TABLE t;",
    "CREATE TEMP TABLE x (a int);": "SELECT 1;",
    "ALTER TABLE orders ALTER total SET DEFAULT 1;": "ALTER TABLE orders ALTER total DROP DEFAULT;",
    "ALTER TABLE unknown ADD a int;": "ALTER TABLE unknown DROP a;",
    "ALTER TABLE unknown DROP a;": "ALTER TABLE unknown ADD a int;",
    "ALTER TABLE unknown ALTER a SET NOT NULL;": "ALTER TABLE unknown ALTER a DROP NOT NULL;",
    "ALTER TABLE unknown DROP CONSTRAINT c;": "ALTER TABLE unknown ADD CONSTRAINT c CHECK (a > 0);",
    "DROP TABLE unknown;": "CREATE TABLE unknown (a int);",
    "DROP INDEX unknown;": "CREATE INDEX unknown ON orders (note);",
    "DROP VIEW unknown;": "CREATE VIEW unknown AS SELECT 1;",
}


@pytest.mark.parametrize("up", HONEST)
def test_a_way_back_that_undoes_is_no_lie(up: str) -> None:
    found = back(up, HONEST[up])
    assert "dishonest-down" not in {each.rule for each in found.findings}
    assert found.back.startswith("undoes it")


DISHONEST = {
    ("ALTER TABLE orders ADD a int, ADD b int;", "ALTER TABLE orders DROP a;"):
        "the column orders.b is left over",
    ("ALTER TABLE orders DROP note;", "SELECT 1;"): "the column orders.note is missing",
    ("ALTER TABLE orders DROP note;", "ALTER TABLE orders ADD note varchar(9);"):
        "the type of orders.note is varchar(9), and was text",
    ("ALTER TABLE orders ALTER total SET DEFAULT 0;", "SELECT 1;"):
        "the default of orders.total is a constant, and was none",
    ("ALTER TABLE orders ALTER total DROP NOT NULL;", "SELECT 1;"):
        "the nullability of orders.total is nullable, and was NOT NULL",
    ("CREATE INDEX i ON orders (note);", "DROP INDEX IF EXISTS j;"):
        "the index i is left over",
    ("CREATE TABLE a (b int);\nCREATE TABLE c (d int);", "DROP TABLE a;"):
        "the table c is left over",
    (PAIR, "DROP TABLE p;\nDROP TABLE k;"): "it drops the table p before k, which refers to it",
    ("CREATE SCHEMA s;\nCREATE TABLE s.t (a int);", "DROP SCHEMA s;"):
        "it drops the schema s, which holds s.t, without CASCADE",
    ("CREATE VIEW v AS SELECT 1;", "SELECT 1;"): "the view v is left over",
    ("CREATE TRIGGER t AFTER INSERT ON orders EXECUTE FUNCTION f();", "SELECT 1;"):
        "the trigger t of orders is left over",
    ("DROP TRIGGER t ON orders;", "SELECT 1;"): "the trigger t of orders is missing",
    ("ALTER TABLE orders ENABLE ROW LEVEL SECURITY;", "SELECT 1;"):
        "the row level security of orders is left over",
    ("ALTER TABLE orders ADD a int;", "ALTER TABLE orders DROP a, DROP b;"):
        "it drops orders.b, which is not there",
    ("ALTER TABLE orders ADD a int;", "ALTER TABLE orders DROP a, ADD note text;"):
        "it adds orders.note, which is there",
    ("CREATE TABLE a (b int);", "DROP TABLE a;\nCREATE TABLE orders (id int);"):
        "it makes the table orders, which is there",
    ("ALTER TABLE unknown ADD a int;", "ALTER TABLE unknown DROP b;"):
        "the column unknown.a is left over",
    ("ALTER TABLE orders RENAME note TO remark;", "ALTER TABLE orders RENAME remark TO notes;"):
        "the column orders.note is missing; the column orders.notes is left over",
}  # fmt: skip


@pytest.mark.parametrize(("up", "down"), DISHONEST)
def test_a_way_back_that_does_not_undo_says_what_differs(up: str, down: str) -> None:
    found = back(up, down)
    (finding,) = (each for each in found.findings if each.rule == "dishonest-down")
    assert finding.message == f"does not undo the migration: {DISHONEST[up, down]}"
    assert finding.locations[0].line == 3 + up.count("\n") + 1 + 3
    assert finding.severity is Severity.MEDIUM
    assert found.back.startswith("does not undo it")


def test_a_way_back_with_many_faults_names_some_and_counts_the_others() -> None:
    up = "ALTER TABLE orders " + ", ".join(f"ADD c{n} int" for n in range(8)) + ";"
    (finding,) = _of(back(up, "SELECT 1;"))
    assert finding.message.endswith("the column orders.c4 is left over; and 3 more")


def test_a_way_back_that_cannot_be_parsed_is_said_at_its_line() -> None:
    found = back("ALTER TABLE orders ADD a int;", "ALTER TABLE orders DROP COLUM a;")
    (finding,) = _of(found)
    assert (finding.rule, finding.locations[0].line) == ("dishonest-down", 7)
    assert found.back == "cannot be read"


def test_a_way_back_of_code_that_nobody_can_read_is_not_called_a_lie() -> None:
    found = back("ALTER TABLE orders ADD a int;", "SELECT tidy_up();")
    (finding,) = _of(found)
    assert (finding.rule, finding.severity) == ("dishonest-down", Severity.LOW)
    assert finding.message.startswith("nobody can tell whether this undoes the migration")
    assert found.back == "not told"


LOSSES = {
    ("ALTER TABLE orders ADD a int;", "ALTER TABLE orders DROP a;"): ("info", "orders.a"),
    ("CREATE TABLE t (a int);", "DROP TABLE t;"): ("info", "t"),
    ("CREATE SCHEMA s;\nCREATE TABLE s.t (a int);", "DROP SCHEMA s CASCADE;"): ("info", "s.t"),
    ("ALTER TABLE orders DROP note;", "ALTER TABLE orders ADD note text;"): ("low", "orders.note"),
    ("ALTER TABLE orders DROP total;", "ALTER TABLE orders ADD total int NOT NULL;"):
        ("medium", "orders.total"),
    ("DROP TABLE orders;",
     "CREATE TABLE orders (id bigint PRIMARY KEY, note text, total int NOT NULL);"):
        ("low", "orders"),
    ("SELECT 1;", "ALTER TABLE orders DROP note;"): ("high", "orders.note"),
    ("SELECT 1;", "DROP TABLE orders;"): ("high", "orders"),
    ("SELECT 1;", "TRUNCATE orders;"): ("high", "orders"),
    ("INSERT INTO orders VALUES (1, '', 1);", "DELETE FROM orders;"): ("high", "orders"),
    ("INSERT INTO orders VALUES (1, '', 1);", "DELETE FROM orders WHERE id = 1;"):
        ("low", "orders"),
    ("UPDATE orders SET note = 'a' WHERE id = 1;", "UPDATE orders SET note = 'b' WHERE id = 1;"):
        ("info", "orders"),
    ("ALTER TABLE orders ALTER total TYPE bigint;", "ALTER TABLE orders ALTER total TYPE int;"):
        ("low", "orders.total"),
    ("ALTER TABLE orders ALTER total DROP NOT NULL;",
     "ALTER TABLE orders ALTER total SET NOT NULL;"): ("low", "orders.total"),
    ("ALTER TABLE unknown ADD a int;", "ALTER TABLE unknown DROP a;"): ("info", "unknown.a"),
}  # fmt: skip


@pytest.mark.parametrize(("up", "down"), LOSSES)
def test_what_a_way_back_does_to_data_is_said_with_its_weight(up: str, down: str) -> None:
    severity, about = LOSSES[up, down]
    assert ("lossy-down", severity, about) in told(back(up, down))


def test_a_renamed_column_that_the_way_back_drops_was_there_before() -> None:
    found = back(
        "ALTER TABLE orders RENAME note TO remark;",
        "ALTER TABLE orders DROP remark;\nALTER TABLE orders ADD note text;",
    )
    assert ("lossy-down", "high", "orders.remark") in told(found)


def test_a_generated_column_holds_nothing_of_its_own() -> None:
    up = "ALTER TABLE orders ADD a int GENERATED ALWAYS AS (total + 1) STORED;"
    assert told(back(up, "ALTER TABLE orders DROP a;")) == []


def test_what_is_lost_is_said_in_a_word() -> None:
    found = back("ALTER TABLE orders ADD a int, ADD b int;", "ALTER TABLE orders DROP a, DROP b;")
    assert found.back == "undoes it (stop the new version first), loses orders.a, orders.b"


@pytest.mark.parametrize(
    ("up", "down", "expected"),
    [
        ("ALTER TABLE orders ADD a int;", None, [("missing-down", "low")]),
        ("ALTER TABLE orders ADD a int;", "", [("empty-down", "low")]),
        ("ALTER TABLE orders ADD a int;", "-- nothing to do", [("empty-down", "low")]),
        ("CREATE TRIGGER t AFTER INSERT ON orders EXECUTE FUNCTION f();", "", [("empty-down",
                                                                                "low")]),
        ("INSERT INTO orders VALUES (1, '', 1);", None, []),
        ("INSERT INTO orders VALUES (1, '', 1);", "", []),
        ("ALTER TABLE orders ADD a int; ALTER TABLE orders DROP a;", "", []),
        ("-- cdkit: irreversible (additions stay)\nALTER TABLE orders ADD a int;", None, []),
        ("-- cdkit: irreversible (additions stay)\nALTER TABLE orders ADD a int;", "", []),
        ("ALTER TABLE orders ADD a int;", "-- cdkit: irreversible (additions stay)", []),
        ("-- cdkit: irreversible\nALTER TABLE orders ADD a int;", None, [("missing-down", "low")]),
    ],
)  # fmt: skip
def test_a_missing_or_empty_way_back_is_told_where_there_is_something_to_undo(
    up: str, down: str | None, expected: list[tuple[str, str]]
) -> None:
    assert [(rule, severity) for rule, severity, _ in told(back(up, down))] == expected


def test_irreversible_without_a_reason_is_told_to_give_one() -> None:
    found = back("-- cdkit: irreversible\nALTER TABLE orders ADD a int;", None)
    assert "(line 5 calls it irreversible, and does not say why)" in _of(found)[0].message


def test_the_reason_of_what_is_irreversible_is_shown() -> None:
    up = "-- cdkit: irreversible (merged rows)\nALTER TABLE orders ADD a int;"
    assert back(up, None).back == "none: merged rows"


def test_what_is_unsafe_on_the_way_back_counts_less() -> None:
    found = back("DROP INDEX CONCURRENTLY i;", "CREATE INDEX i ON orders (note);")
    (finding,) = (each for each in found.findings if each.rule == "blocking-index")
    assert (finding.severity, finding.locations[0].line) == (Severity.LOW, 7)
    assert finding.message.startswith("on the way back: ")


def test_an_allowance_in_the_way_back_counts_there() -> None:
    down = "-- cdkit: allow lossy-down (copied before)\nALTER TABLE orders DROP note;\n"
    found = back("SELECT 1;", down + "ALTER TABLE orders ADD note text;")
    losses = [each for each in found.findings if each.rule == "lossy-down"]
    assert losses[0].suppressed
    assert found.notes == ()


def migration(path: str, *, down: bool) -> Migration:
    text = Text(path, b"SELECT 1;")
    back_ = Down(text=text, sql=b"SELECT 1;") if down else None
    script = Script(sql=text.data, down=back_)
    return Migration(text=text, script=script, source="plain", order=())


@pytest.mark.parametrize(
    ("path", "others", "by_tool", "expected"),
    [
        ("3.sql", (), False, False),
        ("3.sql", (), True, True),
        ("3.up.sql", (), False, True),
        ("2026/up.sql", (), False, True),
        ("3.sql", (True, False), False, True),
        ("3.sql", (True, False, False), False, False),
        ("cleanup.sql", (), False, False),
    ],
)
def test_a_way_back_is_expected_of_tools_pairs_and_projects_that_have_them(
    path: str, others: tuple[bool, ...], *, by_tool: bool, expected: bool
) -> None:
    there = [migration(f"{n}.sql", down=down) for n, down in enumerate(others)]
    one = migration(path, down=False)
    assert expects(one, custom_of([one, *there]), by_tool=by_tool) is expected


def test_what_runs_again_whenever_it_changes_needs_no_way_back() -> None:
    view = structs.replace(migration("R__v.sql", down=False), repeats=True)
    custom = custom_of([migration("1.sql", down=True), view])
    assert (custom.migrations, custom.backs) == (1, 1)
    assert not expects(view, custom, by_tool=True)


def test_values_that_do_not_come_back_are_said_in_a_word() -> None:
    found = back("ALTER TABLE orders DROP note;", "ALTER TABLE orders ADD note text;")
    assert found.back == "undoes it, not the values of orders.note"


def test_an_extension_may_stay() -> None:
    found = back("CREATE EXTENSION IF NOT EXISTS citext;\nALTER TABLE orders ADD a citext;",
                 "ALTER TABLE orders DROP a;")  # fmt: skip
    assert found.back == "undoes it (stop the new version first), loses orders.a"


def test_where_the_migration_itself_cannot_be_read_its_way_back_is_not_called_a_lie() -> None:
    found = back("SELECT tidy_up();", "ALTER TABLE orders ADD gone int;")
    (finding,) = _of(found)
    assert (finding.rule, finding.severity) == ("dishonest-down", Severity.LOW)
    assert found.back == "not told"


def test_a_way_back_that_the_new_version_can_live_with_needs_no_stop() -> None:
    found = back("CREATE INDEX CONCURRENTLY i ON orders (note);", "DROP INDEX CONCURRENTLY i;")
    assert found.back == "undoes it"


STATEMENTS = sorted({*HONEST, *HONEST.values(), *(down for _, down in DISHONEST)})


@given(st.lists(st.sampled_from(STATEMENTS), max_size=4), st.lists(st.sampled_from(STATEMENTS)))
@settings(max_examples=60, deadline=None)
def test_whatever_goes_there_and_back_is_judged(ups: list[str], downs: list[str]) -> None:
    found = back("\n".join(ups), "\n".join(downs), history="")
    lies = [each for each in found.findings if each.rule == "dishonest-down"]
    assert bool(lies) == found.back.startswith(("does not undo it", "not told", "cannot be read"))


def test_what_the_migration_may_have_made_where_nobody_can_read_is_no_certain_loss() -> None:
    (finding,) = _of(back("SELECT tidy_up();", "DROP TABLE scratch;"))
    assert (finding.rule, finding.severity) == ("lossy-down", Severity.LOW)
    assert finding.message.endswith("(unless the migration made it, in what cannot be read)")


RIGHTS = (
    "CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n"
    "CREATE VIEW v AS SELECT id, note FROM orders WHERE id > 1;\n"
    "CREATE TYPE mood AS ENUM ('a', 'b');\n"
    "GRANT SELECT ON orders TO app;\n-- released\n"
)
VIEW = "CREATE OR REPLACE VIEW v AS SELECT id, note FROM orders WHERE id > 2;"


@pytest.mark.parametrize(
    ("up", "down", "said"),
    [
        (VIEW, VIEW.replace("2", "3"), "the definition of view v is another"),
        (VIEW, VIEW.replace("orders", "other").replace("2", "1"), "the definition of view v"),
        ("DROP VIEW v;", "CREATE VIEW v AS SELECT id FROM orders;", "view v is id, and was id, n"),
        ("GRANT UPDATE ON orders TO app;", "SELECT 1;", "UPDATE on orders for app is left over"),
        ("REVOKE SELECT ON orders FROM app;", "SELECT 1;", "SELECT on orders for app is missing"),
        ("ALTER TYPE mood RENAME VALUE 'a' TO 'z';", "SELECT 1;", "the enum value a of mood is mi"),
    ],
)
def test_views_rights_and_values_that_stay_otherwise_are_not_undone(
    up: str, down: str, said: str
) -> None:
    found = back(up, down, history=RIGHTS)
    (finding,) = (each for each in found.findings if each.rule == "dishonest-down")
    assert said in finding.message


@pytest.mark.parametrize(
    ("up", "down"),
    [
        (VIEW, VIEW.replace("2", "1")),
        (
            VIEW,
            "create or replace view v as select o.id, note from public.orders o where o.id>1;",
        ),
        ("GRANT UPDATE ON orders TO app;", "REVOKE UPDATE ON orders FROM app;"),
        ("GRANT UPDATE ON orders TO other;", "SELECT 1;"),
        ("REVOKE SELECT ON orders FROM other;", "GRANT SELECT ON orders TO other;"),
        ("REVOKE SELECT ON orders FROM app;", "GRANT SELECT ON orders TO app;"),
        ("ALTER TYPE mood RENAME VALUE 'a' TO 'z';", "ALTER TYPE mood RENAME VALUE 'z' TO 'a';"),
        (
            "ALTER TYPE mood RENAME VALUE 'a' TO 'z';",
            "DROP TYPE mood;\nCREATE TYPE mood AS ENUM ('a', 'b');",
        ),
        ("ALTER TYPE mood ADD VALUE 'c';", "SELECT 1;"),
    ],
)
def test_views_rights_and_values_that_are_as_before_are_undone(up: str, down: str) -> None:
    found = back(up, down, history=RIGHTS)
    assert "dishonest-down" not in {each.rule for each in found.findings}
