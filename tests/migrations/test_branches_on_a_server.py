"""What a DO block asks first, and what it takes back: judged by what it does on a real server."""

from __future__ import annotations

import psycopg
import pytest

from cdkit.core.finding import Severity
from tests.migrations.judging import judged

BASE = """
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE o (a int, b int NOT NULL DEFAULT 1, CONSTRAINT c FOREIGN KEY (a) REFERENCES p);
CREATE INDEX i ON o (a);
"""
NO_B = BASE.replace(", b int NOT NULL DEFAULT 1", "")
TWO = f"{BASE}CREATE SCHEMA s; CREATE TABLE s.o (z int);"
ADD = "ALTER TABLE o ADD COLUMN b int NOT NULL;"
DROP = "ALTER TABLE o DROP COLUMN a CASCADE;"
KEY = "ALTER TABLE o ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES p;"
HAS_B = "SELECT 1 FROM information_schema.columns WHERE table_name = 'o' AND column_name = 'b'"

HAS_Z = HAS_B.replace("'b'", "'z'")
COUNT = HAS_B.replace("SELECT 1", "SELECT count(*)")


def bare(code: str) -> str:
    return f"DO $$ BEGIN {code} END $$;"


def told(code: str) -> str:
    return f"DO $$ DECLARE e bool; n int; BEGIN {code} END $$;"


def asked(select: str, then: str, word: str = "NOT EXISTS") -> str:
    return bare(f"IF {word} ({select}) THEN {then} END IF;")


def tried(code: str, error: str, handler: str = "NULL;") -> str:
    return bare(f"{code} EXCEPTION WHEN {error} THEN {handler}")


