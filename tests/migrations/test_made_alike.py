"""What takes the place of a rule or a function: alike is nothing, anything else is told."""

from __future__ import annotations

import pytest

from cdkit.core.finding import Severity
from tests.migrations.judging import RELEASED, judged, places

RULE = "CREATE RULE r AS ON DELETE TO o DO INSTEAD NOTHING;\n"
THERE = "CREATE TABLE o (a int, b int);\n" + RULE + RELEASED


def found(text: str, server: str = "postgres") -> list[tuple[str, int]]:
    return places(judged(text, server=server, question="compatible").findings)


@pytest.mark.parametrize(
    "text",
    [
        "BEGIN;\nDROP RULE r ON o;\n" + RULE + "COMMIT;",
        "CREATE OR REPLACE RULE r AS ON DELETE TO public.o DO INSTEAD nothing;",
        "ALTER TABLE o ENABLE RULE r;",
        "BEGIN;\nALTER TABLE o DISABLE RULE r;\nALTER TABLE o ENABLE RULE r;\nCOMMIT;",
    ],
)
def test_a_rule_that_is_made_alike_changes_nothing(text: str) -> None:
    assert found(THERE + text) == []


@pytest.mark.parametrize(
    "text",
    [
        "DROP RULE r ON o;",
        "CREATE OR REPLACE RULE r AS ON DELETE TO o DO INSTEAD UPDATE o SET b = 1;",
        "CREATE OR REPLACE RULE r AS ON DELETE TO o WHERE old.a > 1 DO INSTEAD NOTHING;",
        "ALTER TABLE o DISABLE RULE r;",
        "ALTER TABLE o ENABLE REPLICA RULE r;",
    ],
)
def test_a_rule_that_acts_otherwise_is_told(text: str) -> None:
    assert found(THERE + text) == [("new-rule", 4)]


def test_a_rule_that_was_off_and_is_switched_on_is_told() -> None:
    there = THERE.replace(RELEASED, "ALTER TABLE o DISABLE RULE r;\n" + RELEASED)
    assert found(there + "ALTER TABLE o ENABLE RULE r;") == [("new-rule", 5)]
    assert found(there + "BEGIN;\nDROP RULE r ON o;\n" + RULE + "COMMIT;") == [("new-rule", 7)]


FUNCTION = "CREATE FUNCTION f(a int) RETURNS text LANGUAGE {} AS $_${}$_$;\n" + RELEASED
AGAIN = "CREATE OR REPLACE FUNCTION f(a int) RETURNS text LANGUAGE {} AS $_${}$_$;"


@pytest.mark.parametrize(
    ("language", "old", "new"),
    [
        ("sql", "select a || 'A'", "SELECT a||'A' -- said\n"),
        ("plpgsql", "begin return a; end", "BEGIN\n  /* what\n it got */ RETURN A;\nEND"),
        ("plpython3u", "return a", "return a"),
    ],
)
def test_a_body_that_the_server_reads_alike_is_the_same(language: str, old: str, new: str) -> None:
    assert found(FUNCTION.format(language, old) + AGAIN.format(language, new)) == []


@pytest.mark.parametrize(
    ("language", "old", "new"),
    [
        ("sql", "select 'A'", "select 'a'"),
        ("sql", "select 'a b'", "select 'a  b'"),
        ("sql", "select 'a -- b'", "select 'a -- c'"),
        ("sql", 'select "A" from o', 'select "a" from o'),
        ("sql", "select $q$A$q$", "select $q$a$q$"),
        ("plpgsql", "begin return 1; end", "begin return 2; end"),
        ("plpython3u", "if a:\n  a += 1\nreturn a", "if a:\n  a += 1\n  return a"),
        ("plpython3u", "return a", "return A"),
    ],
)
def test_a_body_that_the_server_reads_otherwise_is_told(language: str, old: str, new: str) -> None:
    text = FUNCTION.format(language, old) + AGAIN.format(language, new)
    assert [rule for rule, _ in found(text)] == ["replaced-object"]


def test_a_body_that_is_sql_itself_is_compared() -> None:
    there = "CREATE FUNCTION f(a int) RETURNS int RETURN a + 1;\n" + RELEASED
    again = "CREATE OR REPLACE FUNCTION f(a int) RETURNS int RETURN a+{};"
    assert found(there + again.format(1)) == []
    assert found(there + again.format(2)) == [("replaced-object", 3)]


