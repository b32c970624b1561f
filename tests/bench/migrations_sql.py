"""Made-up migrations for the bench: the mix of statements that real ones have, always the same."""

# ruff: noqa: S608 - this SQL is written into files, and nobody runs it

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

TYPES = ("bigint", "text", "varchar(200)", "timestamptz", "numeric(12, 2)", "boolean", "jsonb")
COLUMNS = ("amount", "status", "note", "created_by", "region", "weight", "position", "payload")


def statements(chance: random.Random) -> Iterator[str]:
    """Yield statements for ever: new tables, then what later migrations do with old ones."""
    number = 0
    while True:
        number += 1
        table = f"app.orders_{number}"
        yield _table(table, chance)
        yield f"CREATE INDEX CONCURRENTLY idx_orders_{number} ON {table} (region, status);\n"
        for make in chance.sample(_MAKERS, 5):
            yield make(f"app.orders_{chance.randint(1, number)}", number, chance)


def _table(table: str, chance: random.Random) -> str:
    columns = ",\n".join(
        f"    {name} {chance.choice(TYPES)}{chance.choice((' NOT NULL', '', ' DEFAULT NULL'))}"
        for name in chance.sample(COLUMNS, 6)
    )
    return (
        f"-- what {table} holds, and why it is not what it was before\n"
        f"CREATE TABLE {table} (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
        f"{columns},\n    created_at timestamptz NOT NULL DEFAULT now()\n);\n"
    )


def _add_column(table: str, number: int, chance: random.Random) -> str:
    return f"ALTER TABLE {table} ADD COLUMN extra_{number} {chance.choice(TYPES)};\n"


def _constraint(table: str, number: int, chance: random.Random) -> str:
    return (
        f"ALTER TABLE {table}\n    ADD CONSTRAINT chk_{number} CHECK (id > {chance.randint(0, 9)}) "
        f"NOT VALID;\nALTER TABLE {table} VALIDATE CONSTRAINT chk_{number};\n"
    )


def _insert(table: str, number: int, chance: random.Random) -> str:
    rows = ",\n".join(
        f"    ('status {i}', 'a note that somebody wrote, {chance.random():.6f}', {number + i})"
        for i in range(chance.randint(1, 20))
    )
    return f"INSERT INTO {table} (status, note, weight) VALUES\n{rows}\nON CONFLICT DO NOTHING;\n"


def _update(table: str, number: int, chance: random.Random) -> str:
    return (
        f"UPDATE {table} SET status = coalesce(status, 'none'), weight = {chance.randint(1, 99)}\n"
        f"WHERE id BETWEEN {number} AND {number + 1000} AND status IS NULL;\n"
    )


def _function(table: str, number: int, chance: random.Random) -> str:
    return (
        f"CREATE FUNCTION app.touch_{number}() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n"
        f"    IF NEW.id > {chance.randint(1, 99)} THEN\n        NEW.created_at := now();\n"
        f"        UPDATE {table} SET note = NEW.note WHERE id = NEW.id;\n    END IF;\n"
        "    RETURN NEW;\nEND;\n$$;\n"
    )


def _view(table: str, number: int, chance: random.Random) -> str:
    return (
        f"CREATE VIEW app.recent_{number} AS\nSELECT o.id, o.created_at, count(*) AS n\n"
        f"FROM {table} o JOIN app.customers c ON c.id = o.id\n"
        f"WHERE o.created_at > now() - interval '{chance.randint(1, 90)} days'\n"
        "GROUP BY o.id, o.created_at;\n"
    )


def _comment(table: str, number: int, chance: random.Random) -> str:
    return f"COMMENT ON TABLE {table} IS 'number {number}, {chance.random():.3f}';\n"


def _drop(table: str, number: int, chance: random.Random) -> str:
    return f"ALTER TABLE {table} DROP COLUMN IF EXISTS {chance.choice(COLUMNS)}_{number};\n"


_MAKERS: tuple[Callable[[str, int, random.Random], str], ...] = (
    _add_column, _constraint, _insert, _insert, _update, _function, _view, _comment, _drop,
)  # fmt: skip


def write_one(path: Path, size: int) -> None:
    """Write one file of about this many bytes."""
    made, length = [], 0
    for statement in statements(random.Random(7)):  # noqa: S311 - made-up SQL, not secrets
        made.append(statement)
        length += len(statement)
        if length >= size:
            break
    path.write_text("".join(made))


def write_many(folder: Path, count: int, each: int) -> None:
    """Write `count` files of `each` statements, named so that they run in order."""
    folder.mkdir(parents=True)
    made = statements(random.Random(7))  # noqa: S311 - as above
    for number in range(1, count + 1):
        path = folder / f"{number:05}_change.sql"
        path.write_text("".join(next(made) for _ in range(each)))
