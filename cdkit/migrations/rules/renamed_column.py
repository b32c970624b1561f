"""A column gets another name, which the running version does not know.

Between the migration and the last old instance every query with the old name fails; so does every
one after a roll back. There is no moment at which both versions work.
"""

from collections.abc import Iterator

from msgspec import structs

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.net import column_is_back, eased
from cdkit.migrations.nouns import Column, Name, Type
from cdkit.migrations.operation import RenameColumn
from cdkit.migrations.postgres.ways import moved_over, renamed_in_view
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: RenameColumn, context: Context) -> Iterator[Hit]:
    """Flag each column that was there before the change."""
    table, column, to = operation.table, operation.column, operation.to
    if context.schema.is_new_column(table, column) or not _was_there(table, column, context):
        return
    found = context.schema.column(table, column)
    types = (found.type, found.type) if found else (Type(""), Type(""))
    hit = Hit(
        message=f"renames {table}.{column} to {to}: a running version that names it fails",
        about=f"{table}.{column}",
        fix=Fix(
            summary="add the new column, write both, move the reads, and drop the old one in a "
            "later release",
            replacement=context.sql_of(
                "postgres",
                renamed_in_view(table, column, to, context.server)
                if operation.statement.source[:10].upper() == "ALTER VIEW"
                or context.schema.kind_of(table).endswith("view")
                else moved_over(table, column, to, types, context.schema),
                other=_elsewhere(table, found, to, context),
            ),
        ),
    )
    yield from eased(hit, context, undone=column_is_back(table, column, context))


def _elsewhere(table: Name, found: Column | None, to: str, context: Context) -> str:
    if found is None or context.server.engine == "postgres":
        return ""
    if context.server.engine != "sqlite":
        from cdkit.migrations.mysql import moving

        new = structs.replace(found, name=to)
        said = moving.moved_over(table, found, new, context.schema, context.dialect, context.server)
        if said:
            return said
    return f"ALTER TABLE {context.sql(table)} ADD COLUMN {context.sql(to)} {found.type};"


def _was_there(table: Name, column: str, context: Context) -> bool:
    """Whether the running version can know the column under this name."""
    found = context.released.table(table)
    return found is None or not found.known or column in found.columns


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(RenameColumn,),
    check=check,
    instead="Add a column with the new name, fill it, move over, drop the old one later.",
    bad=(
        Example(
            text="CREATE TABLE o (note text);\n-- released\nBEGIN;\n"
            "ALTER TABLE o RENAME COLUMN note TO old;\n"
            "ALTER TABLE o ADD COLUMN note text;\nCOMMIT;",
            line=4,
        ),
        Example(text="ALTER TABLE orders RENAME COLUMN status TO state;", line=1),
        Example(text="ALTER VIEW open_orders RENAME COLUMN a TO b;", line=1),
    ),
    good=(
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o RENAME COLUMN a TO b;"),
        Example(text="ALTER TABLE orders ADD COLUMN state text;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
