"""A new partition refuses what the DEFAULT partition of an old table has taken until now.

Without a DEFAULT partition a row that belongs into no partition was refused anyway, and a new one
breaks nobody. Beside one, the rows of its range go there from now on, and meet its own NOT NULL,
CHECKs, keys and triggers; a new partition that is partitioned further and has no partitions yet
takes no row at all. A CHECK that names no column but those of the partition key may say no more
than the bounds do, and is said below the usual threshold. A row that goes in by way of the parent
gets the parent's defaults, and not the partition's. The parent's history has to be known: nobody
can see a DEFAULT partition otherwise.
"""

from collections.abc import Iterator

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.implied import implies
from cdkit.migrations.indexes import is_kept_apart
from cdkit.migrations.nouns import Constraint, Name
from cdkit.migrations.operation import CreateTable, MovePartition
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.schema import Table
from cdkit.migrations.stricter import is_of_the_key
from cdkit.migrations.ways import later

_KEYS = frozenset({"unique", "primary key"})


def check(operation: CreateTable | MovePartition, context: Context) -> Iterator[Hit]:
    """Flag a partition that is stricter at the end of the transaction than parent and DEFAULT."""
    if not operation.bound or operation.bound == "DEFAULT":
        return
    parent, child = _both(operation, context)
    released = context.released
    old, default = released.table(parent), released.default_partition(parent)
    if context.schema.is_new_table(parent) or old is None or default is None:
        return
    new = context.ahead.end.table(child)
    if new is None or old.name not in new.parents:
        return
    if found := _refused(old, default, new, context):
        severity, said = found
        yield Hit(
            message=f"{child} takes rows of {parent} that went to {default.name}, and refuses "
            f"more: {said}",
            about=str(parent),
            severity=severity,
            confidence=Confidence.MEDIUM,
            fix=Fix(
                summary="make the partition as lenient as the table, and stricter in a later "
                "release",
                replacement=later(operation, "a version that keeps to it"),
            ),
        )


def _both(operation: CreateTable | MovePartition, context: Context) -> tuple[Name, Name]:
    if isinstance(operation, MovePartition):
        return context.schema.full(operation.table), context.schema.full(operation.other)
    parents = operation.parents or (Name("", ""),)
    return context.schema.full(parents[0]), context.schema.full(operation.table)


def _refused(
    old: Table, default: Table, new: Table, context: Context
) -> tuple[Severity | None, str] | None:
    """Return what it refuses, and how bad that is; None where there is nothing."""
    end = context.ahead.end
    if new.partitioned and not any(end.tables.get(x) for x in end.children.get(new.name, ())):
        return Severity.HIGH, "it has no partitions yet that a row could go to"
    for column in new.columns.values():
        held = [table.columns.get(column.name) for table in (old, default)]
        if column.name in old.keyed:
            continue  # a null goes to DEFAULT, or its bounds name it and the server refuses this
        if column.not_null and not any(each and each.not_null for each in held):
            return None, f"{column.name} must not be null in it"
    for key in _keys(old, default, new, context):
        return None, f"{key} keeps rows apart in it"
    for trigger, fires in new.triggers.items():
        if fires.before and fires.writes and trigger not in {*old.triggers, *default.triggers}:
            return None, f"the trigger {trigger} comes before each write into it"
    found = list(_constraints(old, default, new, context))
    beyond = [each for each in found if not is_of_the_key(each, old)]
    for each in beyond or found:
        said = f"its {each.kind} {each.name} is new"
        return (
            (None, said) if beyond else (Severity.LOW, f"{said}, if it asks more than its bounds")
        )
    return None


def _constraints(old: Table, default: Table, new: Table, context: Context) -> Iterator[Constraint]:
    had = [*old.constraints.values(), *default.constraints.values()]
    for each in new.constraints.values():
        if each.kind in {*_KEYS, "not null"} or not each.enforced or each.always:
            continue
        if not any(implies(x, each, context.released) for x in had):
            yield each


def _keys(old: Table, default: Table, new: Table, context: Context) -> Iterator[str]:
    released = context.released
    had = [index for each in (old, default) for _, index in released.unique_keys(each.name)]
    for key, index in context.ahead.end.unique_keys(new.name):
        if not is_kept_apart(index, had):
            yield key


_OLD = "CREATE TABLE e (y int, b int, UNIQUE (y, b)) PARTITION BY RANGE (y);\n"
_OLD += "CREATE TABLE e_rest PARTITION OF e DEFAULT;\n-- released\n"

RULE = LintRule(
    severity=Severity.MEDIUM,
    question=COMPATIBLE,
    engines=("postgres",),
    on=(CreateTable, MovePartition),
    check=check,
    instead="Make the partition as lenient as the table; make it stricter in a later release.",
    bad=(
        Example(
            text=f"{_OLD}CREATE TABLE e_1 PARTITION OF e (b NOT NULL) FOR VALUES FROM (1) TO (2);",
            line=4,
        ),
        Example(
            text=f"{_OLD}CREATE TABLE e_1 PARTITION OF e (CHECK (b > 0)) "
            "FOR VALUES FROM (1) TO (2);",
            line=4,
        ),
        Example(
            text=f"{_OLD}CREATE TABLE e_1 (y int, b int UNIQUE);\n"
            "ALTER TABLE e ATTACH PARTITION e_1 FOR VALUES FROM (1) TO (2);",
            line=5,
        ),
        Example(
            text=f"{_OLD}CREATE TABLE e_1 PARTITION OF e FOR VALUES FROM (1) TO (2) "
            "PARTITION BY LIST (b);",
            line=4,
        ),
        Example(
            text=f"{_OLD}BEGIN;\nCREATE TABLE e_1 PARTITION OF e FOR VALUES FROM (1) TO (2);\n"
            "ALTER TABLE e_1 ADD CHECK (b > 0);\nCOMMIT;",
            line=5,
        ),
    ),
    good=(
        Example(
            text=f"{_OLD}CREATE TABLE e_1 (y int NOT NULL, b int);\n"
            "ALTER TABLE e ATTACH PARTITION e_1 FOR VALUES FROM (1) TO (2);"
        ),
        Example(text=f"{_OLD}CREATE TABLE e_1 PARTITION OF e FOR VALUES FROM (1) TO (2);"),
        Example(
            text=f"{_OLD}CREATE TABLE e_1 (LIKE e INCLUDING ALL);\n"
            "ALTER TABLE e ATTACH PARTITION e_1 FOR VALUES FROM (1) TO (2);"
        ),
        Example(
            text="CREATE TABLE e (y int, b int) PARTITION BY RANGE (y);\n-- released\n"
            "CREATE TABLE e_1 PARTITION OF e (b NOT NULL) FOR VALUES FROM (1) TO (2);"
        ),
        Example(
            text="CREATE TABLE e (y int, b int) PARTITION BY RANGE (y);\n"
            "CREATE TABLE e_rest PARTITION OF e (b NOT NULL) DEFAULT;\n-- released\n"
            "CREATE TABLE e_1 PARTITION OF e (b NOT NULL) FOR VALUES FROM (1) TO (2);"
        ),
        Example(
            text=f"{_OLD}BEGIN;\nCREATE TABLE e_1 PARTITION OF e FOR VALUES FROM (1) TO (2) "
            "PARTITION BY LIST (b);\nCREATE TABLE e_11 PARTITION OF e_1 DEFAULT;\nCOMMIT;"
        ),
    ),
    sources=(
        "https://www.postgresql.org/docs/current/sql-createtable.html",
        "https://www.postgresql.org/docs/current/ddl-partitioning.html",
    ),
)
