"""Which locks an operation takes besides its own: on partitions, on views, on who refers to it.

Seen in `pg_locks` of PostgreSQL 15 and 18. The lock on the table that is named is in `locks.py`.
"""

from collections.abc import Iterable, Iterator

from cdkit.migrations import operation as op
from cdkit.migrations.kinds import Kinds
from cdkit.migrations.nouns import Constraint, Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.postgres.locks import (
    ACCESS_EXCLUSIVE,
    SHARE_ROW_EXCLUSIVE,
    SHARE_UPDATE_EXCLUSIVE,
)
from cdkit.migrations.postgres.shown import taken_along
from cdkit.migrations.schema import Schema

Locks = Iterator[tuple[str, Name]]

_OF_COLUMNS = (
    *(op.AddColumn, op.DropColumn, op.RenameColumn, op.ChangeType),
    *(op.SetNotNull, op.DropNotNull, op.SetDefault, op.DropDefault, op.Truncate, op.LockTable),
)
"""What goes on to all tables that inherit from one."""
_TAKING_MORE = Kinds(
    *(op.OnTable, op.CreateTable, op.DropObject, op.CreateObject, op.RenameObject),
    op.ChangeSequence,
)
_OF_PARTITIONS = (*_OF_COLUMNS, op.AddConstraint, op.DropConstraint, op.CreateIndex)


def other_locks(operation: Operation, schema: Schema, lock: str) -> Iterable[tuple[str, Name]]:
    """Return the other locks that an operation takes, each with the table or view that it is on.

    `lock` is the one on the table that is named, which goes on to those that inherit from it.
    """
    # Most are on a table that stands alone, and a generator costs more than these questions.
    if not _TAKING_MORE[type(operation)]:
        return ()
    if isinstance(operation, op.OnTable) and not _names_another(operation):
        full = schema.full(operation.table)
        known = full in schema.children or full in schema.referring or full in schema.showing
        if not known:
            return ()
    return _other_locks(operation, schema, lock)


def _names_another(operation: op.OnTable) -> bool:
    if isinstance(operation, op.AddColumn):
        return bool(operation.column.constraints)
    if isinstance(operation, op.AddConstraint):
        return operation.constraint.references is not None
    return isinstance(operation, op.MovePartition | op.DropConstraint)


def _other_locks(operation: Operation, schema: Schema, lock: str) -> Locks:
    match operation:
        case op.MovePartition(table=table, other=other, action=action):
            yield from _of_partition(table, other, action, schema)
        case op.CreateTable(bound=bound, parents=parents) if bound:
            yield from _of_default(parents[0], schema)
        case op.OnTable(table=table):
            yield from _on_table(operation, schema.full(table), lock, schema)
        case op.DropObject():
            yield from _of_drop(operation, schema)
        case op.CreateObject(kind="view", name=name, replace=True) if schema.thing(name):
            yield ACCESS_EXCLUSIVE, name
        case op.RenameObject(kind="view", name=name):
            yield ACCESS_EXCLUSIVE, name
        case op.ChangeSequence(sequence=name, options=options) if "setval" not in options:
            yield SHARE_ROW_EXCLUSIVE, name
        case _:
            pass


def _on_table(operation: op.OnTable, full: Name, lock: str, schema: Schema) -> Locks:
    if isinstance(operation, op.AddColumn):
        for each in operation.column.constraints:
            if each.references:
                yield SHARE_ROW_EXCLUSIVE, each.references
    constraint = _constraint(operation, full, schema)
    if constraint and constraint.references:
        for child, _ in below(schema.full(constraint.references), schema):
            yield lock, child
    going = (
        child
        for child, is_partition in below(full, schema)
        if (constraint and constraint.kind == "check")
        or _goes_on(operation, is_partition=is_partition)
    )
    # The words are read only where there is somebody whom they may be about: they can be many.
    children, along = list(going), list(_along(operation, full, schema))
    words = operation.statement.source.lower().split() if children or along else ()
    for child in () if "only" in words else children:
        yield lock, child
    if any(each.startswith("cascade") for each in words):
        yield from along


