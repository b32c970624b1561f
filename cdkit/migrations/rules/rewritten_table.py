"""A whole table is copied while nobody may use it.

VACUUM FULL, CLUSTER, SET LOGGED, SET UNLOGGED, SET ACCESS METHOD and SET TABLESPACE hold ACCESS
EXCLUSIVE for as long as the copy takes.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import RewriteTable
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule
from cdkit.migrations.ways import whole


def check(operation: RewriteTable, context: Context) -> Iterator[Hit]:
    """Flag each table that was there before the change."""
    if not context.schema.is_new_table(operation.table):
        name = str(operation.table) or "every table"
        yield Hit(
            message=f"{operation.action} copies {name} under a lock that stops reads and writes",
            about=name,
            fix=Fix(
                summary="copy it online (pg_repack, pg_squeeze), or in a maintenance window",
                replacement=_instead(operation),
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
    on=(RewriteTable,),
    check=check,
    instead="Copy the table online (pg_repack, pg_squeeze), or in a maintenance window.",
    bad=(
        Example(text="VACUUM FULL orders;", line=1),
        Example(text="CLUSTER orders USING orders_pkey;", line=1),
        Example(text="ALTER TABLE orders SET UNLOGGED;", line=1),
    ),
    good=(
        Example(text="VACUUM orders;"),
        Example(text="CREATE TABLE o (a int);\nALTER TABLE o SET UNLOGGED;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-vacuum.html",),
)
