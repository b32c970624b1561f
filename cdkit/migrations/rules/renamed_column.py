"""A column gets another name, which the running version does not know.

Between the migration and the last old instance every query with the old name fails; so does every
one after a roll back. There is no moment at which both versions work.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import RenameColumn
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: RenameColumn, context: Context) -> Iterator[Hit]:
    """Flag each column that was there before the change."""
    table, column, to = operation.table, operation.column, operation.to
    if context.schema.is_new_column(table, column):
        return
    found = context.schema.column(table, column)
    added = f"ADD COLUMN {context.sql(to)} {found.type};" if found else ""
    yield Hit(
        message=f"renames {table}.{column} to {to}: a running version that names it fails",
        about=f"{table}.{column}",
        fix=Fix(
            summary="add the new column, write both, move the reads, and drop the old one in a "
            "later release",
            replacement=f"ALTER TABLE {context.sql(table)} {added}" if added else "",
        ),
    )


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(RenameColumn,),
    check=check,
    instead="Add a column with the new name, fill it, move over, drop the old one later.",
    bad=(
        Example(text="ALTER TABLE orders RENAME COLUMN status TO state;", line=1),
        Example(text="ALTER VIEW open_orders RENAME COLUMN a TO b;", line=1),
    ),
    good=(
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o RENAME COLUMN a TO b;"),
        Example(text="ALTER TABLE orders ADD COLUMN state text;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
