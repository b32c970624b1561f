"""What is read from JSON that libpg_query wrote is what its trees say, wherever they stand."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cdkit.core.doors.process import SystemProcesses
from cdkit.migrations import operation as op
from cdkit.migrations.nouns import Name, Query
from cdkit.migrations.operation import Operation
from cdkit.migrations.postgres.parser import parse, statements_of
from cdkit.migrations.postgres.prints import fingerprint, placeless
from cdkit.migrations.postgres.read import operations
from cdkit.migrations.text import Text

PLACES = {"location", "list_start", "list_end", "rexpr_list_start", "rexpr_list_end"}
EXPRESSIONS = (
    "now()",
    "a > 0 AND b <> 'x'",
    r"'\u003c' || a < b",
    r"E'one\n\\two' >= c",
    r'"q""\u003e"."b\" = 2',
    """',"location":5' || '"location":7,' || a""",
    "'list_start' || a",
    "a IN (1, 2) OR b @> ARRAY[3, 4]",
    "CURRENT_USER = 'café' OR $1 IS NULL OR $0 > 1",
    "(SELECT max(x) FROM s.t AS y WHERE y.a < 1)",
)


def without_places(tree: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(tree, list):
        return [without_places(each) for each in tree]
    if isinstance(tree, dict):
        return {key: without_places(each) for key, each in tree.items() if key not in PLACES}
    return tree


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_without_places_is_the_same_whoever_wrote_it(expression: str) -> None:
    ((_, here),) = statements_of(f"SELECT {expression}".encode())
    ((_, there),) = statements_of(f"SELECT\n  /* further on */ {expression}".encode())
    tree = msgspec.json.decode(here)
    assert placeless(here) == msgspec.json.encode(without_places(tree))
    assert placeless(there) == placeless(here) == fingerprint(tree).encode()


def done(sql: str) -> list[Operation]:
    parsed = parse(Text("m.sql", sql.encode()), SystemProcesses())
    assert not parsed.troubles
    return [each for statement in parsed.statements for each in operations(statement)]


def query(sql: str) -> Query:
    (made,) = done(f"CREATE VIEW v AS {sql}")
    assert isinstance(made, op.CreateObject)
    assert made.query
    return made.query


def test_a_query_names_its_sources_in_order_wherever_they_stand() -> None:
    found = query(
        'SELECT a, (SELECT 1 FROM "in}side" LIMIT 1) AS b FROM "s""{".t AS x(a, c), u '
        """JOIN (SELECT * FROM pg_temp."w\\") z ON z.d = '"RangeVar":{"relname":"none"}' """
        "WHERE EXISTS (SELECT FROM last)"
    )
    names = [("", "in}side"), ('s"{', "t"), ("", "u"), ("pg_temp", "w\\"), ("", "last")]
    assert found.sources == tuple(Name(*each) for each in names)
    assert '"schemaname"' not in found.rest


def test_what_one_table_is_called_in_a_query_is_no_part_of_it() -> None:
    plain = query("SELECT a, b::text FROM s.t WHERE c > 1 ORDER BY d")
    called = 'SELECT "x"".".a, "x"".".b::text FROM s.t "x""." WHERE "x"".".c > 1 ORDER BY d'
    assert query(called) == plain
    assert query(called.replace("> 1", ">= 1")) != plain


@pytest.mark.parametrize(
    "name",
    [
        "t", "s.t", "ONLY s . t", '"a.b"."c""d"', 's /* . */ . -- "\n "t"', "s./**/t /* ADD */",
        "t *", "t -- ADD\n", "t/* */* ", 'U&"d\\0061t"', "IF EXISTS t\t",
    ],
)  # fmt: skip
@pytest.mark.parametrize("clauses", ["ADD COLUMN x int", "ADD COLUMN x int, ADD COLUMN y int"])
def test_the_first_clause_of_an_alter_table_stands_behind_the_name(name: str, clauses: str) -> None:
    sql = f"SELECT 1;\n ALTER TABLE {name} {clauses}"
    assert done(sql)[1].at == len(sql) - len(clauses)


def test_columns_that_are_written_alike_keep_their_own_places() -> None:
    sql = "CREATE TABLE a (x int CHECK (x > 0) DEFAULT 0, y int CHECK (x > 0) DEFAULT 0)"
    (made,) = done(sql)
    assert isinstance(made, op.CreateTable)
    first, second = (column.constraints[0] for column in made.columns)
    assert (first.at, second.at) == (sql.index("CHECK"), sql.rindex("CHECK"))
    assert first.expression == second.expression
    assert made.columns[0].default == made.columns[1].default
