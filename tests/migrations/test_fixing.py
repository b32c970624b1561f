"""Fixing: what changes no meaning is written into the file, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from cdkit.core.errors import CannotTell
from cdkit.migrations.catalogue import dispatch, rules
from cdkit.migrations.find import read, sources
from cdkit.migrations.fixing import Fixed, fix
from cdkit.migrations.lint import Request, lint
from cdkit.migrations.postgres.parser import parse
from cdkit.migrations.server import server_of
from cdkit.migrations.source import Migration
from cdkit.migrations.text import Rendered, Spot, Text
from tests.migrations.judging import TODAY
from tests.worlds import NoProcesses

PATH = "0002.sql"
HISTORY = (
    "CREATE TABLE orders (id bigint PRIMARY KEY, a int, b bigint, note text);\n"
    "CREATE TABLE parents (id bigint PRIMARY KEY);\n"
    "CREATE TABLE parted (a int) PARTITION BY LIST (a);\n"
    "CREATE INDEX oi ON orders (a);\nCREATE INDEX oj ON orders (b);\n"
)
TASTES = {name for name, rule in rules().items() if rule.opinion}


def request(data: bytes, *, released: bytes | None = None) -> Request:
    before = [structs.replace(each, order=()) for each in read("0001.sql", HISTORY.encode())]
    there = read(PATH, data)
    return Request(
        migrations=[*before, *there],
        change=frozenset({PATH}),
        released={PATH: read(PATH, released)[0]} if released is not None else {},
        apart=False,
        server=server_of("postgres"),
        today=TODAY,
        rules=dispatch(TASTES, "both", "postgres"),
        outside=sources()[there[0].source].outside,
    )


def done(asked: Request) -> Fixed:
    reading = sources()[asked.migrations[-1].source].migrations
    assert reading
    return fix(asked, lint(asked, NoProcesses()), reading, NoProcesses())


def fixed(text: str | bytes, *, released: bytes | None = None) -> bytes:
    """Return the file after fixing."""
    data = text.encode() if isinstance(text, str) else text
    files = done(request(data, released=released)).files
    assert [each.path for each in files] in ([], [PATH])
    return files[0].after if files else data


def left(text: str) -> dict[str, str]:
    """Return why what is left was left, by rule."""
    found = done(request(text.encode())).linted.judged[0].findings
    return {each.rule: each.fix.by_hand for each in found if each.fix and each.fix.by_hand}


DBMATE = "-- migrate:up transaction:false\n"
FIXES: dict[str, tuple[str, str]] = {
    "an index": (
        "CREATE INDEX i ON orders (a);",
        "CREATE INDEX CONCURRENTLY i ON orders (a);",
    ),
    "an index with words around": (
        ("/* INDEX */ CREATE UNIQUE /* x */ INDEX\n  i ON parents (id)"),
        ("/* INDEX */ CREATE UNIQUE /* x */ INDEX CONCURRENTLY\n  i ON parents (id)"),
    ),
    "a drop": (
        "DROP INDEX IF EXISTS oi;",
        "DROP INDEX CONCURRENTLY IF EXISTS oi;",
    ),
    "a rebuild": (
        "REINDEX (VERBOSE) TABLE orders;",
        "REINDEX (VERBOSE) TABLE CONCURRENTLY orders;",
    ),
    "a file of dbmate, whose marker says so": (
        ("-- migrate:up\nCREATE INDEX i ON orders (a);\n-- migrate:down\nDROP INDEX i;\n"),
        (
            "-- migrate:up transaction:false\n"
            "CREATE INDEX CONCURRENTLY i ON orders (a);\n"
            "-- migrate:down\n"
            "DROP INDEX i;\n"
        ),
    ),
    "a file of goose, whose header says so": (
        ("-- +goose Up\nDROP INDEX oi;\nCREATE INDEX i ON orders (a);\n"),
        (
            "-- +goose NO TRANSACTION\n"
            "-- +goose Up\n"
            "DROP INDEX CONCURRENTLY IF EXISTS oi;\n"
            "CREATE INDEX CONCURRENTLY i ON orders (a);\n"
        ),
    ),
    "a file of sql-migrate, whose mark says so": (
        "-- +migrate Up\nCREATE INDEX i ON orders (a);\n-- +migrate Down\nDROP INDEX i;\n",
        (
            "-- +migrate Up notransaction\nCREATE INDEX CONCURRENTLY i ON orders (a);\n"
            "-- +migrate Down\nDROP INDEX i;\n"
        ),
    ),
    "a file of tern, whose first line says so": (
        "CREATE INDEX i ON orders (a);\n---- create above / drop below ----\nDROP INDEX i;\n",
        (
            "---- tern: disable-tx ----\nCREATE INDEX CONCURRENTLY i ON orders (a);\n"
            "---- create above / drop below ----\nDROP INDEX i;\n"
        ),
    ),
    "what was meant to be outside already": (
        ("-- migrate:up\nCREATE INDEX CONCURRENTLY i ON orders (a);\n"),
        ("-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON orders (a);\n"),
    ),
    "a constraint outside a transaction": (
        (
            "-- migrate:up transaction:false\n"
            "SET lock_timeout = '1s';\n"
            "ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0);\n"
            "SELECT 1;\n"
        ),
        (
            "-- migrate:up transaction:false\n"
            "SET lock_timeout = '1s';\n"
            "ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0) NOT VALID;\n"
            "ALTER TABLE orders VALIDATE CONSTRAINT c;\n"
            "SELECT 1;\n"
        ),
    ),
    "a foreign key without a name, at the end of the file": (
        (
            "-- migrate:up transaction:false\n"
            "SET lock_timeout = '1s';\n"
            "ALTER TABLE orders ADD FOREIGN KEY (b) REFERENCES parents (id) ON DELETE CASCADE"
        ),
        (
            "-- migrate:up transaction:false\n"
            "SET lock_timeout = '1s';\n"
            "ALTER TABLE orders ADD CONSTRAINT orders_b_fkey FOREIGN KEY (b) "
            "REFERENCES parents (id) ON DELETE CASCADE NOT VALID;\n"
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_b_fkey;"
        ),
    ),
    "a NOT NULL, by a proof": (
        (
            "-- migrate:up transaction:false\n"
            "SET lock_timeout = '1s';\n"
            "ALTER TABLE orders ALTER a SET NOT NULL;\n"
        ),
        (
            "-- migrate:up transaction:false\n"
            "SET lock_timeout = '1s';\n"
            "ALTER TABLE orders ADD CONSTRAINT orders_a_is_set CHECK (a IS NOT NULL) NOT VALID;\n"
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_a_is_set;\n"
            "ALTER TABLE orders ALTER a SET NOT NULL;\n"
            "ALTER TABLE orders DROP CONSTRAINT orders_a_is_set;\n"
        ),
    ),
    "a timeout": (
        "ALTER TABLE orders ADD COLUMN z int;\n",
        ("SET lock_timeout = '2s';\nALTER TABLE orders ADD COLUMN z int;\n"),
    ),
    "a timeout of the tool's transaction alone": (
        ("-- migrate:up\nALTER TABLE orders ADD COLUMN z int;\n"),
        ("-- migrate:up\nSET LOCAL lock_timeout = '2s';\nALTER TABLE orders ADD COLUMN z int;\n"),
    ),
    "a timeout above what is allowed, below a header": (
        (
            "-- the header\n"
            "-- cdkit: allow dropped-column (nobody reads it)\n"
            "ALTER TABLE orders DROP COLUMN a;\n"
        ),
        (
            "-- the header\n"
            "SET lock_timeout = '2s';\n"
            "-- cdkit: allow dropped-column (nobody reads it)\n"
            "ALTER TABLE orders DROP COLUMN a;\n"
        ),
    ),
    "a timeout above what is allowed, with an empty line between": (
        "-- cdkit: allow dropped-column (nobody reads it)\n\nALTER TABLE orders DROP COLUMN a;\n",
        (
            "SET lock_timeout = '2s';\n"
            "-- cdkit: allow dropped-column (nobody reads it)\n"
            "\nALTER TABLE orders DROP COLUMN a;\n"
        ),
    ),
    "a timeout within a line": (
        "BEGIN; ALTER TABLE orders ADD COLUMN z int; COMMIT;",
        ("BEGIN; SET lock_timeout = '2s'; ALTER TABLE orders ADD COLUMN z int; COMMIT;"),
    ),
    "what could not be done again": (
        (
            "-- migrate:up transaction:false\n"
            "CREATE TABLE z (a int);\n"
            "DROP INDEX CONCURRENTLY oi;\n"
            "SELECT 1;\n"
        ),
        (
            "-- migrate:up transaction:false\n"
            "CREATE TABLE IF NOT EXISTS z (a int);\n"
            "DROP INDEX CONCURRENTLY IF EXISTS oi;\n"
            "SELECT 1;\n"
        ),
    ),
}


@pytest.mark.parametrize(("before", "after"), FIXES.values(), ids=FIXES)
def test_a_fix_is_written(before: str, after: str) -> None:
    assert fixed(before).decode() == after


@pytest.mark.parametrize(("before", "after"), FIXES.values(), ids=FIXES)
def test_a_second_run_finds_nothing_to_fix(before: str, after: str) -> None:
    assert before
    assert fixed(after).decode() == after


WITH_CR = {name: each for name, each in FIXES.items() if "tern" not in name}


def test_a_mark_that_tern_would_not_find_is_not_written() -> None:
    before, _ = FIXES["a file of tern, whose first line says so"]
    for text in (before.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + before.encode()):
        assert b"disable-tx" not in fixed(text)
        assert b"CONCURRENTLY" not in fixed(text)


@pytest.mark.parametrize(("before", "after"), WITH_CR.values(), ids=WITH_CR)
def test_line_ends_and_a_byte_order_mark_stay(before: str, after: str) -> None:
    marked = any(x in before for x in ("goose", "migrate:", "+migrate"))  # these know no such mark
    mark = b"" if marked else b"\xef\xbb\xbf"
    there = fixed(mark + before.replace("\n", "\r\n").encode())
    assert there.startswith(mark)
    if "\n" in before:
        assert there[len(mark) :].decode().replace("\r\n", "\n") == after
        assert not re.search(rb"(?<!\r)\n", there)


LEFT = {
    "CREATE INDEX i ON orders (a);\nSELECT 1;": ("blocking-index", "of its own"),
    "BEGIN;\nCREATE INDEX i ON orders (a);\nCOMMIT;": ("blocking-index", "own BEGIN"),
    "-- migrate:up\nCREATE INDEX i ON orders (a);\nDROP TABLE parents;": (
        "blocking-index", "of its own"
    ),
    "-- migrate:up\nCREATE INDEX i ON orders (a);\n-- migrate:down\nDROP INDEX i;\nSELECT 1;": (
        "blocking-index", "of its own"
    ),
    "-- migrate:up transaction:true\nCREATE INDEX i ON orders (a);": (
        "blocking-index", "in a transaction"
    ),
    "CREATE INDEX i ON parted (a);": ("blocking-index", "partition"),
    "CREATE INDEX CONCURRENTLY i ON orders (a);\nALTER TABLE orders ADD COLUMN z int;": (
        "missing-lock-timeout", "leaves an invalid index"
    ),
    "DROP INDEX oi, oj;": ("blocking-index-drop", "one index at a time"),
    "ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0);": (
        "blocking-constraint", "later migration"
    ),
    "DO $$ BEGIN CREATE INDEX i ON orders (a); END $$;": ("blocking-index", "block of code"),
    "CREATE INDEX i ON orders (a);\nCREATE TABEL x;": ("blocking-index", "can be read"),
    f"{DBMATE}ALTER TABLE nowhere ADD CHECK (a > 0);": ("blocking-constraint", "no name"),
    f"{DBMATE}ALTER TABLE parted ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES parents (id);": (
        "blocking-constraint", "partitioned"
    ),
    f"{DBMATE}ALTER TABLE orders ADD COLUMN z int, ALTER z SET NOT NULL;": (
        "blocking-not-null", "more than this"
    ),
    f"{DBMATE}ALTER TABLE nowhere ALTER z SET NOT NULL;": (
        "blocking-not-null", "no migration here"
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", LEFT)
def test_what_is_left_is_left_with_a_reason(text: str) -> None:
    rule, why = LEFT[text]
    assert why in left(text)[rule]
    again = fixed(text).decode()
    assert again.count("CONCURRENTLY") == text.count("CONCURRENTLY")
    assert "NOT VALID" not in again


def test_a_schema_is_not_rebuilt_concurrently() -> None:
    assert fixed("REINDEX SCHEMA public;") == b"REINDEX SCHEMA public;"


def test_a_released_file_is_left_as_it_is() -> None:
    text = b"CREATE INDEX i ON orders (a);"
    assert fixed(text + b"\nCREATE INDEX j ON orders (b);", released=text).count(b"CONC") == 0


def test_what_a_tool_rendered_is_left_as_it_is() -> None:
    asked = request(b"CREATE INDEX i ON orders (a);")
    *before, last = asked.migrations
    text = Rendered(PATH, last.text.data, [Spot(0, 7, column=1)])
    made = structs.replace(last, text=text, written=Text(PATH, b"op.create_index('i')"))
    found = done(structs.replace(asked, migrations=[*before, made]))
    assert found.files == ()
    (finding, *_) = found.linted.judged[0].findings
    assert finding.fix
    assert "rendered" in finding.fix.by_hand


def test_a_rule_that_is_off_mends_nothing() -> None:
    asked = request(b"CREATE INDEX i ON orders (a);")
    reading = sources()["plain"].migrations
    assert reading
    passed = frozenset({"blocking-index", "missing-lock-timeout"})
    found = fix(asked, lint(asked, NoProcesses()), reading, NoProcesses(), passed=passed)
    assert found.files == ()


def test_a_fix_that_would_find_more_is_not_made() -> None:
    """A source that reads its own file otherwise after the edit: nothing is written."""

    def reading(path: str, data: bytes) -> tuple[Migration, ...]:
        return read(path, data + b"\nDROP TABLE parents;")

    asked = request(b"CREATE INDEX i ON orders (a);")
    found = fix(asked, lint(asked, NoProcesses()), reading, NoProcesses())
    assert found.files == ()
    assert found.notes == (f"{PATH}: its fixes were not made, since more is found after them",)


PIECES = st.sampled_from(
    [
        "CREATE INDEX i ON orders (a);", "DROP INDEX oi;", "REINDEX TABLE orders;",
        "ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0);", "BEGIN;", "COMMIT;",
        "ALTER TABLE orders ALTER a SET NOT NULL;", "-- é\n", "/* ' */", "SELECT ';';",
        "-- migrate:up\n", "-- +goose Up\n", "-- migrate:down\n", "-- cdkit: allow x (y)\n",
        "DO $$ BEGIN DROP INDEX oi; END $$;", "ALTER TABLE orders ADD z int, ADD CHECK (z > 0);",
        "\n", "\r\n", " ", ";", "'", "$$", "\\i x\n", "\0", "ALTER TABLE orders DROP COLUMN a",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=9))
def test_whatever_stands_in_a_file_the_rest_of_it_stays_and_a_second_run_does_nothing(
    pieces: list[str],
) -> None:
    data = "".join(pieces).encode()
    try:
        after = fixed(data)
    except CannotTell:
        return  # two tools claim it
    rest = iter(after)
    assert all(byte in rest for byte in data)
    assert fixed(after) == after


@pytest.fixture
def databases(postgres: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield connection


SHAPE = """
SELECT 'column', attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull
FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid >= 16384
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated
FROM pg_constraint WHERE conrelid >= 16384
UNION ALL
SELECT 'index', indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid),
    indisvalid
FROM pg_index WHERE indrelid >= 16384
ORDER BY 1, 2, 3
"""


@pytest.mark.needs("postgres")
@pytest.mark.parametrize("before", [before for before, _ in FIXES.values()], ids=FIXES)
def test_a_fixed_migration_ends_in_the_same_schema(
    before: str, databases: psycopg.Connection
) -> None:
    shapes = []
    for text in (before, fixed(before).decode()):
        databases.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public;")
        for statement in _statements(HISTORY) + _statements(text.partition("-- migrate:down")[0]):
            databases.execute(statement.encode())
        rows = databases.execute(SHAPE.encode()).fetchall()
        shapes.append([row for row in rows if not row[1].startswith("pg_toast")])
    assert shapes[0] == shapes[1]
    assert shapes[0]


def _statements(text: str) -> list[str]:
    parsed = parse(Text("t.sql", text.encode()), NoProcesses())
    return [statement.source for statement in parsed.statements]
