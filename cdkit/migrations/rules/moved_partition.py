"""Rows appear in a table or vanish from it, because a partition or child comes or goes.

After DETACH inserts into its range fail ("no partition of relation found"), with CONCURRENTLY too;
INHERIT and NO INHERIT change what a query on the parent finds, without any error. So does a table
that is born as the child of an old one: what the new version writes there, or the migration itself,
the running version finds in the parent, and updates and deletes there. A part that is a foreign
table is asked with the rights of whoever asks the parent.
"""

from collections.abc import Iterator

from msgspec import structs

from cdkit.core.finding import Confidence, Fix, Severity
from cdkit.core.rule import Example
from cdkit.migrations.net import eased
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import CreateTable, MovePartition
from cdkit.migrations.rule import COMPATIBLE, Context, Hit, LintRule
from cdkit.migrations.schema import Table
from cdkit.migrations.ways import later


def check(operation: MovePartition | CreateTable, context: Context) -> Iterator[Hit]:
    """Flag what the running version can notice; a new partition is none of it."""
    if isinstance(operation, CreateTable):
        yield from _born(operation, context)
        return
    schema = context.schema
    child = schema.table(operation.other)
    if schema.is_new_table(operation.table):
        return
    if child and schema.is_new(child.epoch) and not child.filled:
        return
    if child and schema.is_new(child.epoch) and _only_moved(operation, context):
        return
    attaches = operation.action == "ATTACH PARTITION"
    other = "" if operation.other == operation.table else f"{operation.other} "
    hit = Hit(
        message=f"{operation.action} {other}on {operation.table}: its rows "
        f"{'appear in' if attaches or operation.action == 'INHERIT' else 'vanish from'} the table",
        about=str(operation.table),
        severity=_severity(operation, context) if attaches else None,
        fix=Fix(
            summary="see that no running version reads or writes these rows any more",
            replacement=later(operation, "a version that does without these rows there"),
        ),
    )
    if operation.action == "DETACH PARTITION" and _is_attached_again(operation, context):
        hit = _with_other_bounds(operation, hit)
    yield from eased(hit, context, undone=_is_back(operation, context))


def _with_other_bounds(operation: MovePartition, hit: Hit) -> Hit:
    """ATTACH sees that all rows belong there: none is missing, and others may be refused."""
    return structs.replace(
        hit,
        message=f"{operation.other} takes other rows of {operation.table} than before: what a "
        "running version writes is refused where it belongs into no partition any more",
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary="let what the partition took be taken: by it, by others of the same "
            "transaction, or by a DEFAULT one",
            replacement=later(operation, "a version that writes no such rows"),
        ),
    )


def _only_moved(operation: MovePartition, context: Context) -> bool:
    """Whether all rows of a new partition were in another one of the same table before."""
    if operation.action != "ATTACH PARTITION" or context.server.engine != "postgres":
        return False
    from cdkit.migrations.postgres.moves import only_moved

    return only_moved(operation.other, operation.table, context)


def _born(made: CreateTable, context: Context) -> Iterator[Hit]:
    """Tell of a new child of an old table; its rows are the parent's from the first one on."""
    schema = context.schema
    parents = [each for each in made.parents if not schema.is_new_table(each)]
    if parents and made.statement.kind == _FOREIGN:
        yield _foreign(made, parents[0])
        return
    if made.partition or not parents or schema.table(made.table):
        return
    filled = context.ahead.writes_into(made.table)
    yield Hit(
        message=f"{made.table} inherits {parents[0]}: its rows appear in the table"
        + ("" if filled else " as soon as it has some"),
        about=str(parents[0]),
        severity=Severity.MEDIUM if filled else Severity.LOW,
        fix=Fix(
            summary="let it stand alone until no running version reads the parent without ONLY",
            replacement=later(made, "a version that reads the parent alone (SELECT … FROM ONLY)"),
        ),
    )


_FOREIGN = "CreateForeignTableStmt"


def _foreign(made: CreateTable, parent: Name) -> Hit:
    """Tell of rows of another server that a query on an old table asks for from now on."""
    return Hit(
        message=f"{made.table} is of another server, and a part of {parent}: a query of a running "
        "version on that asks there, and fails where its role has no user mapping",
        about=str(parent),
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        fix=Fix(
            summary="make the user mapping of each role that reads or writes the table first",
            replacement=later(made, "a user mapping for each role of the running version"),
        ),
    )


def _severity(operation: MovePartition, context: Context) -> Severity:
    """Rows that this change wrote appear for sure; whether others are there, nobody knows."""
    child = context.schema.table(operation.other)
    return Severity.MEDIUM if child and child.filled else Severity.LOW


def _is_back(operation: MovePartition, context: Context) -> bool:
    """Whether the child has the parents, and takes the rows, that it did before."""
    if operation.other == operation.table:
        # MySQL's partitions have no name of their own among tables: their rows are gone.
        return False
    old = context.released.table(operation.other)
    new = context.ahead.end.table(operation.other)
    if not old or not new or old.parents != new.parents:
        return False
    return old.bound == new.bound or _are_taken(old, operation.table, context)


def _are_taken(old: Table, parent: Name, context: Context) -> bool:
    """Whether what a partition took is taken by those that there are at the end."""
    if not old.bound or context.server.engine != "postgres":
        return False
    from cdkit.migrations.postgres.bounds import covers

    end = context.ahead.end
    full = end.full(parent)
    held = (end.tables.get(each) for each in end.children.get(full, ()))
    bounds = [each.bound for each in held if each and full in each.parents]
    return "DEFAULT" in bounds or covers(bounds, old.bound)


def _is_attached_again(operation: MovePartition, context: Context) -> bool:
    new = context.ahead.end.table(operation.other)
    return new is not None and context.schema.full(operation.table) in new.parents


RULE = LintRule(
    severity=Severity.HIGH,
    question=COMPATIBLE,
    on=(MovePartition, CreateTable),
    check=check,
    instead="See that no running version reads or writes these rows any more.",
    bad=(
        Example(
            text="CREATE TABLE o (a int) PARTITION BY LIST (a);\nCREATE FOREIGN DATA WRAPPER w;\n"
            "CREATE SERVER s FOREIGN DATA WRAPPER w;\n-- released\n"
            "CREATE FOREIGN TABLE q PARTITION OF o FOR VALUES IN (1) SERVER s;",
            line=5,
        ),
        Example(text="ALTER TABLE events DETACH PARTITION events_2024 CONCURRENTLY;", line=1),
        Example(text="ALTER TABLE events_old NO INHERIT events;", line=1),
        Example(
            text="CREATE TABLE memos (urgent bool) INHERITS (events);\n"
            "INSERT INTO memos VALUES (1, true);",
            line=1,
        ),
    ),
    good=(
        Example(text="CREATE TABLE a (a int);\nCREATE TABLE b () INHERITS (a);"),
        Example(
            text="CREATE TABLE events_2027 (a int);\n"
            "ALTER TABLE events ATTACH PARTITION events_2027 FOR VALUES IN (1);"
        ),
    ),
    sources=("https://www.postgresql.org/docs/current/sql-altertable.html",),
)