def test_an_event_trigger_is_told_by_what_its_function_does() -> None:
    made = "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$;\n"
    text = RELEASED + "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f();"
    for body, severity in (("RAISE EXCEPTION 'no';", "medium"), ("NOTIFY pgrst;", "low")):
        (one,) = judged(made.format(body) + text).findings
        assert (one.rule, one.severity.value) == ("changed-event-trigger", severity)


def test_white_space_within_a_text_counts_in_a_routine_of_mysql() -> None:
    body = "CREATE OR REPLACE PROCEDURE p() {};\n"
    there = body.format("SELECT 'a b'") + RELEASED
    for new, told in (("SELECT   'a b'", []), ("SELECT 'a  b'", [("replaced-object", 3)])):
        assert found(there + body.format(new), "mariadb:10.11") == told


def test_a_function_that_is_dropped_and_made_otherwise_is_told() -> None:
    text = "BEGIN;\nDROP FUNCTION f(int);\n" + AGAIN.replace(" OR REPLACE", "") + "\nCOMMIT;"
    there = FUNCTION.format("sql", "select 'A'")
    assert ("dropped-object", 4) in found(there + text.format("sql", "select 'B'"))
    assert ("dropped-object", 4) not in found(there + text.format("sql", "SELECT 'A' --"))


@pytest.mark.parametrize(
    ("there", "action"),
    [
        ("START 1000", "RESTART WITH 1000"),
        ("", "RESTART"),
        ("MAXVALUE 900", "MAXVALUE 90"),
        ("", "MAXVALUE 90"),
        ("", "INCREMENT BY -1"),
    ],
)
def test_numbers_that_are_taken_or_fewer_are_told(there: str, action: str) -> None:
    text = f"CREATE SEQUENCE s {there};\n{RELEASED}ALTER SEQUENCE s {action};"
    (one,) = [x for x in judged(text).findings if x.rule == "changed-sequence"]
    assert one.severity.value == "medium"


@pytest.mark.parametrize(
    ("there", "action"),
    [
        ("MAXVALUE 90", "MAXVALUE 900"),
        ("MAXVALUE 90", "NO MAXVALUE"),
        ("MAXVALUE 90", "MAXVALUE 9223372036854775806"),
        ("", "MINVALUE -5"),
        ("", "START WITH 5"),
        ("AS int", "AS bigint"),
        ("", "CACHE 9"),
        ("CYCLE", "CYCLE"),
    ],
)
def test_numbers_that_are_as_many_as_before_are_nothing(there: str, action: str) -> None:
    assert found(f"CREATE SEQUENCE s {there};\n{RELEASED}ALTER SEQUENCE s {action};") == []


def test_a_large_number_is_read() -> None:
    text = f"CREATE SEQUENCE s;\n{RELEASED}ALTER SEQUENCE s RESTART WITH 10000000000;"
    (one,) = [x for x in judged(text).findings if x.rule == "changed-sequence"]
    assert one.severity.value == "low"


@pytest.mark.parametrize("enforced", ["", " NOT ENFORCED"])
def test_a_check_that_was_not_enforced_held_nothing(enforced: str) -> None:
    there = "CREATE TABLE {} (a int, CONSTRAINT c CHECK (a > 0){});\n"
    made = [there.format("o", enforced), RELEASED, "BEGIN;\n", there.format("n", "")]
    filled = "LOCK TABLE o IN EXCLUSIVE MODE;\nINSERT INTO n SELECT * FROM o;\n"
    text = "".join([*made, filled, "DROP TABLE o;\nALTER TABLE n RENAME TO o;\nCOMMIT;"])
    assert (("dropped-table", 7) in found(text)) == bool(enforced)


def test_another_default_of_an_argument_is_told() -> None:
    made = "FUNCTION f(a int, b int DEFAULT {}) RETURNS int LANGUAGE sql AS 'SELECT a + b';\n"
    there = "CREATE " + made.format(0) + RELEASED
    assert found(there + "CREATE OR REPLACE " + made.format(0)) == []
    assert found(there + "CREATE OR REPLACE " + made.format(1)) == [("replaced-object", 3)]
    again = "BEGIN;\nDROP FUNCTION f(int, int);\nCREATE " + made.format(1) + "COMMIT;"
    assert ("dropped-object", 4) in found(there + again)


