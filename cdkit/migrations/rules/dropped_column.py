"""A column goes away that the running version may still use.

The version that runs while the migration is applied, and the one that a roll back brings back,
fail on every query that names the column. The values in it are lost.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.net import column_is_back, eased
from cdkit.migrations.operation import DropColumn
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import later


def check(operation: DropColumn, context: Context) -> Iterator[Hit]:
    """Flag each column that was there before the change."""
    table, column = operation.table, operation.column
    if context.schema.is_new_column(table, column):
        return
    hit = Hit(
        message=f"drops {table}.{column}: a running version that names it fails",
        about=f"{table}.{column}",
        confidence=Confidence.HIGH if context.schema.table(table) else Confidence.MEDIUM,
        fix=Fix(
            summary="release a version that does not use the column, let it run everywhere, and "
            "drop the column in a later release",
            replacement=later(operation, "a version that does not use the column"),
        ),
    )
    yield from eased(hit, context, undone=column_is_back(table, column, context))


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(DropColumn,),
    check=check,
    instead="Stop using the column in one release, drop it in the next.",
    bad=(
        Example(
            text="BEGIN;\nALTER TABLE orders DROP COLUMN note;\n"
            "ALTER TABLE orders ADD COLUMN note text;\nCOMMIT;",
            line=2,
        ),
        Example(text="ALTER TABLE orders DROP COLUMN note;", line=1),
        Example(
            text="ALTER TABLE orders\n    ADD COLUMN state text,\n    DROP COLUMN status;", line=3
        ),
        Example(
            text="DO $$ BEGIN\n  IF true THEN\n    ALTER TABLE orders DROP COLUMN note;\n"
            "  END IF;\nEND $$;",
            line=3,
        ),
    ),
    good=(
        Example(
            text="CREATE TABLE orders (id bigint, note text);\nALTER TABLE orders DROP COLUMN note;"
        ),
        Example(
            text="CREATE TABLE orders (id bigint);\n-- released\n"
            "ALTER TABLE orders ADD COLUMN note text;\nALTER TABLE orders DROP COLUMN note;"
        ),
        Example(
            text="CREATE TABLE orders (id bigint);\n-- released\n"
            "ALTER TABLE orders DROP COLUMN IF EXISTS note;"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
