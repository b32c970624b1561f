"""A table gets another name, or another schema, which the running version does not know.

Every query with the old name fails. A view under the old name helps only as far as its privileges
and `ON CONFLICT` clauses go: the application's role needs a grant on the view too.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import RenameObject, RenameTable
from cdkit.migrations.postgres.ways import behind_view
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: RenameTable | RenameObject, context: Context) -> Iterator[Hit]:
    """Flag each table that was there before the change."""
    if isinstance(operation, RenameObject):
        if operation.kind not in {"table", "foreign table"} or not operation.moved:
            return
        name, target = operation.name, Name(operation.to, operation.name.name)
    else:
        name, target = operation.table, Name(operation.table.schema, operation.to)
    if context.schema.is_new_table(name) or context.schema.is_new_thing(name):
        return
    yield Hit(
        message=f"renames the table {name} to {target}: a running version that uses it fails",
        about=str(name),
        fix=Fix(
            summary="keep the name; where it must change, make a view with the new name first, "
            "move over, and rename in a later release",
            replacement=context.sql_of("postgres", behind_view(name, target, context.server)),
        ),
    )


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(RenameTable, RenameObject),
    check=check,
    instead="Make a view with the new name, move over, rename when nobody uses the old one.",
    bad=(
        Example(text="ALTER TABLE orders RENAME TO purchases;", line=1),
        Example(text="ALTER TABLE orders SET SCHEMA shop;", line=1),
    ),
    good=(Example(text="CREATE TABLE o (a int);\nALTER TABLE o RENAME TO p;"),),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
