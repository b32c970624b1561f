"""What findings carry to be pasted runs on a real server, and leads to what was asked for."""

from __future__ import annotations

import psycopg
import pytest

from cdkit.migrations.postgres.parser import parse
from cdkit.migrations.text import Text
from tests.migrations.judging import RELEASED, judged
from tests.parts.postgres import Server
from tests.worlds import NoProcesses

pytestmark = pytest.mark.needs("postgres")

HISTORY = """CREATE TABLE parents (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint PRIMARY KEY, a int, b int, note text, state varchar(9) NOT NULL DEFAULT 'new');
CREATE SCHEMA apart;
CREATE TABLE apart.loose (a int, b int NOT NULL);
CREATE DOMAIN posint AS int CHECK (VALUE > 0);
CREATE TABLE held (n posint);
CREATE TABLE events (at date NOT NULL, x bigint) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
CREATE TABLE events_2 (at date NOT NULL, x bigint);
CREATE TABLE kinds (k text, x int) PARTITION BY LIST (k);
CREATE TABLE kinds_1 (k text, x int);
INSERT INTO parents VALUES (1);
INSERT INTO orders VALUES (1, 1, 1, 'n'), (2, 2, NULL, 'm');
INSERT INTO apart.loose VALUES (1, 1);
INSERT INTO events VALUES ('2024-05-05', 1);
INSERT INTO kinds_1 VALUES ('it''s', 1);
"""
WAYS = {
    "ALTER TABLE orders ADD CHECK (a > 0);": "blocking-constraint",
    "ALTER TABLE orders ADD FOREIGN KEY (b) REFERENCES parents (id);": "blocking-constraint",
    "ALTER TABLE orders ADD UNIQUE (a);": "blocking-constraint",
    "ALTER TABLE orders ADD UNIQUE (a) DEFERRABLE INITIALLY DEFERRED;": "blocking-constraint",
    'ALTER TABLE orders ADD CONSTRAINT "a key" UNIQUE NULLS NOT DISTINCT (a, b) INCLUDE (note) '
    "WITH (fillfactor = 70) USING INDEX TABLESPACE pg_default;": "blocking-constraint",
    "ALTER TABLE apart.loose ADD PRIMARY KEY (a, b);": "blocking-constraint",
    "ALTER TABLE orders ADD COLUMN u int UNIQUE DEFERRABLE;": "blocking-constraint",
    "ALTER TABLE events ADD CONSTRAINT k PRIMARY KEY (at);": "blocking-constraint",
    "ALTER TABLE events ADD UNIQUE (at, x);": "blocking-constraint",
    "ALTER TABLE events ADD FOREIGN KEY (x) REFERENCES parents (id);": "blocking-constraint",
    "CREATE UNIQUE INDEX CONCURRENTLY i ON events (at, x) WHERE x > 0 -- few\n;": "refused-form",
    "ALTER TABLE events ADD FOREIGN KEY (x) REFERENCES parents (id) NOT VALID;": "refused-form",
    "CREATE UNIQUE INDEX i ON ONLY events (at, x);\n"
    "ALTER TABLE events ADD CONSTRAINT k UNIQUE USING INDEX i;": "refused-form",
    "ALTER TABLE orders RENAME COLUMN state TO status;": "renamed-column",
    "CREATE INDEX /* index */ i ON orders (a) -- for the list\n;": "blocking-index",
    "ALTER TABLE orders ADD COLUMN u uuid NOT NULL DEFAULT gen_random_uuid();": "volatile-default",
    "ALTER TABLE orders ADD COLUMN n bigserial;": "volatile-default",
    "ALTER TABLE events ATTACH PARTITION events_2 "
    "FOR VALUES FROM ('2025-01-01') TO (MAXVALUE);": "unproven-partition",
    "CREATE TABLE events_3 PARTITION OF events "
    "FOR VALUES FROM (MINVALUE) TO ('2020-01-01');": "unproven-partition",
    "ALTER TABLE kinds ATTACH PARTITION kinds_1 "
    "FOR VALUES IN ('it''s', 'so, so');": "unproven-partition",
}
REFUSED = [change for change, rule in WAYS.items() if rule == "refused-form"]
TAKEN = dict(
    zip(
        REFUSED,
        (
            "CREATE UNIQUE INDEX i ON events (at, x) WHERE x > 0;",
            "ALTER TABLE events ADD FOREIGN KEY (x) REFERENCES parents (id);",
            "ALTER TABLE events ADD CONSTRAINT k UNIQUE (at, x);",
        ),
        strict=True,
    )
)
"""What the server takes in place of what it refuses."""
SHAPE = """
SELECT format('%s %s %s', conrelid::regclass, convalidated, pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype <> 'n' AND conrelid <> 0
UNION ALL SELECT regexp_replace(indexdef, 'INDEX .* ON', 'INDEX ON')
FROM pg_indexes WHERE schemaname IN ('public', 'apart')
UNION ALL SELECT format(
    '%s %s %s %s %s', attrelid::regclass, attname, attnotnull, atthasdef,
    format_type(atttypid, atttypmod))
FROM pg_attribute JOIN pg_class k ON k.oid = attrelid
WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p')
AND relnamespace::regnamespace::text IN ('public', 'apart')
UNION ALL SELECT inhrelid::regclass::text
FROM pg_inherits JOIN pg_class k ON k.oid = inhrelid WHERE relkind = 'r'
ORDER BY 1
"""
"""What there is, whatever a partition's index and constraint are called."""


