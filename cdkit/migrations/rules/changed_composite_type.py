"""A composite type gets another attribute, and rows that are written out no longer fit it.

`ROW(1, 'EUR')::money_pair` of the running version fails: it has too few columns. Drivers that map
the type to a class of their own read one value more than they know.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import AddColumn
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: AddColumn, context: Context) -> Iterator[Hit]:
    """Flag each attribute of a type that was there before the change."""
    if not operation.attribute or context.schema.is_new_thing(operation.table):
        return
    yield Hit(
        message=f"adds {operation.column.name} to the type {operation.table}: a running version "
        "that writes its values out as rows fails",
        about=str(operation.table),
        fix=Fix(
            summary="make a second type, and move column by column, release by release",
            replacement=later(operation, "code that writes no row of the type as a whole"),
        ),
    )


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(AddColumn,),
    check=check,
    instead="Make a second type, and move column by column, release by release.",
    bad=(Example(text="ALTER TYPE money_pair ADD ATTRIBUTE rate numeric;", line=1),),
    good=(
        Example(text="CREATE TYPE p AS (a int);\nALTER TYPE p ADD ATTRIBUTE b int;"),
        Example(text="ALTER TABLE orders ADD COLUMN rate numeric;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertype.html",),
)
