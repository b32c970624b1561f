"""A new column is `varchar(n)`: a limit that the next release may find too tight.

`text` with a CHECK takes no more room, and its limit can be changed without the type. A matter of
taste.
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
        if column.type.name == "varchar" and column.type.modifiers:
            yield Hit(
                message=f"{operation.table}.{column.name} is {column.type}: the limit is part of "
                "the type",
                about=f"{operation.table}.{column.name}",
                fix=Fix(
                    summary="make it text, with a CHECK where there must be a limit",
                    replacement=redefined(operation, column, "text"),
                ),
            )


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    opinion=True,
    engines=("postgres",),
    on=(CreateTable, AddColumn),
    check=check,
    instead="Make it text, with a CHECK where there must be a limit.",
    bad=(
        Example(text="CREATE TABLE o (name varchar(20));", line=1),
        Example(text="ALTER TABLE o ADD COLUMN name varchar(20);", line=1),
    ),
    good=(Example(text="CREATE TABLE o (name text CHECK (length(name) <= 20), more varchar);"),),
    sources=("https://www.postgresql.org/docs/current/datatype-character.html",),
)
