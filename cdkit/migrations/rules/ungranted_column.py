"""A new column comes to a table that a role may read column by column only, and not this one.

`SELECT *`, `RETURNING *` and `COPY table TO` of that role need a right to each column: they work as
long as each has been granted, and fail with "permission denied for table" from the next one on. A
right to the table itself takes in what comes later.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import quoted
from cdkit.migrations.operation import AddColumn
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: AddColumn, context: Context) -> Iterator[Hit]:
    """Flag the first role that could read all columns of the table, and cannot any more."""
    table, column = operation.table, operation.column.name
    old = context.released.table(table)
    if operation.attribute or old is None or not old.known or not old.columns:
        return
    held = context.released.grants.of("table", old.name)
    if not held:
        return
    every = {f"SELECT({each})" for each in old.columns}
    for role, words in sorted(held.items()):
        if "SELECT" in words or not every <= words or column in old.columns:
            continue
        if {"SELECT", f"SELECT({column})"} & context.ahead.end.grants.may(role, "table", old.name):
            continue
        yield Hit(
            message=f"adds {column} to {table}, of which {role} may read each column but this one: "
            "its `SELECT *` fails",
            about=f"{table}.{column}",
            fix=Fix(
                summary="grant it in the same migration",
                replacement=f"GRANT SELECT ({quoted(column)}) ON {table.sql} TO {role};",
            ),
        )
        return


_BASE = "CREATE TABLE o (a int, b int);\nGRANT SELECT {}ON o TO app;\n-- released\n"
_ADDED = "ALTER TABLE o ADD COLUMN c int;"
_GIVEN = f"BEGIN;\n{_ADDED}\nGRANT SELECT (c) ON o TO app;\nCOMMIT;"

RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(AddColumn,),
    check=check,
    instead="GRANT SELECT of the column, or of the table, in the same migration.",
    bad=(Example(text=f"{_BASE.format('(a, b) ')}{_ADDED}", line=4),),
    good=(
        Example(text=f"{_BASE.format('')}{_ADDED}"),
        Example(text=f"{_BASE.format('(a) ')}{_ADDED}"),
        Example(text=f"{_BASE.format('(a, b) ')}{_GIVEN}"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-grant.html",),
)
