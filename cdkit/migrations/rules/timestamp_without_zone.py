"""A new column is a `timestamp` that does not say in which zone.

What is written into it means another instant to a session in another zone. A matter of taste.
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
        if column.type.name == "timestamp":
            yield Hit(
                message=f"{operation.table}.{column.name} is a timestamp without a time zone: "
                "sessions in two zones read two instants",
                about=f"{operation.table}.{column.name}",
                fix=Fix(
                    summary="make it timestamptz",
                    replacement=redefined(operation, column, "timestamptz"),
                ),
            )


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    opinion=True,
    engines=("postgres",),
    on=(CreateTable, AddColumn),
    check=check,
    instead="Make it timestamptz.",
    bad=(Example(text="CREATE TABLE o (made timestamp);", line=1),),
    good=(Example(text="CREATE TABLE o (made timestamptz);"),),
    sources=("https://www.postgresql.org/docs/current/datatype-datetime.html",),
)
