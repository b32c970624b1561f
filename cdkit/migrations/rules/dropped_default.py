"""A default goes away that fills a column which the running version does not write.

Inserts that leave the column out then write null; where it must not be null they are refused. Some
frameworks add a column with a default and drop that in the same migration: the same break.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import DropDefault
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: DropDefault, context: Context) -> Iterator[Hit]:
    """Flag each default that inserts of the running version may rely on."""
    table, column = operation.table, operation.column
    if context.schema.is_new_table(table):
        return
    found = context.schema.column(table, column)
    if found and found.default is None and not found.serial:
        return
    if found and not found.not_null and context.schema.is_new_column(table, column):
        return
    refused = found is None or found.not_null
    yield Hit(
        message=f"drops the default of {table}.{column}: "
        + ("inserts that leave it out are refused" if refused else "inserts leave it null"),
        about=f"{table}.{column}",
        severity=None if refused else Severity.LOW,
        confidence=Confidence.HIGH if found else Confidence.MEDIUM,
        fix=Fix(
            summary="keep the default until every running version writes the column",
            replacement=context.alter_column(table, column, "SET DEFAULT …"),
        ),
    )


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(DropDefault,),
    check=check,
    instead="Keep the default until every running version writes the column.",
    bad=(
        Example(
            text="ALTER TABLE o ADD COLUMN a int NOT NULL DEFAULT 0;\n"
            "ALTER TABLE o ALTER COLUMN a DROP DEFAULT;",
            line=2,
        ),
        Example(text="ALTER TABLE orders ALTER note DROP DEFAULT;", line=1),
        Example(text="ALTER TABLE orders ALTER note SET DEFAULT NULL;", line=1),
    ),
    good=(
        Example(
            text="CREATE TABLE o (a int);\n-- released\n"
            "ALTER TABLE o ADD COLUMN b int DEFAULT 0;\nALTER TABLE o ALTER b DROP DEFAULT;"
        ),
        Example(text="ALTER TABLE orders ALTER note SET DEFAULT '';"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
