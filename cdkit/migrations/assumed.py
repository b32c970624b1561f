"""What a migration takes for granted: things that no migration here made, known by name only."""

from collections.abc import Sequence

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.anew import ChangeOption
from cdkit.migrations.indexes import Index
from cdkit.migrations.nouns import Column, Constraint, Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.replay import apply
from cdkit.migrations.schema import Schema, Table, Thing
from cdkit.migrations.schema_diff import UNKNOWN

Both = tuple[Schema, Schema]
"""The schema before all operations, and the same as those so far have made it."""


def assume(schema: Schema, operations: Sequence[Operation]) -> None:
    """Put into a schema what these operations need there, where nobody knows anything of it.

    So what they do, and what takes it back, can be followed without the history that made it.
    """
    probe = schema.copy()
    probe.path = probe.home
    for operation in operations:
        _need((schema, probe), operation)
        apply(probe, operation)


def assume_options(schema: Schema, ups: Sequence[Operation], downs: Sequence[Operation]) -> None:
    """Take for what was there what the way back sets, for options that nobody knows of."""
    before = {name: table.options for name, table in schema.tables.items()}
    meant = schema.copy()
    for operation in (each for each in downs if isinstance(each, ChangeOption)):
        apply(meant, operation)
    for operation in (each for each in ups if isinstance(each, ChangeOption)):
        table, other = schema.table(operation.table), meant.table(operation.table)
        word = operation.option.removeprefix("CONVERT TO ")
        if table and other and word in other.options and word not in before[table.name]:
            held = {**table.options, word: other.options[word]}
            schema.change(table.name, options=held)


def _need(both: Both, operation: Operation) -> None:
    match operation:
        case op.DropObject(kind="table", name=name):
            _table(both, name)
        case op.DropObject(kind="index", name=name):
            full = both[1].full(name)
            for each in both if full not in both[1].indexes else ():
                each.indexes.setdefault(full, Index(table=Name("", "?"), epoch=0))
        case op.DropObject(kind=kind, name=name) if kind not in {"schema", "foreign table"}:
            _thing(both, name, kind)
        case op.RenameObject(name=name, kind=kind, table=None) if kind not in {"index", "schema"}:
            _thing(both, name, kind)
        case op.AddEnumValue(type=name) | op.RenameEnumValue(type=name):
            _thing(both, name, "type")
        case op.OnTable(table=name):
            _table(both, name)
            _inside(both, operation)
        case _:
            pass


def _thing(both: Both, name: Name, kind: str) -> None:
    full = both[1].full(name)
    if full in both[1].things or full in both[1].tables:
        return
    for each in both:
        each.things.setdefault(full, Thing(kind=kind, epoch=0))


def _table(both: Both, name: Name) -> None:
    full = both[1].full(name)
    if full in both[1].tables or full in both[1].things:
        return
    for each in both:
        each.tables.setdefault(full, Table(name=full, epoch=0, known=False))


def _inside(both: Both, operation: op.OnTable) -> None:
    """Put in the column or the constraint that an operation is about, unless it makes it."""
    table = both[1].table(operation.table)
    if table is None or table.known:
        return
    column = getattr(operation, "column", "")
    if isinstance(column, str) and column and column not in table.columns:
        _put(both, table.name, "columns", column, Column(name=column, type=UNKNOWN))
    constraint = getattr(operation, "constraint", "")
    if isinstance(constraint, str) and constraint and constraint not in table.constraints:
        held = Constraint(kind="?", name=constraint)
        _put(both, table.name, "constraints", constraint, held)


def _put(both: Both, table: Name, field: str, name: str, value: Column | Constraint) -> None:
    for each in both:
        if found := each.tables.get(table):
            held = {**getattr(found, field), name: value}
            each.tables[table] = structs.replace(found, **{field: held})