#: What runs already, a block, and whether it changes anything for who runs.
BLOCKS = [
    (BASE, asked(HAS_B, ADD), False),
    (BASE, asked(f"{HAS_B} AND table_schema = current_schema()", ADD), False),
    (NO_B, asked(HAS_B, ADD), True),
    (BASE, asked(HAS_B, f"{ADD} {DROP}"), False),
    (NO_B, asked(HAS_B, f"ALTER TABLE o ADD COLUMN b int; {DROP}"), True),
    (BASE, asked(HAS_B, "ALTER TABLE o DROP COLUMN b;", "EXISTS"), True),
    (NO_B, asked(HAS_B, "ALTER TABLE o DROP COLUMN b;", "EXISTS"), False),
    (BASE, bare(f"IF EXISTS ({HAS_B}) THEN NULL; ELSE {ADD} END IF;"), False),
    (BASE, bare(f"IF NOT EXISTS ({HAS_B}) THEN NULL; ELSE {DROP} END IF;"), True),
    (BASE, bare(f"IF NOT EXISTS ({HAS_B} AND data_type = 'text') THEN {DROP} END IF;"), True),
    (BASE, asked("SELECT FROM pg_constraint WHERE conname = 'c'", KEY), False),
    (
        BASE,
        asked("SELECT FROM pg_constraint WHERE conrelid = 'o'::regclass AND conname = 'c'", KEY),
        False,
    ),
    (BASE, asked("SELECT FROM pg_constraint WHERE conname = 'd'", KEY.replace("c", "d", 1)), True),
    (BASE, asked("SELECT FROM pg_class WHERE relname = 'i'", "CREATE INDEX i ON o (a);"), False),
    (BASE, bare(f"IF to_regclass('public.o') IS NULL THEN {DROP} END IF;"), False),
    (BASE, bare(f"IF to_regclass('public.o') IS NOT NULL THEN {DROP} END IF;"), True),
    (BASE, bare(f"IF ({COUNT}) = 0 THEN {ADD} END IF;"), False),
    (BASE, bare(f"IF ({COUNT}) > 0 THEN {DROP} END IF;"), True),
    (NO_B, bare(f"IF ({COUNT}) > 0 THEN {DROP} END IF;"), False),
    (BASE, bare(f"IF ({COUNT}) > 1 THEN NULL; ELSE {DROP} END IF;"), True),
    (BASE, bare(f"PERFORM {HAS_B[7:]}; IF NOT FOUND THEN {ADD} END IF;"), False),
    (BASE, bare(f"PERFORM {HAS_B[7:]}; IF FOUND THEN {DROP} END IF;"), True),
    (BASE, bare(f"PERFORM {HAS_B[7:]}; PERFORM 1 WHERE false; IF NOT FOUND THEN {DROP} END IF;"),
        True),
    (BASE, bare(f"IF to_regclass('o') IS NOT NULL AND NOT EXISTS ({HAS_B}) THEN {ADD} END IF;"),
        False),
    (BASE, bare(f"IF to_regclass('z') IS NOT NULL AND EXISTS ({HAS_B}) THEN NULL; "
        f"ELSE {DROP} END IF;"), True),
    (BASE, bare(f"IF EXISTS ({HAS_B}) OR random() > 2 THEN {DROP} END IF;"), True),
    (BASE, bare(f"IF NOT EXISTS ({HAS_B}) THEN NULL; ELSIF true THEN {DROP} END IF;"), True),
    (BASE, bare(f"IF NOT EXISTS ({HAS_B}) THEN {ADD} ELSIF EXISTS ({HAS_Z}) THEN {DROP} END IF;"),
        False),
    (BASE, bare(f"IF EXISTS ({HAS_Z}) THEN {DROP} ELSIF NOT EXISTS ({HAS_B}) THEN {ADD} "
        "ELSE NULL; END IF;"), False),
    (BASE, bare(f"IF EXISTS ({HAS_Z}) THEN {ADD} ELSIF EXISTS ({HAS_B}) THEN {DROP} END IF;"),
        True),
    (BASE, bare(f"IF EXISTS ({HAS_B}) THEN NULL; ELSIF true THEN {DROP} ELSE {DROP} END IF;"),
        False),
    (BASE, bare(f"IF EXISTS ({HAS_Z}) THEN NULL; ELSIF random() > 2 THEN NULL; ELSE {DROP} "
        "END IF;"), True),
    (BASE, bare(f"IF NOT EXISTS ({HAS_B}) THEN NULL; ELSIF random() > 2 THEN NULL; ELSE {DROP} "
        "END IF;"), True),
    (BASE, bare(f"IF EXISTS ({HAS_B}) AND random() > 2 THEN NULL; ELSIF true THEN {DROP} END IF;"),
        True),
    (NO_B, bare(f"IF EXISTS ({HAS_B}) THEN {DROP} ELSE NULL; END IF; IF EXISTS ({HAS_B}) THEN "
        f"{DROP} ELSIF EXISTS ({HAS_Z}) THEN {ADD} END IF;"), False),
    (BASE, told(f"SELECT EXISTS ({HAS_B}) INTO e; IF NOT e THEN {ADD} END IF;"), False),
    (BASE, told(f"SELECT EXISTS ({HAS_B}) INTO e; IF e THEN {DROP} END IF;"), True),
    (NO_B, told(f"SELECT EXISTS ({HAS_B}) INTO e; IF e THEN {DROP} END IF;"), False),
    (BASE, told(f"{COUNT.replace(' FROM', ' INTO n FROM', 1)}; IF n = 0 THEN {ADD} END IF;"),
        False),
    (BASE, told(f"e := EXISTS ({HAS_B}); IF NOT e THEN {ADD} END IF;"), False),
    (BASE, told(f"e := EXISTS ({HAS_B}); ALTER TABLE o DROP b; IF e THEN {DROP} END IF;"), True),
    (NO_B, told(f"{COUNT.replace(' FROM', ' INTO n FROM', 1)}; IF FOUND THEN {DROP} END IF;"),
        True),
    (NO_B, told(f"IF EXISTS ({COUNT}) THEN {DROP} END IF;"), True),
    (BASE, told(f"e := EXISTS ({HAS_B}); e := NOT e; IF NOT e THEN {DROP} END IF;"), True),
    (TWO, asked(HAS_Z, "ALTER TABLE s.o DROP z; ALTER TABLE o DROP a;",
        "EXISTS"), True),
    (TWO, asked(f"{HAS_Z} "
        "AND table_schema = 'public'", "ALTER TABLE o DROP a;", "EXISTS"), False),
    (BASE, bare(f"FOR i IN 1..2 LOOP IF NOT EXISTS ({HAS_B}) THEN {DROP} END IF; "
        "ALTER TABLE o DROP COLUMN IF EXISTS b; END LOOP;"), True),
    (BASE, tried(ADD, "duplicate_column"), False),
    (NO_B, tried(ADD, "duplicate_column"), True),
    (BASE, tried(KEY, "duplicate_object"), False),
    (BASE, tried(f"ALTER TABLE o DROP CONSTRAINT c; {KEY.replace(';', ' ON DELETE CASCADE;')}",
        "duplicate_object"), True),
    (BASE, tried("ALTER TABLE o DROP b, ADD b text;", "duplicate_column"), True),
    (BASE, tried("ALTER TABLE o DROP COLUMN z;", "undefined_column"), False),
    (BASE, tried(DROP, "undefined_column"), True),
    (BASE, tried(f"{DROP} RAISE EXCEPTION 'no';", "others"), False),
    (BASE, tried(f"{DROP} RAISE EXCEPTION 'no';", "raise_exception"), False),
    (BASE, tried(f"{DROP} RAISE NOTICE 'no';", "others"), True),
    (BASE, tried(f"{DROP} IF random() > 2 THEN RAISE EXCEPTION 'no'; END IF;", "others"), True),
    (BASE, tried(f"{DROP} IF true THEN RETURN; END IF; RAISE EXCEPTION 'no';", "others"), True),
    (BASE, tried("PERFORM 1 / 0;", "division_by_zero", DROP), True),
    (BASE, "ALTER TABLE o ADD COLUMN IF NOT EXISTS b int NOT NULL;", False),
    (BASE, "ALTER TABLE o DROP CONSTRAINT IF EXISTS z, DROP COLUMN IF EXISTS z;", False),
]  # fmt: skip
OTHERS = {"missing-lock-timeout", "unindexed-foreign-key"}
LOOK = """
SELECT attname, attnotnull FROM pg_attribute WHERE attrelid = 'o'::regclass AND attnum > 0
    AND NOT attisdropped UNION ALL SELECT conname, confdeltype = 'c' FROM pg_constraint
    UNION ALL SELECT indexname, false FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1
"""


