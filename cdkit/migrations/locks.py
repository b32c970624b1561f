"""Which lock an operation takes on a table that others use (PostgreSQL manual, 13.3 and ALTER)."""

from cdkit.migrations import operation as op
from cdkit.migrations.operation import Name, Operation

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
    match operation:
        case op.CreateIndex(concurrently=True, table=table):
            return SHARE_UPDATE_EXCLUSIVE, (table,)
        case op.CreateIndex(table=table):
            return SHARE, (table,)
        case op.AddConstraint(table=table, constraint=constraint) if constraint.references:
            return SHARE_ROW_EXCLUSIVE, (table, constraint.references)
        case op.ChangeTable(lock=lock, table=table) | op.LockTable(lock=lock, table=table):
            return lock, (table,)
        case op.MovePartition(action="ATTACH PARTITION", table=table):
            return SHARE_UPDATE_EXCLUSIVE, (table,)
        case op.CreateTable(parents=parents, partition=True):
            return ACCESS_EXCLUSIVE, parents
        case op.CreateTable():
            return _of_references(operation)
        case op.DropObject(kind="table", name=name):
            return ACCESS_EXCLUSIVE, (name,)
        case op.ChangeTrigger(action="CREATE RULE" | "DROP RULE" | "DROP TRIGGER", table=table):
            return ACCESS_EXCLUSIVE, (table,)
        case op.OnTable(table=table):
            return _LIGHTER.get(type(operation), ACCESS_EXCLUSIVE), (table,)
        case _:
            return "", ()


def _of_references(made: op.CreateTable) -> tuple[str, tuple[Name, ...]]:
    """A new table's foreign keys lock the tables that they refer to."""
    written = [each for column in made.columns for each in column.constraints]
    referred = [each.references for each in (*written, *made.constraints) if each.references]
    return (SHARE_ROW_EXCLUSIVE, tuple(referred)) if referred else ("", ())
