"""UPDATE or DELETE without a WHERE touches every row of the table in one transaction.

Every row stays locked against other writers until the end, the table doubles, and replicas fall
behind.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import WriteRows
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: WriteRows, context: Context) -> Iterator[Hit]:
    """Flag each such statement on a table that was there before the change."""
    table = operation.table
    if operation.guarded or context.schema.is_new_table(table):
        return
    yield Hit(
        message=f"{operation.verb} of every row of {table} in one transaction",
        about=str(table),
        fix=Fix(summary="do it in batches by key, each in a transaction of its own, with a WHERE"),
    )


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=SAFE_TO_RUN,
    grows=True,
    on=(WriteRows,),
    check=check,
    instead="Do it in batches by key, each in a transaction of its own, with a WHERE.",
    bad=(
        Example(text="UPDATE orders SET note = '';", line=1),
        Example(text="WITH gone AS (DELETE FROM orders RETURNING *)\nSELECT 1 FROM gone;", line=1),
    ),
    good=(
        Example(text="UPDATE orders SET note = '' WHERE note IS NULL;"),
        Example(text="INSERT INTO orders (id) VALUES (1);"),
        Example(text="CREATE TABLE o (a int);\nUPDATE o SET a = 1;"),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-update.html",),
)
