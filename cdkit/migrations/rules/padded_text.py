"""A new column is `char(n)`: what is shorter is filled up with blanks, which comparisons pass over.

It takes more room than `text`, and is no faster. A matter of taste.
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
        if column.type.name == "bpchar":
            yield Hit(
                message=f"{operation.table}.{column.name} is char: what is shorter is filled "
                "up with blanks",
                about=f"{operation.table}.{column.name}",
                fix=Fix(
                    summary="make it text",
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
    instead="Make it text.",
    bad=(Example(text="CREATE TABLE o (code char(4));", line=1),),
    good=(Example(text="CREATE TABLE o (code text);"),),
    sources=("https://www.postgresql.org/docs/current/datatype-character.html",),
)
