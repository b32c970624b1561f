"""A new column must not be null and has no default.

Where the table holds rows, the migration fails. Where it holds none, every insert of the running
version fails, since it does not know the column.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import quoted
from cdkit.migrations.operation import AddColumn
from cdkit.migrations.postgres.ways import not_null, type_sql
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import RELEASE


def check(operation: AddColumn, context: Context) -> Iterator[Hit]:
    """Flag each such column on a table that was there before the change."""
    table, column = operation.table, operation.column
    if context.schema.is_new_table(table) or not column.not_null:
        return
    if column.identity or column.serial or column.generated:
        return
    if column.default and not column.default.null:
        return
    # A rebuild fills it as it copies the rows.
    fails = "it fails where there are rows, and " if operation.statement.whole else ""
    if context.server.engine in {"mysql", "mariadb"}:
        fails = "rows that are there get an implicit one, "
    added = f"ADD COLUMN {context.sql(column.name)} {column.type};"
    yield Hit(
        message=f"adds {table}.{column.name} as NOT NULL without a default: {fails}"
        "a running version cannot insert any more",
        about=f"{table}.{column.name}",
        fix=Fix(
            summary="add it nullable (or with a default), and set NOT NULL in a later release",
            replacement=context.sql_of(
                "postgres",
                _instead(operation),
                other=f"ALTER TABLE {context.sql(table)} {added}",
            ),
        ),
    )


def _instead(operation: AddColumn) -> str:
    """The column comes first, what it must hold later; the version in between fills it."""
    table, column = operation.table, operation.column
    kind = type_sql(column.type)
    return (
        f"{RELEASE} 1:\nALTER TABLE {table.sql} ADD COLUMN {quoted(column.name)} {kind};\n"
        f"{RELEASE} 2: a version that always writes it; the rows that are there are filled\n"
        f"{RELEASE} 3: each statement by itself, outside a transaction\n"
        f"{not_null(table, column.name)}"
        if kind
        else ""
    )


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(AddColumn,),
    check=check,
    instead="Add the column nullable or with a default; set NOT NULL in a later release.",
    bad=(
        Example(text="ALTER TABLE orders ADD COLUMN note text NOT NULL;", line=1),
        Example(text="ALTER TABLE orders ADD COLUMN no bigint PRIMARY KEY;", line=1),
    ),
    good=(
        Example(text="ALTER TABLE orders ADD COLUMN note text;"),
        Example(text="ALTER TABLE orders ADD COLUMN note text NOT NULL DEFAULT '';"),
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o ADD COLUMN b int NOT NULL;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
