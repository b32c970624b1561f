"""All rows of a table go away that the running version may read.

Its queries go on and find nothing; no roll back brings the rows back.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import Truncate, WriteRows
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: Truncate | WriteRows, context: Context) -> Iterator[Hit]:
    """Flag TRUNCATE, and DELETE of all rows, on a table that was there before the change."""
    table = operation.table
    if isinstance(operation, WriteRows) and (operation.guarded or operation.verb != "DELETE"):
        return
    if context.schema.is_new_table(table):
        return
    yield Hit(
        message=f"empties {table}: a running version finds its rows gone",
        about=str(table),
        fix=Fix(
            summary="say which rows: DELETE FROM … WHERE …, after a copy of them is made",
            replacement=later(operation, "code that reads none of these rows"),
        ),
    )


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(Truncate, WriteRows),
    check=check,
    instead="Delete by a condition, in batches, after making a copy.",
    bad=(
        Example(text="TRUNCATE orders, customers;", line=1),
        Example(text="DELETE FROM orders;", line=1),
        Example(text="-- server mysql:8.0\nALTER TABLE orders DISCARD TABLESPACE;", line=2),
    ),
    good=(
        Example(text="DELETE FROM orders WHERE state = 'test';"),
        Example(text="CREATE TABLE o (a int);\nTRUNCATE o;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-truncate.html",),
)