def _constraint(operation: op.OnTable, full: Name, schema: Schema) -> Constraint | None:
    """Return the constraint that is added or dropped; None where it is another change."""
    if isinstance(operation, op.DropConstraint):
        return schema.constraint(full, operation.constraint)
    return operation.constraint if isinstance(operation, op.AddConstraint) else None


def _goes_on(operation: op.OnTable, *, is_partition: bool) -> bool:
    """Whether what is done to a table is done to those that inherit from it."""
    if isinstance(operation, op.ChangeTrigger):
        return is_partition and _is_made(operation)
    return isinstance(operation, _OF_PARTITIONS if is_partition else _OF_COLUMNS)


def _along(operation: op.OnTable, table: Name, schema: Schema) -> Locks:
    """Yield what CASCADE takes along."""
    if isinstance(operation, op.Truncate | op.DropConstraint):
        for other in _referring(table, schema):
            yield ACCESS_EXCLUSIVE, other
    if isinstance(operation, op.DropColumn):
        for view in taken_along(table, operation.column, schema):
            yield ACCESS_EXCLUSIVE, view


def _is_made(changed: op.ChangeTrigger) -> bool:
    return changed.action.startswith("CREATE") and changed.action.endswith("TRIGGER")


def below(table: Name, schema: Schema) -> Iterator[tuple[Name, bool]]:
    """Yield all that inherits from a table, and whether it is a partition."""
    for name in schema.children.get(table, ()):
        child = schema.tables.get(name)
        if child and table in child.parents and name != table:
            yield name, bool(child.bound)
            yield from below(name, schema)


def _of_partition(table: Name, other: Name, action: str, schema: Schema) -> Locks:
    if action == "ATTACH PARTITION":
        yield ACCESS_EXCLUSIVE, other
    if action == "INHERIT":
        yield SHARE_UPDATE_EXCLUSIVE, table
    if action == "DETACH PARTITION":
        for child, _ in below(schema.full(other), schema):
            yield ACCESS_EXCLUSIVE, child
    if action.endswith("PARTITION"):
        yield from _of_default(table, schema)


def _of_default(parent: Name, schema: Schema) -> Locks:
    """A new partition takes what would have gone to the DEFAULT one, whose rows are looked at."""
    for name, _ in below(schema.full(parent), schema):
        if schema.tables[name].bound == "DEFAULT":
            yield ACCESS_EXCLUSIVE, name


def _of_drop(dropped: op.DropObject, schema: Schema) -> Locks:
    if dropped.kind == "view":
        yield ACCESS_EXCLUSIVE, dropped.name
    if dropped.kind.endswith("view") and dropped.cascade:
        for view in taken_along(schema.full(dropped.name), "", schema):
            yield ACCESS_EXCLUSIVE, view
    elif dropped.kind == "index" and (index := schema.index(dropped.name)):
        for child, is_partition in below(index.table, schema):
            if is_partition:
                yield ACCESS_EXCLUSIVE, child
    elif dropped.kind == "table":
        yield from _of_dropped_table(dropped, schema)


def _of_dropped_table(dropped: op.DropObject, schema: Schema) -> Locks:
    full, table = schema.full(dropped.name), schema.table(dropped.name)
    for parent in sorted(table.parents) if table and table.bound else ():
        yield from _of_default(parent, schema)
    for child, is_partition in below(full, schema):
        if is_partition or dropped.cascade:
            yield ACCESS_EXCLUSIVE, child
    others = (*_referring(full, schema), *taken_along(full, "", schema)) if dropped.cascade else ()
    for other in others:
        yield ACCESS_EXCLUSIVE, other


def _referring(table: Name, schema: Schema) -> Iterator[Name]:
    """Yield the other tables that have a foreign key to this one, each once."""
    yield from dict.fromkeys(name for name, _ in schema.leading_to(table) if name != table)
