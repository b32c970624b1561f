"""Which lock an operation takes on a table that others use (PostgreSQL manual, 13.3 and ALTER)."""

from collections.abc import Iterator

from cdkit.migrations import operation as op
from cdkit.migrations.anew import ChangeConstraint, Publish
from cdkit.migrations.domains import RestrictDomain, ValidateDomain
from cdkit.migrations.enums import named
from cdkit.migrations.kinds import Kinds
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.privileges import Revoke
from cdkit.migrations.schema import Schema

ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"
EXCLUSIVE = "EXCLUSIVE"
SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"
SHARE = "SHARE"
SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"
BLOCKING = frozenset({ACCESS_EXCLUSIVE, EXCLUSIVE, SHARE_ROW_EXCLUSIVE, SHARE})
"""Locks that stop writes; ACCESS EXCLUSIVE stops reads as well."""

LOCKING: tuple[type[Operation], ...] = (
    op.AddColumn,
    op.AddConstraint,
    ChangeConstraint,
    op.ChangeIdentity,
    op.ChangeRowSecurity,
    op.ChangeSequence,
    op.ChangeTable,
    op.ChangeTrigger,
    op.ChangeType,
    op.CreateIndex,
    op.CreateObject,
    op.CreateTable,
    op.DropColumn,
    op.DropConstraint,
    op.DropDefault,
    op.DropNotNull,
    op.DropObject,
    op.LockTable,
    op.MovePartition,
    op.Refresh,
    op.Reindex,
    op.RenameColumn,
    op.RenameObject,
    op.RenameTable,
    RestrictDomain,
    Revoke,
    op.RewriteTable,
    op.SetDefault,
    op.SetNotNull,
    op.Truncate,
    ValidateDomain,
)
"""What can take one of them, on what it names or (`other_locks.py`) by the way."""

_LIGHTER: dict[type[Operation], str] = {
    op.ValidateConstraint: SHARE_UPDATE_EXCLUSIVE,
    op.WriteRows: "ROW EXCLUSIVE",
    op.ChangeTrigger: SHARE_ROW_EXCLUSIVE,
    Publish: SHARE_UPDATE_EXCLUSIVE,
}


_OTHERWISE = Kinds(
    *(op.CreateIndex, op.AddConstraint, op.DropConstraint, op.ChangeTable, op.LockTable),
    *(op.MovePartition, op.ChangeTrigger),
)
"""What takes another lock, or one on more tables, by what it is itself."""


def lock_of(operation: Operation, schema: Schema) -> tuple[str, tuple[Name, ...]]:
    """Return the strongest lock that an operation takes, and on which tables; empty for none.

    What it takes by the way on others is in `other_locks.py`.
    """
    match operation:
        case op.OnTable():
            return _on_table(operation, schema)
        case op.CreateTable():
            return _of_new(operation)
        case op.DropObject() | op.RenameObject() | op.Refresh() | op.Reindex():
            return _of_object(operation, schema)
        case RestrictDomain() | ValidateDomain():
            return _of_domain(operation, schema)
        case Revoke(action="OWNER TO", objects=objects):
            return ACCESS_EXCLUSIVE, tuple(x for x in objects if schema.kind_of(x) in _OWNED)
        case _:
            return "", ()


def _on_table(operation: op.OnTable, schema: Schema) -> tuple[str, tuple[Name, ...]]:
    table = operation.table
    thing = schema.thing(table)
    if thing and thing.kind not in _VIEWS and not schema.table(table):
        return "", ()
    lock = _LIGHTER.get(type(operation), ACCESS_EXCLUSIVE)
    if not _OTHERWISE[type(operation)]:
        return lock, (table,)
    match operation:
        case op.CreateIndex(concurrently=concurrently):
            lock = SHARE_UPDATE_EXCLUSIVE if concurrently else SHARE
        case op.AddConstraint(constraint=constraint) if constraint.references:
            return SHARE_ROW_EXCLUSIVE, (table, constraint.references)
        case op.DropConstraint(constraint=name):
            found = schema.constraint(table, name)
            other = (found.references,) if found and found.references else ()
            return lock, (table, *other)
        case op.ChangeTable(lock=named) | op.LockTable(lock=named):
            lock = named
        case op.MovePartition():
            return _of_partition(operation)
        case op.ChangeTrigger(action=action) if action.endswith("RULE") or action[:4] == "DROP":
            lock = ACCESS_EXCLUSIVE
        case _:
            pass
    return lock, (table,)


