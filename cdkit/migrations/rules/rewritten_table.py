"""A whole table is copied while nobody may use it.

VACUUM FULL, CLUSTER, SET LOGGED, SET UNLOGGED, SET ACCESS METHOD and SET TABLESPACE hold ACCESS
EXCLUSIVE for as long as the copy takes. So does SET EXPRESSION, where what a column is generated as
is stored.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import ChangeIdentity, RewriteTable
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule
from cdkit.migrations.ways import whole


def check(operation: RewriteTable | ChangeIdentity, context: Context) -> Iterator[Hit]:
    """Flag each table that was there before the change."""
    if isinstance(operation, ChangeIdentity):
        yield from _expressed(operation, context)
    elif not context.schema.is_new_table(operation.table):
        name = str(operation.table) or "every table"
        yield Hit(
            message=f"{operation.action} copies {name} under a lock that stops reads and writes",
            about=name,
            fix=Fix(
                summary="copy it online (pg_repack, pg_squeeze), or in a maintenance window",
                replacement=_instead(operation),
            ),
        )


def _expressed(operation: ChangeIdentity, context: Context) -> Iterator[Hit]:
    """A column that is not stored is computed as it is read, and touches no row (since 18)."""
    table, column = operation.table, context.schema.column(operation.table, operation.column)
    if operation.action != "SET EXPRESSION" or context.schema.is_new_table(table):
        return
    if column and column.generated == "virtual":
        return
    known = column is not None or context.server.before(18)
    yield Hit(
        message=f"SET EXPRESSION computes {table}.{operation.column} anew, and copies {table} "
        f"under a lock that stops all others{'' if known else ', if the column is stored'}",
        about=f"{table}.{operation.column}",
        severity=None if known else Severity.MEDIUM,
        confidence=Confidence.HIGH if known else Confidence.LOW,
        fix=Fix(
            summary="let a trigger fill a new plain column, and fill the old rows in batches",
            replacement=f"-- or when nobody uses {table}:\n{whole(operation)}",
        ),
    )


def _instead(operation: RewriteTable) -> str:
    """VACUUM frees what is dead without a lock; the copy itself is a matter for pg_repack."""
    table = operation.table.sql if str(operation.table) else ""
    repack = f"-- pg_repack {f'--table={table} ' if table else ''}DATABASE  (from a shell)"
    if operation.action.startswith("VACUUM"):
        return f"VACUUM (ANALYZE) {table};".replace(" ;", ";") + f"\n{repack}"
    return f"{repack}\n-- or when nobody uses {table or 'the tables'}:\n{whole(operation)}"


RULE = LintRule(
    severity=Severity.HIGH,
    question=SAFE_TO_RUN,
    grows=True,
    engines=("postgres",),
    on=(RewriteTable, ChangeIdentity),
    check=check,
    instead="Copy the table online (pg_repack, pg_squeeze), or in a maintenance window.",
    bad=(
        Example(text="VACUUM FULL orders;", line=1),
        Example(text="CLUSTER orders USING orders_pkey;", line=1),
        Example(text="ALTER TABLE orders SET UNLOGGED;", line=1),
        Example(
            text="-- server postgres:17\nALTER TABLE o ALTER total SET EXPRESSION AS (a * b);",
            line=2,
        ),
    ),
    good=(
        Example(text="VACUUM orders;"),
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o SET UNLOGGED;"),
        Example(
            text="-- server postgres:18\nCREATE TABLE o (a int, b int GENERATED ALWAYS AS (a + 1) "
            "VIRTUAL);\n-- released\nALTER TABLE o ALTER b SET EXPRESSION AS (a + 2);"
        ),
    ),
    sources=(
        "https://www.postgresql.org/docs/current/sql-vacuum.html",
        "https://www.postgresql.org/docs/current/sql-altertable.html",
    ),
)
