"""Ways back on a real server: the schema is what it was exactly where nothing is said of them."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from cdkit.core.rule import Example
from cdkit.migrations.catalogue import rules
from cdkit.migrations.postgres.parser import parse
from cdkit.migrations.text import Text
from tests.migrations.judging import RELEASED, judged
from tests.migrations.test_back import DISHONEST, HONEST, TABLE
from tests.worlds import NoProcesses

pytestmark = pytest.mark.needs("postgres")

CATALOGUE = {
    "tables": "SELECT oid::regclass::text, relkind, relrowsecurity FROM pg_class c "
    "WHERE relkind IN ('r', 'v', 'i', 'S') AND {ours}",
    "columns": "SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), "
    "attnotnull, attidentity, attgenerated, pg_get_expr(adbin, adrelid) FROM pg_attribute a "
    "JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid "
    "AND adnum = attnum WHERE attnum > 0 AND NOT attisdropped AND {ours}",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(o.oid), "
    "convalidated FROM pg_constraint o JOIN pg_class c ON c.oid = conrelid "
    "WHERE contype <> 'n' AND {ours}",
    "indexes": "SELECT pg_get_indexdef(c.oid) FROM pg_class c WHERE relkind = 'i' AND {ours}",
    "views": "SELECT pg_get_viewdef(c.oid) FROM pg_class c WHERE relkind = 'v' AND {ours}",
    "triggers": "SELECT tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t "
    "JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal AND {ours}",
    "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "types": "SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace "
    "AND typtype = 'e'",
    "schemas": "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'",
}
OURS = "c.relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^(pg_|information_)')"
FUNCTION = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';\n"
TRIGGER = "CREATE TRIGGER t AFTER INSERT ON orders EXECUTE FUNCTION f();\n"
PLAIN = "CREATE TABLE orders (id bigint, note text, old text);\n"


@pytest.fixture
def connection(postgres: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres, autocommit=True) as opened:
        yield opened


def catalogue(connection: psycopg.Connection) -> dict[str, list[tuple[object, ...]]]:
    """All of the schema that the model holds, and the order of nothing."""
    return {
        name: sorted(connection.execute(query.format(ours=OURS).encode()).fetchall(), key=repr)
        for name, query in CATALOGUE.items()
    }


def runs(connection: psycopg.Connection, text: str) -> bool:
    """Run each statement; say whether all of them did."""
    parsed = parse(Text("t.sql", text.encode()), NoProcesses())
    try:
        for statement in parsed.statements:
            connection.execute(statement.source.encode())
    except psycopg.Error:
        return False
    return not parsed.troubles


def undone(connection: psycopg.Connection, history: str, up: str, down: str) -> bool:
    """Say whether a migration and its way back leave the schema as it was."""
    assert runs(connection, history)
    before = catalogue(connection)
    assert runs(connection, up)
    return runs(connection, down) and catalogue(connection) == before


def named_liar(history: str, up: str, down: str) -> bool:
    text = f"{history}{RELEASED}-- migrate:up\n{up}\n-- migrate:down\n{down}\n"
    return "dishonest-down" in {each.rule for each in judged(text).findings}


PAIRS = [
    (up, down) for up, down in (*HONEST.items(), *DISHONEST) if "unknown" not in up
]  # fmt: skip


@pytest.mark.parametrize(("up", "down"), PAIRS)
def test_a_way_back_is_called_dishonest_exactly_where_the_server_finds_a_difference(
    up: str, down: str, connection: psycopg.Connection
) -> None:
    history = TABLE.removesuffix(RELEASED)
    if "FUNCTION f()" in up and "CREATE FUNCTION" not in up:
        history += FUNCTION
    if up.startswith("DROP TRIGGER"):
        history += FUNCTION + TRIGGER
    assert named_liar(history, up, down) != undone(connection, history, up, down)


EXAMPLES = [
    example
    for name in ("dishonest-down", "lossy-down", "empty-down")
    for example in (*rules()[name].bad, *rules()[name].good)
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.text[-60:])
def test_an_example_undoes_on_the_server_exactly_where_it_is_said_to(
    example: Example, connection: psycopg.Connection
) -> None:
    history, _, change = example.text.rpartition(RELEASED)
    up, _, down = change.partition("-- migrate:down\n")
    up = up.replace("\nUPDATE orders SET a = 1 WHERE a IS NULL;", "\nSELECT 1;")
    found = {each.rule for each in judged(example.text).findings}
    says_no = bool(found & {"dishonest-down", "empty-down"}) or "irreversible" in down
    assert says_no != undone(connection, history or PLAIN, up, down)
