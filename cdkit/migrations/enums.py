"""The values of enum types, and which columns hold them.

An enum loses no value in place: whoever takes one away, or must run in a transaction, makes the
type anew, turns the columns over to it, and gives it the old name. To those who run it is then the
same type if it has their values in their order.
"""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.nouns import Name, Type
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema


def type_of(schema: Schema, kind: Type) -> Name:
    """Return the type that is meant, with its schema, whether or not it is an array of it."""
    space, _, name = kind.name.rpartition(".")
    return schema.full(Name(space, name))


def type_lacks(name: Name, old: Schema, end: Schema) -> str:
    """Return what an enum lacks at the end of what it was; empty for nothing.

    What a type of another sort lacks nobody can tell.
    """
    before, after = old.thing(name), end.thing(name)
    if not (before and after and before.values and after.values):
        return "nobody can tell from here whether it takes the same values"
    if gone := [each for each in before.values if each not in after.values]:
        return f"it lacks {', '.join(gone)}"
    if [each for each in after.values if each in before.values] != [*before.values]:
        return "it sorts its values otherwise"
    full = old.full(name)
    for table, column in _of_type(old, full):
        now = end.column(table, column)
        if now and type_of(end, now.type) != full:
            return f"{table}.{column} is {now.type} by then"
    return ""


def _of_type(schema: Schema, name: Name) -> Iterator[tuple[Name, str]]:
    """Yield the columns of a type, each with its table."""
    for full, table in schema.tables.items():
        for column in table.columns.values():
            if column.type.name.endswith(name.name) and type_of(schema, column.type) == name:
                yield full, column.name


def rename_type(schema: Schema, old: Name, new: Name) -> None:
    """Let the columns of a type, which has another name from now on, be of that one."""
    for table, column in [*_of_type(schema, old)]:
        held = schema.tables[table].columns[column]
        renamed = structs.replace(held.type, name=str(new))
        schema.put(table, "columns", column, structs.replace(held, type=renamed))


def _add(schema: Schema, added: op.AddEnumValue) -> None:
    held = schema.thing(added.type)
    if held is None or not held.values or added.value in held.values:
        return
    values = [*held.values]
    at = values.index(added.beside) if added.beside in values else len(values)
    values.insert(at + added.behind, added.value)
    schema.things[schema.full(added.type)] = structs.replace(held, values=tuple(values))


def _rename(schema: Schema, renamed: op.RenameEnumValue) -> None:
    if held := schema.thing(renamed.type):
        values = (renamed.to if each == renamed.value else each for each in held.values)
        schema.things[schema.full(renamed.type)] = structs.replace(held, values=tuple(values))


ENUMS: dict[type[Operation], Callable[[Schema, Any], None]] = {
    op.AddEnumValue: _add,
    op.RenameEnumValue: _rename,
}
"""How a schema changes by what changes an enum."""
