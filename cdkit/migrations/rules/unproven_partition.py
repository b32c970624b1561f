"""A partition is read from end to end, under a lock that stops all of it.

PostgreSQL looks whether each row of a table that is attached belongs there. And where there is a
DEFAULT partition, it looks, for every partition that comes beside it, whether one of the rows there
would belong into the new one. A valid CHECK on the key that says as much spares the scan: add it
NOT VALID and validate it before, drop it after.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import CreateTable, MovePartition
from cdkit.migrations.postgres.bounds import condition
from cdkit.migrations.rule import SAFE_TO_RUN, Context, Hit, LintRule
from cdkit.migrations.schema import Schema, Table
from cdkit.migrations.ways import whole


def check(operation: MovePartition | CreateTable, context: Context) -> Iterator[Hit]:
    """Flag what no valid CHECK on the key speaks of; whether one fits, nobody here works out."""
    schema = context.schema
    if isinstance(operation, CreateTable):
        parents = operation.parents if operation.partition else ()
    elif operation.action == "ATTACH PARTITION":
        parents = (operation.table,)
        child = schema.table(operation.other)
        if not schema.is_new_table(operation.other) and not _has_proof(
            child, schema.table(operation.table)
        ):
            yield _attached(operation, child, _asked(operation, parents[0], schema))
    else:
        return
    for parent in parents:
        default = schema.default_partition(parent) if operation.bound != "DEFAULT" else None
        if default is None or schema.is_new_table(default.name):
            continue
        if not _has_proof(default, schema.table(parent)):
            yield _beside(operation, default.name, parent, _asked(operation, parent, schema))


def _has_proof(table: Table | None, parent: Table | None) -> bool:
    keyed = set(parent.keyed) if parent else set[str]()
    checks = (x for x in table.constraints.values() if x.kind == "check") if table else ()
    known = keyed and "" not in keyed
    return any(each.valid and (not known or keyed & set(each.columns)) for each in checks)


def _asked(operation: MovePartition | CreateTable, parent: Name, schema: Schema) -> str:
    """Return what the bound asks of a row, as SQL; empty where the key is not known."""
    held = schema.table(parent)
    return condition(operation.statement.source, held.keyed) if held else ""


def _attached(operation: MovePartition, child: Table | None, asked: str) -> Hit:
    alter = f"ALTER TABLE {operation.other.sql}"
    return Hit(
        message=f"attaches {operation.other} to {operation.table}, and no CHECK proves that its "
        "rows belong there: all of them are read under a lock",
        about=str(operation.other),
        read=operation.other,
        confidence=Confidence.HIGH if child else Confidence.MEDIUM,
        fix=Fix(
            summary="add a CHECK with the partition's bounds NOT VALID, validate it, then attach",
            replacement=f"{alter} ADD CONSTRAINT belongs CHECK ({asked}) NOT VALID;\n"
            f"-- in a migration after it, or outside a transaction\n"
            f"{alter} VALIDATE CONSTRAINT belongs;\n{whole(operation)}\n"
            f"{alter} DROP CONSTRAINT belongs;"
            if asked and operation.statement.whole
            else "",
        ),
    )


def _beside(operation: MovePartition | CreateTable, default: Name, parent: Name, asked: str) -> Hit:
    alter = f"ALTER TABLE {default.sql}"
    made = operation.table if isinstance(operation, CreateTable) else operation.other
    return Hit(
        message=f"{made} comes beside {default}, the DEFAULT partition of {parent}, and no CHECK "
        "proves that none of its rows belong into the new one: all of them are read, under a lock "
        "that stops reads and writes",
        about=str(default),
        read=default,
        fix=Fix(
            summary="add a CHECK that the new bounds do not hold to the DEFAULT partition, NOT "
            "VALID, and validate it in a migration before; where it is as good as empty, "
            "`--small-table` says so",
            replacement=f"{alter} ADD CONSTRAINT lies_elsewhere CHECK (NOT ({asked})) NOT VALID;\n"
            "-- in a migration after it, or outside a transaction\n"
            f"{alter} VALIDATE CONSTRAINT lies_elsewhere;\n{whole(operation)}\n"
            f"{alter} DROP CONSTRAINT lies_elsewhere;"
            if asked and operation.statement.whole
            else "",
        ),
    )


RULE = LintRule(
    severity=Severity.MEDIUM,
    question=SAFE_TO_RUN,
    grows=True,
    engines=("postgres",),
    on=(MovePartition, CreateTable),
    check=check,
    by_hand="where the key of the partitioned table is not known, or is several columns.",
    instead="Add a CHECK with the bounds NOT VALID, validate it, then attach.",
    bad=(
        Example(text="ALTER TABLE e ATTACH PARTITION e_2024 FOR VALUES IN (2024);", line=1),
        Example(
            text="CREATE TABLE e (y int) PARTITION BY LIST (y);\n"
            "CREATE TABLE e_2024 (y int, b int CHECK (b > 0));\n-- released\n"
            "ALTER TABLE e ATTACH PARTITION e_2024 FOR VALUES IN (2024);",
            line=4,
        ),
        Example(
            text="CREATE TABLE e (y int) PARTITION BY LIST (y);\n"
            "CREATE TABLE e_rest PARTITION OF e DEFAULT;\n-- released\n"
            "CREATE TABLE e_2027 PARTITION OF e FOR VALUES IN (2027);",
            line=4,
        ),
    ),
    good=(
        Example(
            text="CREATE TABLE e_2024 (y int, CHECK (y = 2024));\n-- released\n"
            "ALTER TABLE e ATTACH PARTITION e_2024 FOR VALUES IN (2024);"
        ),
        Example(
            text="CREATE TABLE e_2027 (y int);\n"
            "ALTER TABLE e ATTACH PARTITION e_2027 FOR VALUES IN (2027);"
        ),
        Example(
            text="CREATE TABLE e (y int) PARTITION BY LIST (y);\n"
            "CREATE TABLE e_rest PARTITION OF e DEFAULT;\n"
            "ALTER TABLE e_rest ADD CHECK (y <> 2027 AND y IS NOT NULL);\n-- released\n"
            "CREATE TABLE e_2027 PARTITION OF e FOR VALUES IN (2027);"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/ddl-partitioning.html",),
)
