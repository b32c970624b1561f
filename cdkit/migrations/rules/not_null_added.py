"""A column must not be null any more, and the running version may write null.

Its inserts without the column, and its updates to null, are refused. A CHECK that is validated
first makes this safe to run, not compatible: the old version writes null all the same.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import AddConstraint, SetNotNull
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: SetNotNull | AddConstraint, context: Context) -> Iterator[Hit]:
    """Flag each column of a table that was there before the change."""
    table = operation.table
    if context.schema.is_new_table(table):
        return
    if isinstance(operation, SetNotNull):
        columns: tuple[str, ...] = (operation.column,)
    else:
        constraint = operation.constraint
        columns = constraint.columns if constraint.kind == "not null" else ()
    for column in columns:
        found = context.schema.column(table, column)
        if found and (found.not_null or _always_filled(operation, column, context)):
            continue
        yield Hit(
            message=f"makes {table}.{column} NOT NULL: a running version that writes no value "
            "there is refused",
            about=f"{table}.{column}",
            fix=Fix(
                summary="release a version that always writes the column, let it run everywhere, "
                "and set NOT NULL in a later release; a default helps inserts that leave it out",
                replacement=context.alter_column(table, column, "SET DEFAULT …"),
            ),
        )


def _always_filled(operation: SetNotNull | AddConstraint, column: str, context: Context) -> bool:
    """A new column with a default is filled for a version that does not know it."""
    found = context.schema.column(operation.table, column)
    new = context.schema.is_new_column(operation.table, column)
    if found is None or not new:
        return False
    return bool(found.default and not found.default.null) or found.identity or bool(found.generated)


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(SetNotNull, AddConstraint),
    check=check,
    instead="Write the column in every release that runs first; set NOT NULL in a later one.",
    bad=(
        Example(text="ALTER TABLE orders\n  ALTER COLUMN note SET NOT NULL;", line=2),
        Example(
            text="ALTER TABLE o ADD CONSTRAINT c CHECK (note IS NOT NULL) NOT VALID;\n"
            "ALTER TABLE o VALIDATE CONSTRAINT c;\nALTER TABLE o ALTER note SET NOT NULL;",
            line=3,
        ),
        Example(text="ALTER TABLE o ADD CONSTRAINT c NOT NULL note NOT VALID;", line=1),
    ),
    good=(
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o ALTER a SET NOT NULL;"),
        Example(
            text="CREATE TABLE o (a int);\n-- released\n"
            "ALTER TABLE o ADD COLUMN b int DEFAULT 0;\nALTER TABLE o ALTER b SET NOT NULL;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
