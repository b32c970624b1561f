"""A column may be null from now on, and the running version may not expect that.

Nothing fails until somebody writes a null: then readers of the old version meet it.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import DropNotNull
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: DropNotNull, context: Context) -> Iterator[Hit]:
    """Say so for each column that was there before the change."""
    table, column = operation.table, operation.column
    if not context.schema.is_new_column(table, column):
        yield Hit(
            message=f"lets {table}.{column} be null: a running version may not expect that",
            about=f"{table}.{column}",
            fix=Fix(
                summary="write nulls only after every running version can read them",
                replacement=later(operation, "a version that can read null there"),
            ),
        )


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    on=(DropNotNull,),
    check=check,
    instead="Write nulls only after every running version can read them.",
    bad=(Example(text="ALTER TABLE orders ALTER COLUMN note DROP NOT NULL;", line=1),),
    good=(Example(text="CREATE TABLE o (a int NOT NULL);\nALTER TABLE o ALTER a DROP NOT NULL;"),),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
