"""Parts of a block of code that run only where something is there, or that undo themselves.

`IF NOT EXISTS (SELECT … FROM information_schema.columns …) THEN …` and `EXCEPTION WHEN
duplicate_column THEN NULL` are IF NOT EXISTS in other words. What ends in an exception that the
block itself catches is undone (PostgreSQL manual, 43.6.8 "Trapping Errors").
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from cdkit.migrations import operation as op
from cdkit.migrations.kinds import Kinds
from cdkit.migrations.lazy import pattern
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema, Table

_OF_THE_SERVER = pattern(r"_(?:pkey|key|fkey|check|excl|not_null)\d*$")
"""How names end that the server gives constraints itself: the model may not know each of them."""


class Guard(Struct, frozen=True, kw_only=True):
    """What must be `there`, or must not be: a column or constraint of a table, an index, a type.

    The table may be `anywhere`: the information schema shows those of every schema.
    """

    kind: str
    name: str
    table: Name | None = None
    there: bool = False
    anywhere: bool = False

    def fails(self, schema: Schema) -> bool:
        """Whether it does not hold for sure, on this schema."""
        found = _is_there(self, schema)
        return found is not None and found != self.there

    def holds(self, schema: Schema) -> bool:
        """Whether it holds for sure."""
        return _is_there(self, schema) == self.there


class Branch(op.Harmless, frozen=True, kw_only=True):
    """Where a part begins or ends of what one statement does; it runs where all `guards` hold.

    What `bears` errors is undone where one of its operations fails with one of those. Of the
    sides of an IF, which follow each other and are numbered by `side`, the first that holds runs
    alone; one that `decides` does so for sure where all of its guards hold.
    """

    begins: bool
    guards: tuple[Guard, ...] = ()
    side: int = -1
    decides: bool = False
    undone: bool = False
    bears: tuple[str, ...] = ()


class Undone(op.Harmless, frozen=True, kw_only=True):
    """What a statement does and takes back itself: others see its locks alone."""

    operations: tuple[Operation, ...]


def taken(operations: Iterable[Operation], schema: Schema) -> Iterator[Operation]:
    """Yield what runs of what a statement does, on a schema that is kept up in between."""
    each = tuple(operations)
    index, passed = 0, set[int]()
    while index < len(each):
        one = each[index]
        index += 1
        if not isinstance(one, Branch):
            yield one
            continue
        if one.begins and one.side == 0:  # All that an IF asks for, it asks before it does any.
            passed.update(_passed_over(each, index - 1, schema))
        fails = one.side < 0 and any(guard.fails(schema) for guard in one.guards)
        if fails or index - 1 in passed:
            index = end_of(each, index - 1) + 1
        elif one.undone:
            end = end_of(each, index - 1)
            inside = tuple(x for x in each[index:end] if not isinstance(x, Branch))
            yield Undone(statement=one.statement, at=one.at, operations=inside)
            index = end + 1


def _passed_over(each: Sequence[Operation], index: int, schema: Schema) -> Iterator[int]:
    """Yield where the sides of an IF begin that do not run for sure; its first is at `index`."""
    side, decided = 0, False
    while index < len(each):
        one = each[index]
        if not isinstance(one, Branch) or not one.begins or one.side != side:
            return
        if decided or any(guard.fails(schema) for guard in one.guards):
            yield index
        decided = decided or (one.decides and all(guard.holds(schema) for guard in one.guards))
        index, side = end_of(each, index) + 1, side + 1


def end_of(operations: Sequence[Operation], begin: int) -> int:
    """Return where the part ends that begins at a place among these operations."""
    depth = 0
    for index in range(begin, len(operations)):
        each = operations[index]
        if isinstance(each, Branch):
            depth += 1 if each.begins else -1
            if not depth:
                return index
    return len(operations)


def _is_there(guard: Guard, schema: Schema) -> bool | None:
    """Return whether the model has it; None where it may be there without the model's knowing."""
    name = Name(guard.table.schema if guard.table else "", guard.name)
    match guard.kind:
        case "column":
            tables = _tables(guard, schema)
            held = any(guard.name in each.columns for each in tables)
            return held or (False if tables and all(each.known for each in tables) else None)
        case "constraint":
            tables = _tables(guard, schema)
            held = any(guard.name in each.constraints for each in tables)
            sure = guard.table and tables and all(each.known for each in tables)
            return held or (False if sure and not _OF_THE_SERVER().search(guard.name) else None)
        case "index":
            return True if schema.index(name) else None
        case "relation":
            found = schema.table(name) or schema.index(name) or schema.thing(name)
            return True if found else None
        case _:
            return True if schema.thing(name) else None


def _tables(guard: Guard, schema: Schema) -> list[Table]:
    """Return the tables that a guard may be about."""
    if guard.table is None:
        return list(schema.tables.values())
    if guard.anywhere:
        return [x for name, x in schema.tables.items() if name.name == guard.table.name]
    table = schema.table(guard.table)
    return [table] if table else []


_ASKING = Kinds(op.AddColumn, op.CreateIndex, op.DropColumn, op.DropConstraint)


def is_idle(operation: Operation, schema: Schema) -> bool:
    """Whether IF [NOT] EXISTS lets it do nothing for sure; its lock it takes all the same."""
    if not _ASKING[type(operation)]:
        return False
    match operation:
        case op.AddColumn(table=table, column=column, if_not_exists=True):
            return Guard(kind="column", name=column.name, table=table).fails(schema)
        case op.CreateIndex(table=table, name=name, if_not_exists=True) if name:
            return schema.index_name(table, name) in schema.indexes
        case op.DropColumn(table=table, column=name, if_exists=True):
            return Guard(kind="column", name=name, table=table, there=True).fails(schema)
        case op.DropConstraint(table=table, constraint=name, if_exists=True):
            return Guard(kind="constraint", name=name, table=table, there=True).fails(schema)
        case _:
            return False
