"""A table that becomes a partition is read from end to end, under a lock that stops all of it.

PostgreSQL looks whether each row belongs there. A valid CHECK that says as much spares the scan:
add it NOT VALID and validate it before, drop it after.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.operation import MovePartition
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule


def check(operation: MovePartition, context: Context) -> Iterator[Hit]:
    """Flag each attached table without any valid CHECK; whether one fits, nobody here works out."""
    if operation.action != "ATTACH PARTITION" or context.schema.is_new_table(operation.other):
        return
    child = context.schema.table(operation.other)
    held = child.constraints.values() if child else ()
    if any(each.kind == "check" and each.valid for each in held):
        return
    yield Hit(
        message=f"attaches {operation.other} to {operation.table}, and no CHECK proves that its "
        "rows belong there: all of them are read under a lock",
        about=str(operation.other),
        confidence=Confidence.HIGH if child else Confidence.MEDIUM,
        fix=Fix(
            summary="add a CHECK with the partition's bounds NOT VALID, validate it, then attach",
            replacement=f"ALTER TABLE {operation.other.sql} ADD CONSTRAINT belongs CHECK (…) "
            "NOT VALID;",
        ),
    )


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=SAFE_TO_RUN,
    engines=("postgres",),
    on=(MovePartition,),
    check=check,
    instead="Add a CHECK with the bounds NOT VALID, validate it, then attach.",
    bad=(Example(text="ALTER TABLE e ATTACH PARTITION e_2024 FOR VALUES IN (2024);", line=1),),
    good=(
        Example(
            text="CREATE TABLE e_2024 (y int, CHECK (y = 2024));\n-- released\n"
            "ALTER TABLE e ATTACH PARTITION e_2024 FOR VALUES IN (2024);"
        ),
        Example(
            text="CREATE TABLE e_2027 (y int);\n"
            "ALTER TABLE e ATTACH PARTITION e_2027 FOR VALUES IN (2027);"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/ddl-partitioning.html",),
)
