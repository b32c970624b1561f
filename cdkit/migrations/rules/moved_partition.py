"""Rows appear in a table or vanish from it, because a partition or child comes or goes.

After DETACH inserts into its range fail ("no partition of relation found"), with CONCURRENTLY too;
INHERIT and NO INHERIT change what a query on the parent finds, without any error.
"""

from collections.abc import Iterator

from cdkit.core.finding import Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import MovePartition
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule


def check(operation: MovePartition, context: Context) -> Iterator[Hit]:
    """Flag what the running version can notice; a new partition is none of it."""
    schema = context.schema
    if schema.is_new_table(operation.table) or schema.is_new_table(operation.other):
        return
    attaches = operation.action == "ATTACH PARTITION"
    other = "" if operation.other == operation.table else f"{operation.other} "
    yield Hit(
        message=f"{operation.action} {other}on {operation.table}: its rows "
        f"{'appear in' if attaches or operation.action == 'INHERIT' else 'vanish from'} the table",
        about=str(operation.table),
        severity=Severity.LOW if attaches else None,
        fix=Fix(summary="see that no running version reads or writes these rows any more"),
    )


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(MovePartition,),
    check=check,
    instead="See that no running version reads or writes these rows any more.",
    bad=(
        Example(text="ALTER TABLE events DETACH PARTITION events_2024 CONCURRENTLY;", line=1),
        Example(text="ALTER TABLE events_old NO INHERIT events;", line=1),
    ),
    good=(
        Example(
            text="CREATE TABLE events_2027 (a int);\n"
            "ALTER TABLE events ATTACH PARTITION events_2027 FOR VALUES IN (1);"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
