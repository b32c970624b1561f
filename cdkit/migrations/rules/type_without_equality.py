"""A new column has a type that cannot be compared, and the running version may compare whole rows.

`SELECT DISTINCT *`, `UNION` of `SELECT *` and `GROUP BY` every column fail with "could not identify
an equality operator" as soon as one column is json, xml or point. `jsonb` can be compared.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import quoted
from cdkit.migrations.operation import AddColumn
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule

_UNEQUAL = frozenset({"json", "xml", "point", "polygon", "path", "line", "refcursor"})
"""Types without an operator = of their own in a btree or hash class (pg_amop)."""


def check(operation: AddColumn, context: Context) -> Iterator[Hit]:
    """Flag each such column on a table that was there before the change."""
    table, column = operation.table, operation.column
    if column.type.name not in _UNEQUAL or context.schema.is_new_relation(table):
        return
    name, better = quoted(column.name), "jsonb" if column.type.name == "json" else ""
    yield Hit(
        message=f"adds {table}.{column.name} as {column.type}, which cannot be compared: "
        "SELECT DISTINCT * and UNION of a running version fail",
        about=f"{table}.{column.name}",
        confidence=Confidence.LOW,
        fix=Fix(
            summary="use jsonb, or let the running version name its columns first",
            replacement=f"ALTER TABLE {table.sql} ADD COLUMN {name} jsonb;" if better else "",
        ),
    )


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(AddColumn,),
    check=check,
    instead="Use jsonb, or let the running version name its columns first.",
    bad=(Example(text="ALTER TABLE o ADD COLUMN extra json;", line=1),),
    good=(
        Example(text="ALTER TABLE o ADD COLUMN extra jsonb;"),
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o ADD COLUMN extra json;"),
    ),
    sources=("https://www.postgresql.org/docs/current/datatype-json.html",),
)
