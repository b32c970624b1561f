"""Code of MySQL and MariaDB: procedures that a migration calls, SQL that it puts together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.migrations.judging import judged

OLD = "CREATE TABLE t (a int, b int);\n-- released\n"
ASKS = "(SELECT * FROM information_schema.columns WHERE table_name = 't' AND column_name = 'c')"
COUNTS = ASKS.replace("*", "COUNT(*)")
ADDS, DROPS = "ALTER TABLE t ADD COLUMN c int", "ALTER TABLE t DROP COLUMN a"
UNREAD, DROPPED = "unread-code", "dropped-column"


def found(change: str, server: str = "mysql:8.0") -> set[str]:
    """Return which of these rules find something: what breaks, what nobody can read."""
    told = judged(OLD + change, server=server).findings
    return {each.rule for each in told} & {UNREAD, DROPPED, "syntax-error", "dropped-object"}


def filled(text: str, sql: str) -> str:
    """Put a statement, and a question whether it ran, into code."""
    return text.replace("{0}", sql).replace("{1}", ASKS).replace("{2}", COUNTS)


def procedure(body: str, head: str = "p()") -> str:
    return f"DELIMITER //\nCREATE PROCEDURE {head} {body} //\nDELIMITER ;\nCALL p();\n"


BODIES = {
    "asked first": "BEGIN IF NOT EXISTS {1} THEN {0}; END IF; END",
    "one of two": "BEGIN IF EXISTS {1} THEN SELECT 1; ELSE {0}; END IF; END",
    "counted": "BEGIN DECLARE n INT DEFAULT 0; SELECT COUNT(*) INTO n FROM {1} x; "
    "IF n = 0 THEN {0}; END IF; END",
    "elseif": "BEGIN IF 1 > 2 THEN SELECT 1; ELSEIF (2 > 1) THEN {0}; END IF; END",
    "with a handler": "BEGIN DECLARE CONTINUE HANDLER FOR 1060, SQLEXCEPTION BEGIN END; {0}; END",
    "in a handler": "BEGIN DECLARE EXIT HANDLER FOR SQLSTATE '42S21' BEGIN {0}; END; SELECT 1; END",
    "in a loop": "BEGIN SET @n = 1; again: WHILE @n > 0 DO {0}; SET @n = @n - 1; END WHILE; END",
    "one statement": "SQL SECURITY INVOKER COMMENT 'for once' {0}",
    "with CASE": "BEGIN IF CASE WHEN 1 THEN 2 ELSE 0 END > 1 THEN {0}; END IF; END",
    "in a CASE": "BEGIN CASE WHEN 1 > 2 THEN SELECT 1; WHEN EXISTS {1} THEN SELECT 2; "
    "ELSE {0}; END CASE; END",
    "in a CASE of a value": "BEGIN CASE CASE WHEN 1 THEN 2 END WHEN 2 THEN {0}; SELECT 1; "
    "ELSE BEGIN END; END CASE; END",
    "in a CASE in a CASE": "BEGIN CASE 1 WHEN 1 THEN CASE WHEN 2 > 1 THEN {0}; END CASE; "
    "ELSE SELECT CASE 1 WHEN 1 THEN 2 END; END CASE; END",
    "put together": "BEGIN SET @s = CONCAT('{0}', ''); PREPARE s FROM @s; EXECUTE s; END",
    "chosen": "BEGIN SET @s = IF({2} = 0, '{0}', 'SELECT 1'); PREPARE s FROM @s; "
    "EXECUTE s; DEALLOCATE PREPARE s; END",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_who_asks_first_in_code_of_their_own_is_not_refused(body: str) -> None:
    told = judged(OLD + procedure(filled(body, ADDS)), server="mysql:8.0").findings
    assert "refused-statement" not in {each.rule for each in told}


def test_what_the_server_does_not_know_is_refused_in_code_as_well() -> None:
    said = procedure(f"BEGIN {ADDS.replace('COLUMN', 'COLUMN IF NOT EXISTS')}; END")
    told = judged(OLD + said, server="mysql:8.0").findings
    assert "refused-statement" in {each.rule for each in told}


@pytest.mark.parametrize("server", ["mysql:5.7", "mysql:8.0", "mariadb:10.11"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_what_a_procedure_does_is_judged_where_it_is_called(body: str, server: str) -> None:
    assert found(procedure(filled(body, ADDS)), server) == set()
    assert found(procedure(filled(body, DROPS)), server) == {DROPPED}


TEXTS = {
    "a variable": "SET @s = '{0}'; PREPARE s FROM @s; EXECUTE s;",
    "a text": "PREPARE s FROM '{0}'; EXECUTE s; DEALLOCATE PREPARE s;",
    "one of two": "SET @s = IF({2} = 0, '{0}', 'SELECT 1'); PREPARE s FROM @s; EXECUTE s;",
    "a query's": "SET @s = (SELECT IF(COUNT(*) > 0, 'SELECT 1', '{0}') FROM {1} AS x);"
    "PREPARE s FROM @s; EXECUTE s;",
    "a case's": "SET @s := CASE WHEN {2} THEN 'DO 0' ELSE '{0}' END; PREPARE `s` FROM @s;"
    "EXECUTE s;",
    "parts": "SET @n = 't'; SET @a = NULL; SET @s = CONCAT(COALESCE(@a, '{0}'), ' '); "
    "PREPARE s FROM @s; EXECUTE s;",
    "another quote": 'SET @s = "{0}"; PREPARE s FROM @s; EXECUTE s;',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_sql_that_is_put_together_from_constants_is_judged(text: str) -> None:
    assert found(filled(text, ADDS)) == set()
    assert found(filled(text, DROPS)) == {DROPPED}


@pytest.mark.parametrize(
    "text",
    [
        "PREPARE s FROM @s; EXECUTE s;",
        "EXECUTE s;",
        "SET @s = 'SELECT 1'; SET @s = f(); PREPARE s FROM @s; EXECUTE s;",
        "SET @s = 'SELECT 1'; SELECT GROUP_CONCAT(x) INTO @s FROM y; PREPARE s FROM @s; EXECUTE s;",
        "SET @s = 'SELECT 1'; SELECT @s := x FROM y; PREPARE s FROM @s; EXECUTE s;",
        "SET @s = (SELECT x FROM y); PREPARE s FROM @s; EXECUTE s;",
        "SET @s = CONCAT('DROP TABLE ', DATABASE()); PREPARE s FROM @s; EXECUTE s;",
        "SET @s = CONCAT('DROP TABLE ', @@hostname); PREPARE s FROM @s; EXECUTE s;",
        "SET @s = IF(1, 'SELECT 1', @x); PREPARE s FROM @s; EXECUTE s;",
        "SET @s = 'SELECT 1'; SET @s = CONCAT(@s, @t); PREPARE s FROM @s; EXECUTE s;",
        "SET @s = 'SELECT 1; DROP TABLE t'; PREPARE s FROM @s; EXECUTE s;",
        "SET @s = X'44'; PREPARE s FROM @s; EXECUTE s;",
        "PREPARE s FROM 'SELECT 1'; PREPARE s FROM @x; EXECUTE s;",
        procedure("BEGIN SET @s = 'SELECT 1'; FETCH c INTO @s; PREPARE s FROM @s; EXECUTE s; END"),
        procedure(
            "BEGIN SET @s = 'SELECT 1'; WHILE 1 DO PREPARE s FROM @s; EXECUTE s; "
            "SET @s = 'DROP TABLE t'; END WHILE; END"
        ),
        procedure(
            "BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION SET @s = 'DROP TABLE t'; "
            "SET @s = 'SELECT 1'; PREPARE s FROM @s; EXECUTE s; END"
        ),
        procedure("BEGIN SELECT 1; END").replace("CALL p()", "CALL other.p()"),
        procedure("BEGIN SELECT 1; END", "IF NOT EXISTS p()"),
        procedure("BEGIN IF `drops`(1) THEN SELECT 1; END IF; END"),
        "SET @s = `drops`(1); ",
        procedure("BEGIN CASE 1 WHEN 1 THEN SELECT 1; END"),
        procedure("BEGIN CASE 1; END CASE; END"),
        procedure("BEGIN IF drop_all() THEN SELECT 1; END IF; END"),
        procedure("BEGIN CALL p(); END"),
        procedure("BEGIN CALL nobody_knows(); END"),
        procedure("BEGIN DECLARE x INT DEFAULT drop_all(); END"),
        procedure("BEGIN SET x = drop_all(); END", "p(OUT x INT)"),
        "CALL p();",
    ],
)
def test_what_nobody_can_know_is_no_yes(text: str) -> None:
    assert found(text) == {UNREAD}


def test_a_variable_that_a_procedure_fills_is_not_known() -> None:
    made = procedure("BEGIN SET x = 'DROP TABLE t'; END", "p(OUT x TEXT)").partition("CALL")[0]
    told = "SET @s = 'SELECT 1'; CALL p(@s); PREPARE s FROM @s; EXECUTE s;"
    assert found(made + told) == {UNREAD}


def test_each_statement_of_a_procedure_sees_what_those_before_it_did() -> None:
    added = f"BEGIN {ADDS}; ALTER TABLE t DROP COLUMN c; END"
    assert found(procedure(added)) == set()


RUNS = "PREPARE s FROM @s; EXECUTE s;"


@pytest.mark.parametrize(
    "body",
    [
        "BEGIN IF 1 THEN SET @s = '{0}'; ELSE SET @s = 'SELECT 1'; END IF; {1} END",
        "BEGIN IF 1 THEN SET @s = 'SELECT 1'; ELSE SET @s = '{0}'; END IF; {1} END",
        "BEGIN SET @s = '{0}'; IF 1 THEN SET @s = 'SELECT 1'; END IF; {1} END",
        "BEGIN SET @s = 'SELECT 1'; IF 1 THEN BEGIN SET @s = '{0}'; END; END IF; {1} END",
        "BEGIN SET @s = 'SELECT 1'; SET @s = '{0}'; {1} END",
    ],
)
def test_each_way_through_code_counts(body: str) -> None:
    told = body.replace("{1}", RUNS)
    assert found(procedure(told.replace("{0}", DROPS))) == {DROPPED}
    assert found(procedure(told.replace("{0}", ADDS))) == set()


def test_what_a_procedure_sets_counts_for_what_comes_after_it() -> None:
    sets = procedure(f"BEGIN SET @s = '{DROPS}'; END")
    assert found(f"SET @s = 'SELECT 1';\n{sets}{RUNS}") == {DROPPED}


@pytest.mark.parametrize(
    "body",
    [
        "BEGIN IF NOT EXISTS {1} THEN ALTER TABLE z ADD c int; END IF; {0}; END",
        "BEGIN DECLARE CONTINUE HANDLER FOR 1060 DO 1; ALTER TABLE z ADD c int; {0}; END",
        (
            "BEGIN SET @s = IF({2}, 'ALTER TABLE z ADD c int', 'DO 0'); PREPARE s FROM @s; "
            "EXECUTE s; {0}; END"
        ),
    ],
)
def test_a_column_that_may_have_been_there_is_not_new(body: str) -> None:
    assert found(procedure(filled(body, "ALTER TABLE z DROP COLUMN c"))) == {DROPPED}


def test_a_block_of_mariadb_is_read() -> None:
    block = "DELIMITER //\nBEGIN NOT ATOMIC IF NOT EXISTS {1} THEN {0}; END IF; END //\n"
    assert found(filled(block, ADDS), "mariadb:10.11") == set()
    assert found(filled(block, DROPS), "mariadb:10.11") == {DROPPED}


@pytest.mark.parametrize(("sql", "rules"), [(ADDS, set()), (DROPS, {DROPPED})])
def test_an_immediate_execute_of_mariadb_is_read(sql: str, rules: set[str]) -> None:
    assert found(f"EXECUTE IMMEDIATE '{sql}';", "mariadb:10.11") == rules
    assert found(f"EXECUTE IMMEDIATE CONCAT('{sql}', '');", "mariadb:10.11") == rules


def test_findings_of_a_procedure_stand_where_it_is_called() -> None:
    told = judged(OLD + procedure(filled(BODIES["asked first"], DROPS)), server="mysql:8.0")
    (dropped,) = [each for each in told.findings if each.rule == DROPPED]
    assert dropped.locations[0].line == OLD.count("\n") + 4
    assert dropped.fix is not None
    assert not dropped.fix.edits


def test_a_procedure_that_the_file_makes_for_itself_may_be_dropped_first() -> None:
    helper = procedure(f"BEGIN {ADDS}; END")
    told = judged(
        f"{OLD}DROP PROCEDURE IF EXISTS p;\n{helper}DROP PROCEDURE p;", server="mysql:8.0"
    )
    assert [x.severity.value for x in told.findings if x.rule == "dropped-object"] == ["low"]
    told = judged(f"{OLD}DROP PROCEDURE p;\n{helper}", server="mysql:8.0")
    assert [x.severity.value for x in told.findings if x.rule == "dropped-object"] == ["high"]
    told = judged(f"{OLD}DROP PROCEDURE IF EXISTS q;\n{helper}", server="mysql:8.0")
    assert [x.severity.value for x in told.findings if x.rule == "dropped-object"] == ["low"]


@pytest.mark.parametrize("cut", range(0, 120, 3))
def test_a_body_that_is_cut_off_anywhere_is_no_crash_and_no_yes(cut: int) -> None:
    whole = filled(BODIES["asked first"], DROPS)
    told = found(procedure(whole[: len(whole) * cut // 120]))
    assert told & {UNREAD, DROPPED, "syntax-error"}


def test_a_handler_that_says_not_what_for_is_no_crash_and_no_yes() -> None:
    assert found(f"{procedure('DECLARE CONTINUE HANDLER x;')}{DROPS};") & {UNREAD, "syntax-error"}


SPELLED = """
    BEGIN END IF ELSEIF ELSE THEN WHILE DO LOOP REPEAT UNTIL CASE WHEN DECLARE HANDLER FOR NOT SET
    CONTINUE SQLEXCEPTION FOUND SELECT INTO FROM PREPARE EXECUTE IMMEDIATE CALL CONCAT ( ) , ; ; =
    := : @s @t s p 1 NULL '' 'SELECT' "x `s` 0x41 \\ @@x @ COALESCE IFNULL
