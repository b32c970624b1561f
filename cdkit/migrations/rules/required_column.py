"""A new column must not be null and has no default.

Where the table holds rows, the migration fails. Where it holds none, every insert of the running
version fails, since it does not know the column.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import quoted
from cdkit.migrations.operation import AddColumn
from cdkit.migrations.postgres.ways import not_null, type_sql
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.ways import RELEASE, later


def check(operation: AddColumn, context: Context) -> Iterator[Hit]:
    """Flag each such column on a table that was there before the change."""
    table, column = operation.table, operation.column
    if context.schema.is_new_table(table) or not column.not_null:
        return
    if column.generated:
        yield from _generated(operation, context)
        return
    if column.identity or column.serial:
        return
    if column.default and not column.default.null:
        return
    if context.server.engine in {"mysql", "mariadb"} and column.type.name == "enum":
        return  # its first value is its default (MySQL manual, "The ENUM Type")
    # A rebuild fills it as it copies the rows.
    fails = "it fails where there are rows, and " if operation.statement.whole else ""
    if context.server.engine in {"mysql", "mariadb"}:
        fails = "rows that are there get an implicit one, "
    yield Hit(
        message=f"adds {table}.{column.name} as NOT NULL without a default: {fails}"
        "a running version cannot insert any more",
        about=f"{table}.{column.name}",
        fix=Fix(
            summary="add it nullable (or with a default), and set NOT NULL in a later release",
            replacement=context.sql_of(
                "postgres",
                _instead(operation),
                other=_elsewhere(operation, context),
            ),
        ),
    )


def _generated(operation: AddColumn, context: Context) -> Iterator[Hit]:
    """Flag a column that is worked out from what the running version may leave null."""
    table, column = operation.table, operation.column
    for name in column.null_by:
        known = context.schema.column(table, name)
        if known and known.not_null:
            continue
        by = "what a document may lack" if name == "*" else f"{name}, which may be null"
        yield Hit(
            message=f"adds {table}.{column.name} as NOT NULL, made from {by}: such a row of a "
            "running version is refused",
            about=f"{table}.{column.name}",
            severity=Severity.MEDIUM,
            confidence=Confidence.MEDIUM,
            fix=Fix(
                summary="leave out NOT NULL, or give each row a value: COALESCE(…, '')",
                replacement=later(operation, "a version that writes what it is made from"),
            ),
        )
        return


def _elsewhere(operation: AddColumn, context: Context) -> str:
    table, column = operation.table, operation.column
    if context.server.engine == "postgres":
        return ""
    if context.server.engine != "sqlite":
        from cdkit.migrations.mysql.moving import filled_later

        if said := filled_later(table, column, context.dialect, context.server):
            return said
    return f"ALTER TABLE {context.sql(table)} ADD COLUMN {context.sql(column.name)} {column.type};"


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
        Example(
            text="ALTER TABLE o ADD COLUMN n text GENERATED ALWAYS AS (lower(a)) STORED NOT NULL;",
            line=1,
        ),
        Example(
            text="CREATE TABLE o (a jsonb NOT NULL);\n-- released\n"
            "ALTER TABLE o ADD COLUMN n text GENERATED ALWAYS AS (a ->> 'n') STORED NOT NULL;",
            line=3,
        ),
    ),
    good=(
        Example(text="-- server mariadb:10.11\nALTER TABLE o ADD s enum('a', 'b') NOT NULL;"),
        Example(
            text="CREATE TABLE o (a int);\n-- released\n"
            "ALTER TABLE o ADD COLUMN IF NOT EXISTS a int NOT NULL;"
        ),
        Example(
            text="ALTER TABLE o ADD COLUMN n text "
            "GENERATED ALWAYS AS (lower(coalesce(a, ''))) STORED NOT NULL;"
        ),
        Example(
            text="CREATE TABLE o (a int NOT NULL);\n-- released\n"
            "ALTER TABLE o ADD COLUMN n int GENERATED ALWAYS AS (a + 1) STORED NOT NULL;"
        ),
        Example(text="ALTER TABLE orders ADD COLUMN note text;"),
        Example(text="ALTER TABLE orders ADD COLUMN note text NOT NULL DEFAULT '';"),
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o ADD COLUMN b int NOT NULL;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
