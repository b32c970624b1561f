"""Which lock an operation takes on a table that others use (PostgreSQL manual, 13.3 and ALTER)."""

from cdkit.migrations import operation as op
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation

ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"
SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"
SHARE = "SHARE"
SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"
BLOCKING = frozenset({ACCESS_EXCLUSIVE, "EXCLUSIVE", SHARE_ROW_EXCLUSIVE, SHARE})
"""Locks that stop writes; ACCESS EXCLUSIVE stops reads as well."""

_LIGHTER: dict[type[Operation], str] = {
    op.ValidateConstraint: SHARE_UPDATE_EXCLUSIVE,
    op.WriteRows: "ROW EXCLUSIVE",
    op.ChangeTrigger: SHARE_ROW_EXCLUSIVE,
}


def lock_of(operation: Operation) -> tuple[str, tuple[Name, ...]]:
    """Return the strongest lock that an operation takes, and on which tables; empty for none."""
    if isinstance(operation, op.OnTable):
        return _on_table(operation)
    if isinstance(operation, op.CreateTable):
        parents = operation.parents if operation.partition else ()
        return (ACCESS_EXCLUSIVE, parents) if parents else _of_references(operation)
    if isinstance(operation, op.DropObject) and operation.kind == "table":
        return ACCESS_EXCLUSIVE, (operation.name,)
    return "", ()


def _on_table(operation: op.OnTable) -> tuple[str, tuple[Name, ...]]:
    table = operation.table
    lock = _LIGHTER.get(type(operation), ACCESS_EXCLUSIVE)
    match operation:
        case op.CreateIndex(concurrently=concurrently):
            lock = SHARE_UPDATE_EXCLUSIVE if concurrently else SHARE
        case op.AddConstraint(constraint=constraint) if constraint.references:
            return SHARE_ROW_EXCLUSIVE, (table, constraint.references)
        case op.ChangeTable(lock=named) | op.LockTable(lock=named):
            lock = named
        case op.MovePartition(action="ATTACH PARTITION") | op.MovePartition(concurrently=True):
            lock = SHARE_UPDATE_EXCLUSIVE
        case op.ChangeTrigger(action="CREATE RULE" | "DROP RULE" | "DROP TRIGGER"):
            lock = ACCESS_EXCLUSIVE
        case _:
            pass
    return lock, (table,)


def _of_references(made: op.CreateTable) -> tuple[str, tuple[Name, ...]]:
    """A new table's foreign keys lock the tables that they refer to."""
    written = [each for column in made.columns for each in column.constraints]
    referred = [each.references for each in (*written, *made.constraints) if each.references]
    return (SHARE_ROW_EXCLUSIVE, tuple(referred)) if referred else ("", ())