"""
WORDS = SPELLED.split()


@given(st.lists(st.sampled_from([*WORDS, ADDS]), max_size=30))
def test_whatever_stands_in_code_what_comes_after_it_is_judged(words: list[str]) -> None:
    told = found(f"{procedure(' '.join(words))}{DROPS};")
    assert told & {DROPPED, UNREAD, "syntax-error"}


@given(st.lists(st.sampled_from([x for x in WORDS if x != ";"]), max_size=12))
def test_only_what_is_known_to_the_last_letter_is_run(words: list[str]) -> None:
    told = f"SET @s = CONCAT({' '.join(words)}, f()); PREPARE s FROM @s; EXECUTE s;"
    assert found(told) & {UNREAD, "syntax-error"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"SET STATEMENT max_statement_time = 5, lock_wait_timeout = 2 FOR {DROPS};", {DROPPED}),
        (f"SET STATEMENT max_statement_time = (1 + 1) FOR {ADDS};", set()),
        ("SET STATEMENT max_statement_time = 5 FOR what is this;", {UNREAD}),
        (f"SET STATEMENT FOR {ADDS};", {UNREAD}),
        ("SET STATEMENT max_statement_time = 5 FOR;", {UNREAD}),
        (f"SET STATEMENT max_statement_time = 5 FOR EXECUTE IMMEDIATE '{DROPS}';", {DROPPED}),
    ],
)
def test_what_a_setting_is_for_is_judged(text: str, told: set[str]) -> None:
    assert found(text, "mariadb:10.11") == told


def test_a_setting_for_one_statement_is_none_for_the_next() -> None:
    key = "ALTER TABLE t ADD CONSTRAINT {0} FOREIGN KEY (a) REFERENCES p (id);\n"
    change = f"SET STATEMENT foreign_key_checks = 0 FOR\n{key.format('x')}{key.format('y')}"
    told = judged(OLD + change, server="mariadb:10.11").findings
    assert [x.locations[0].line for x in told if x.rule == "copying-alter"] == [5]