def test_a_trigger_that_sets_another_column_leaves_a_new_one_null() -> None:
    there = (
        "CREATE TABLE o (a int, seen date);\nCREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql "
        "AS $$ BEGIN NEW.{} := now(); RETURN NEW; END $$;\n"
        "CREATE TRIGGER t BEFORE INSERT ON o FOR EACH ROW EXECUTE FUNCTION f();\n" + RELEASED
    )
    text = "ALTER TABLE o ADD COLUMN n date;\nCREATE UNIQUE INDEX u ON o (a, n);"
    for column, severity in (("seen", "low"), ("n", "medium")):
        findings = judged(there.format(column) + text, question="compatible").findings
        (one,) = [x for x in findings if x.rule == "constraint-on-existing-table"]
        assert one.severity.value == severity


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id serial", "id int GENERATED ALWAYS AS IDENTITY", "takes no value of one's own"),
        ("id serial", "id int GENERATED BY DEFAULT AS IDENTITY (START 100)", ""),
        ("id serial", "id int GENERATED BY DEFAULT AS IDENTITY", "is counted from the beginning"),
        ("id int DEFAULT 1", "id int DEFAULT 2", "has another default"),
        ("id date DEFAULT now()", "id date DEFAULT CURRENT_TIMESTAMP", ""),
        ("id int, b int GENERATED ALWAYS AS (id + 1) STORED",
         "id int, b int GENERATED ALWAYS AS (id + 2) STORED", "is worked out otherwise"),
        ("id int, b int GENERATED ALWAYS AS (id + 1) STORED",
         "id int, b int GENERATED ALWAYS AS (id+1) STORED", ""),
    ],
)  # fmt: skip
def test_a_table_in_the_place_of_another_fills_its_columns_alike(
    old: str, new: str, said: str
) -> None:
    filled = "LOCK TABLE o IN ACCESS EXCLUSIVE MODE;\nINSERT INTO n (id) SELECT id FROM o;\n"
    text = "".join([
        f"CREATE TABLE o ({old});\n", RELEASED, f"BEGIN;\nCREATE TABLE n ({new});\n", filled,
        "DROP TABLE o;\nALTER TABLE n RENAME TO o;\nCOMMIT;",
    ])  # fmt: skip
    told = [x.message for x in judged(text).findings if x.rule == "dropped-table"]
    assert [said in each for each in told] == [True] * bool(said)


@pytest.mark.parametrize(("bound", "told"), [("DEFAULT", 0), ("FOR VALUES FROM (0) TO (9)", 1)])
def test_a_partitioned_table_in_the_place_of_another_takes_every_row(bound: str, told: int) -> None:
    text = (
        f"CREATE TABLE o (id int);\n{RELEASED}BEGIN;\nALTER TABLE o RENAME TO old;\n"
        "CREATE TABLE o (id int) PARTITION BY RANGE (id);\n"
        f"ALTER TABLE o ATTACH PARTITION old {bound};\nCOMMIT;"
    )
    assert [rule for rule, _ in found(text)].count("renamed-table") == told


@pytest.mark.parametrize(("end", "told"), [(100, []), (50, ["moved-partition"])])
def test_a_partition_that_comes_back_for_other_rows_is_told(end: int, told: list[str]) -> None:
    bound = "FOR VALUES FROM (0) TO ({})"
    text = (
        "CREATE TABLE o (id int) PARTITION BY RANGE (id);\n"
        f"CREATE TABLE p PARTITION OF o {bound.format(100)};\n{RELEASED}BEGIN;\n"
        "ALTER TABLE o DETACH PARTITION p;\n"
        f"ALTER TABLE o ATTACH PARTITION p {bound.format(end)};\nCOMMIT;"
    )
    found = [x for x in judged(text).findings if x.rule == "moved-partition"]
    assert [x.rule for x in found if x.severity.rank >= Severity.MEDIUM.rank] == told


@pytest.mark.parametrize(("factor", "told"), [(2, False), (3, True)])
def test_a_generated_column_that_is_made_again_alike_is_no_loss(factor: int, told: bool) -> None:  # noqa: FBT001 - a case
    made = "n int GENERATED ALWAYS AS (a * {}) STORED"
    text = (
        f"CREATE TABLE o (a int, {made.format(2)});\n{RELEASED}BEGIN;\n"
        f"ALTER TABLE o DROP COLUMN n;\nALTER TABLE o ADD COLUMN {made.format(factor)};\nCOMMIT;"
    )
    assert (("dropped-column", 4) in found(text)) == told
