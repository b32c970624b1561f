"""A new column counts in 32 bits or less, and the day comes when it is full.

Widening it later rewrites the table under a lock. A matter of taste: many columns stay small.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import AddColumn, CreateTable, columns_of
from cdkit.migrations.otherwise import redefined
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: CreateTable | AddColumn, context: Context) -> Iterator[Hit]:
    """Flag each new column of such a type."""
    del context
    for column in columns_of(operation):
        if column.type.name in {"int2", "int4"} and not column.type.array:
            yield Hit(
                message=f"{operation.table}.{column.name} is {column.type}, which ends at a "
                "number that a busy table reaches",
                about=f"{operation.table}.{column.name}",
                fix=Fix(
                    summary="make it bigint",
                    replacement=redefined(operation, column, "bigint"),
                ),
            )


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    opinion=True,
    engines=("postgres",),
    on=(CreateTable, AddColumn),
    check=check,
    instead="Make it bigint.",
    bad=(
        Example(text="CREATE TABLE o (id int);", line=1),
        Example(text="CREATE TABLE o (id serial);", line=1),
        Example(text="ALTER TABLE o ADD COLUMN n smallint;", line=1),
    ),
    good=(Example(text="CREATE TABLE o (id bigint);"),),
    sources=("https://www.postgresql.org/docs/current/datatype-numeric.html",),
)