@pytest.mark.needs("postgres")
@pytest.mark.parametrize(("before", "block", "changes"), BLOCKS)
def test_a_block_is_flagged_where_it_changes_what_is_there(
    before: str, block: str, *, changes: bool, postgres: str
) -> None:
    found = judged(f"{before}-- released\n{block}").findings
    loud = {each.rule for each in found if each.severity.rank >= Severity.MEDIUM.rank}
    assert bool(loud - OTHERS) == changes
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(before.encode())
        first = connection.execute(LOOK.encode()).fetchall()
        connection.execute(block.encode())
        assert (connection.execute(LOOK.encode()).fetchall() != first) == changes


def test_what_is_rolled_back_is_judged_for_whom_it_stops_and_said_to_be() -> None:
    undone = tried("ALTER TABLE o ALTER a TYPE bigint; RAISE EXCEPTION 'no';", "others")
    found = judged(f"{BASE}-- released\n{undone}")
    assert [each.rule for each in found.findings] == [
        "missing-lock-timeout",
        "rewriting-type-change",
    ]
    assert "rolled back by the file itself" in found.notes[0]


@pytest.mark.parametrize(
    ("before", "block"),
    [
        (BASE, f"IF EXISTS ({HAS_B}) THEN ALTER TABLE o ALTER b DROP NOT NULL; ELSE {DROP}"),
        (NO_B, f"IF NOT EXISTS ({HAS_B}) THEN ALTER TABLE o ADD b int; ELSE {DROP}"),
        (NO_B, f"IF NOT EXISTS ({HAS_B}) THEN ALTER TABLE o ADD b int; ELSIF true THEN {DROP}"),
    ],
)
def test_where_one_side_runs_the_others_do_not_whatever_it_does(before: str, block: str) -> None:
    found = judged(f"{before}-- released\n{bare(f'{block} END IF;')}").findings
    assert "dropped-column" not in {each.rule for each in found}