def carried(change: str, rule: str, server: str) -> str:
    """What the first finding of a rule carries."""
    found = judged(f"{HISTORY}{RELEASED}{change}", server=server).findings
    fix = next(each.fix for each in found if each.rule == rule)
    assert fix
    return fix.replacement


def shape_after(server: Server, text: str) -> list[tuple[str]]:
    """Run the history and a text, a statement at a time; return what there is then."""
    name = server.new_database()
    try:
        with psycopg.connect(server.dsn(name), autocommit=True) as connection:
            connection.execute(HISTORY)
            for each in parse(Text("0002.sql", text.encode()), NoProcesses()).statements:
                connection.execute(each.source.encode())
            return connection.execute(SHAPE).fetchall()
    finally:
        server.drop(name)


@pytest.mark.parametrize("change", WAYS)
def test_the_safe_way_ends_where_the_migration_would(postgres_server: Server, change: str) -> None:
    said = carried(change, WAYS[change], "postgres:15")
    assert said
    change = TAKEN.get(change, change)
    assert shape_after(postgres_server, said) == shape_after(postgres_server, change)


def test_a_domain_says_what_it_asks_behind_a_comment_too(postgres_server: Server) -> None:
    change = "ALTER DOMAIN posint ADD CONSTRAINT c CHECK (VALUE < 9) -- small\n;"
    said = carried(change, "scanning-domain", "postgres:15")
    assert said == "ALTER DOMAIN posint ADD CONSTRAINT c CHECK (VALUE < 9) -- small\n NOT VALID;"
    assert shape_after(postgres_server, said)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("ALTER TABLE orders ADD COLUMN n posint DEFAULT 1;", "volatile-default"),
        ("ALTER TABLE kinds ATTACH PARTITION kinds_1 FOR VALUES IN (NULL);", "unproven-partition"),
    ],
)
def test_what_no_statement_can_say_is_not_said(change: str, rule: str) -> None:
    assert not carried(change, rule, "postgres:15")


def test_a_long_constraint_that_nobody_reads_here_is_not_said() -> None:
    columns = ", ".join(f"a_long_name_of_a_column_{number}" for number in range(40))
    change = f"ALTER TABLE orders ADD CONSTRAINT c UNIQUE ({columns}) /* odd */ INCLUDE (note);"
    assert not carried(change, "blocking-constraint", "postgres:15")