_VIEWS = frozenset({"view", "materialized view"})


def _of_partition(moved: op.MovePartition) -> tuple[str, tuple[Name, ...]]:
    if moved.action == "ATTACH PARTITION" or moved.concurrently:
        return SHARE_UPDATE_EXCLUSIVE, (moved.table,)
    if moved.action == "DETACH PARTITION":
        return ACCESS_EXCLUSIVE, (moved.table, moved.other)
    return ACCESS_EXCLUSIVE, (moved.other,)


def _of_object(
    operation: op.DropObject | op.RenameObject | op.Refresh | op.Reindex, schema: Schema
) -> tuple[str, tuple[Name, ...]]:
    match operation:
        case op.Reindex():
            return _of_reindex(operation, schema)
        case op.Refresh(concurrently=concurrently, view=view):
            return EXCLUSIVE if concurrently else ACCESS_EXCLUSIVE, (view,)
        case op.DropObject(kind="index", name=name, concurrently=concurrently):
            index = schema.index(name)
            lock = SHARE_UPDATE_EXCLUSIVE if concurrently else ACCESS_EXCLUSIVE
            return (lock, (index.table,)) if index else ("", ())
        case op.RenameObject(table=table) if table:
            return ACCESS_EXCLUSIVE, (table,)
        case op.DropObject(name=name, kind=kind) | op.RenameObject(name=name, kind=kind):
            return (ACCESS_EXCLUSIVE, _dropped(name, schema)) if kind in _LOCKED else ("", ())


def _of_reindex(made: op.Reindex, schema: Schema) -> tuple[str, tuple[Name, ...]]:
    """The table's, whose writes wait; what is read by an index of it waits for that besides."""
    lock = SHARE_UPDATE_EXCLUSIVE if made.concurrently else SHARE
    if made.kind == "table":
        return lock, (made.name,)
    index = schema.index(made.name) if made.kind == "index" else None
    return (lock, (index.table,)) if index else ("", ())


_LOCKED = frozenset({"table", "materialized view", "sequence"})
_OWNED = frozenset({"table", *_VIEWS})


def _dropped(name: Name, schema: Schema) -> tuple[Name, ...]:
    """Return a table, the parents that it is a partition of, and the tables that it refers to."""
    table = schema.table(name)
    if table is None:
        return (name,)
    referred = [x.references for x in table.constraints.values() if x.references]
    parents = sorted(table.parents) if table.bound else ()
    return (name, *parents, *dict.fromkeys(x for x in referred if x != name))


def _of_domain(
    made: RestrictDomain | ValidateDomain, schema: Schema
) -> tuple[str, tuple[Name, ...]]:
    """Whoever looks at rows keeps others from writing them; VALIDATE does so, too."""
    if isinstance(made, RestrictDomain) and not made.constraint.valid:
        return "", ()
    return SHARE, tuple(_using(made.domain, schema))


def _using(domain: Name, schema: Schema) -> Iterator[Name]:
    full = schema.full(domain)
    for name, table in schema.tables.items():
        if any(named(column.type, schema) == full for column in table.columns.values()):
            yield name


def _of_new(made: op.CreateTable) -> tuple[str, tuple[Name, ...]]:
    if made.partition and made.parents:
        return ACCESS_EXCLUSIVE, made.parents
    return _of_references(made) or (SHARE_UPDATE_EXCLUSIVE, made.parents)


def _of_references(made: op.CreateTable) -> tuple[str, tuple[Name, ...]] | None:
    """A new table's foreign keys lock the tables that they refer to."""
    written = [each for column in made.columns for each in column.constraints]
    referred = [each.references for each in (*written, *made.constraints) if each.references]
    return (SHARE_ROW_EXCLUSIVE, tuple(referred)) if referred else None