def test_what_comes_after_a_part_that_is_undone_finds_the_schema_as_it_was() -> None:
    undone = tried("ALTER TABLE o DROP COLUMN b; RAISE EXCEPTION 'no';", "others")
    again = "ALTER TABLE o ADD COLUMN IF NOT EXISTS b int NOT NULL;"
    found = judged(f"{BASE}-- released\nSET lock_timeout = '1s';\n{undone}\n{again}").findings
    assert not found


def test_a_handler_that_raises_again_ends_the_migration() -> None:
    raised = tried(f"{DROP} RAISE EXCEPTION 'no';", "others", "RAISE;")
    assert "dropped-column" in {
        each.rule for each in judged(f"{BASE}-- released\n{raised}").findings
    }


PARTED = "CREATE TABLE e (at date) PARTITION BY RANGE (at);\n"
MONTHLY = """DO $$ DECLARE d date := '2026-01-01'; BEGIN
  WHILE d < '2026-04-01' LOOP
    EXECUTE format('{}', 'e_' || d, d, d + 31);
    d := d + 31;
  END LOOP;
END $$;"""
PART = "CREATE TABLE IF NOT EXISTS %I PARTITION OF e FOR VALUES FROM (%L) TO (%L)"


@pytest.mark.needs("postgres")
def test_a_new_partition_may_have_any_name(postgres: str) -> None:
    made = MONTHLY.format(PART)
    found = judged(f"{PARTED}-- released\n{made}")
    assert {each.rule for each in found.findings} == {"missing-lock-timeout"}
    assert found.locks == ("ACCESS EXCLUSIVE on e",)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(PARTED.encode())
        connection.execute(made.encode())
        counted = connection.execute("SELECT count(*) FROM pg_inherits").fetchone()
    assert counted == (3,)


@pytest.mark.parametrize(
    "sql", [PART.replace("FROM (%L)", "FROM (%s)"), "DROP TABLE %I", "ALTER TABLE e RENAME TO %I"]
)
def test_what_more_than_a_name_is_put_into_cannot_be_told(sql: str) -> None:
    found = judged(f"{PARTED}-- released\n{MONTHLY.format(sql)}").findings
    assert "unread-code" in {each.rule for each in found}


def test_a_variable_that_is_made_from_itself_is_not_known() -> None:
    code = f"e := EXISTS ({HAS_B}); e := NOT e; IF NOT e THEN {DROP} END IF;"
    rules = {each.rule for each in judged(f"{BASE}-- released\n{told(code)}").findings}
    assert "dropped-column" in rules
    assert "unread-code" not in rules


def test_a_name_that_the_server_gives_may_be_there_unknown_to_us() -> None:
    text = f"{BASE}-- released\nALTER TABLE o DROP CONSTRAINT IF EXISTS o_b_key;"
    assert "dropped-uniqueness" in {each.rule for each in judged(text).findings}


def test_a_loop_may_do_in_a_later_round_what_it_did_not_do_in_the_first() -> None:
    code = f"FOR i IN 1..2 LOOP IF NOT EXISTS ({HAS_B}) THEN {DROP} END IF; "
    code += "ALTER TABLE o DROP COLUMN IF EXISTS b; END LOOP;"
    found = judged(f"{BASE}-- released\n{bare(code)}").findings
    assert {x.about for x in found if x.rule == "dropped-column"} == {"o.a", "o.b"}
