"""What the body of a trigger does to the row that is written."""

from __future__ import annotations

import pytest

from tests.migrations.judging import RELEASED, judged

SCHEMA = (
    f"CREATE TABLE orders (id bigint PRIMARY KEY, a int, note text);\n{RELEASED}"
    "ALTER TABLE orders ADD COLUMN z int;\n"
)
REWRITES = [
    ("INSERT", "SELECT 'x' INTO NEW.note; RETURN NEW;"),
    ("INSERT", "SELECT 1, 'y' INTO STRICT NEW.z, NEW.note; RETURN NEW;"),
    ("INSERT", "UPDATE orders SET a = 1 WHERE id = 2 RETURNING a INTO NEW.a; RETURN NEW;"),
    ("INSERT", "NEW := jsonb_populate_record(NEW, '{}'); RETURN NEW;"),
    ("INSERT", "IF NEW.z > 1 THEN NEW = ROW(1, 2, 'x', 3); END IF; RETURN NEW;"),
    ("INSERT", "SELECT * INTO NEW FROM orders LIMIT 1; RETURN NEW;"),
    ("INSERT", "FOR NEW IN SELECT * FROM orders LOOP NULL; END LOOP; RETURN NEW;"),
    ("INSERT", "RETURN jsonb_populate_record(NEW, '{}');"),
    ("UPDATE", "RETURN OLD;"),
    ("INSERT", '"new".note := 1; RETURN NEW;'),
    ("INSERT", "NEW.note[1] := 'x'; RETURN NEW;"),
    ("INSERT", "GET DIAGNOSTICS NEW.a = ROW_COUNT; RETURN NEW;"),
]
LEAVES = [
    ("INSERT", "RETURN NEW;"),
    ("INSERT", "IF NEW.a = 5 THEN RAISE NOTICE 'five'; END IF; RETURN NEW;"),
    ("UPDATE", "IF NEW = OLD THEN NULL; END IF; RETURN NEW;"),
    ("INSERT OR DELETE", "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;"),
    ("DELETE", "RETURN OLD;"),
    ("UPDATE OR DELETE", "RETURN COALESCE(NEW, OLD);"),
    ("INSERT", "INSERT INTO log SELECT NEW.*; RETURN NEW;"),
    ("INSERT", "INSERT INTO new VALUES (1); RETURN NEW;"),
    ("INSERT", "SELECT a INTO x FROM orders WHERE id = NEW.id; RETURN NEW;"),
    ("INSERT", "SELECT 1 INTO NEW.z; RETURN NEW;"),
    ("INSERT", "IF NEW.a > 1 THEN NEW.z = 1; ELSE NEW.z = 2; END IF; RETURN NEW;"),
]


def severity(event: str, body: str) -> str:
    """How bad a trigger with a body is, before the rows of an old table are written."""
    text = (
        f"{SCHEMA}CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} END$$;\n"
        f"CREATE TRIGGER t BEFORE {event} ON orders FOR EACH ROW EXECUTE FUNCTION f();"
    )
    (found,) = (each for each in judged(text).findings if each.rule == "changed-trigger")
    return str(found.severity)


@pytest.mark.parametrize(("event", "body"), REWRITES)
def test_what_gives_the_row_another_value_is_seen_however_it_is_said(event: str, body: str) -> None:
    assert severity(event, body) == "medium"


@pytest.mark.parametrize(("event", "body"), LEAVES)
def test_what_only_looks_at_the_row_is_not_taken_for_it(event: str, body: str) -> None:
    assert severity(event, body) == "low"
