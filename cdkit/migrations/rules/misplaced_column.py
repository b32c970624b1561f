"""A column comes in before others, or moves.

`SELECT *` gives the columns in another order: code that reads them by their place reads others, and
`INSERT` without a list of columns writes into others.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.anew import ChangeColumn
from cdkit.migrations.operation import AddColumn
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: AddColumn | ChangeColumn, context: Context) -> Iterator[Hit]:
    """Flag each with FIRST or AFTER on a table that was there before, unless it comes last."""
    schema, table = context.schema, operation.table
    place = operation.place
    added = isinstance(operation, AddColumn)
    column = operation.column.name if isinstance(operation, AddColumn) else operation.new.name
    if not place or schema.is_new_table(table):
        return
    found = schema.table(table)
    if added and found and list(found.columns)[-1:] == [place]:
        return
    moved = not added and not schema.is_new_column(table, column)
    yield Hit(
        message=f"puts {table}.{column} {place if place == 'FIRST' else f'after {place}'}: who "
        "reads or writes by the place of columns meets others",
        about=f"{table}.{column}",
        severity=Severity.MEDIUM if moved else None,
        fix=Fix(
            summary="put it last, or see that no version uses `SELECT *` by place",
            replacement=later(operation, "code that names its columns"),
        ),
    )


RULE = LintRule(
    severity=Severity.LOW,
    question=COMPATIBLE,
    engines=("mysql", "mariadb"),
    on=(AddColumn, ChangeColumn),
    check=check,
    instead="Put new columns last.",
    bad=(
        Example(text="-- server mysql:8.0\nALTER TABLE o ADD a int FIRST;", line=2),
        Example(text="-- server mysql:8.0\nALTER TABLE o MODIFY a int AFTER b;", line=2),
    ),
    good=(
        Example(text="-- server mysql:8.0\nALTER TABLE o ADD a int;"),
        Example(
            text="-- server mysql:8.0\nCREATE TABLE o (a int);\n-- released\n"
            "ALTER TABLE o ADD b int AFTER a;"
        ),
    ),
    sources=("https://dev.mysql.com/doc/refman/8.4/en/alter-table.html",),
)
