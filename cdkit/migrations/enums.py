"""Replaying what becomes of an enum: its labels, in their order, and the columns that have it.

An enum cannot lose a label: who wants that, or another order, makes a second type, moves the
columns over, and gives it the name of the first. So tools write it for a new label, too (Prisma).
"""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import structs

from cdkit.migrations import operation as op
from cdkit.migrations.nouns import Column, Name, Type
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema, Thing


def _add_value(schema: Schema, added: op.AddEnumValue) -> None:
    """Put a label where the statement says; among labels that nobody knows, none is known."""
    found = schema.thing(added.type)
    if found is None or not found.labels or added.value in found.labels:
        return
    labels = list(found.labels)
    side, _, neighbour = added.place.partition(" ")
    if side and neighbour not in labels:
        labels = []
    else:
        at = labels.index(neighbour) + (side == "AFTER") if side else len(labels)
        labels.insert(at, added.value)
    schema.things[schema.full(added.type)] = structs.replace(found, labels=tuple(labels))


def _rename_value(schema: Schema, renamed: op.RenameEnumValue) -> None:
    if found := schema.thing(renamed.type):
        labels = tuple(renamed.to if x == renamed.value else x for x in found.labels)
        schema.things[schema.full(renamed.type)] = structs.replace(found, labels=labels)


def rename_type(schema: Schema, old: Name, new: Name) -> None:
    """Note what a type was called, and give each column of it its new name."""
    if thing := schema.things.get(new):
        epoch = 0 if schema.epoch_of(new) == 0 else thing.epoch
        was = thing.was or (None if schema.is_new(thing.epoch) else old)
        schema.things[new] = structs.replace(thing, was=was, epoch=epoch)
    for table, column in list(_of_type(old, schema)):
        kept = old.schema if "." in column.type.name or old.schema != new.schema else ""
        name = f"{new.schema}.{new.name}" if kept else new.name
        retyped = structs.replace(column.type, name=name)
        schema.put(table, "columns", column.name, structs.replace(column, type=retyped))


def _of_type(name: Name, schema: Schema) -> Iterator[tuple[Name, Column]]:
    """Yield each column of a type, with its table."""
    for table, held in schema.tables.items():
        for column in held.columns.values():
            if named(column.type, schema) == name:
                yield table, column


def named(type_: Type, schema: Schema) -> Name:
    """Return the full name of a type as a column has it."""
    first, _, last = type_.name.rpartition(".")
    return schema.full(Name(first, last))


def takes_all(old: Thing | None, new: Thing | None) -> bool:
    """Whether an enum has all labels of another one, in their order."""
    if old is None or new is None or not old.labels:
        return False
    return tuple(each for each in new.labels if each in old.labels) == old.labels


def type_lacks(name: Name, old: Schema, end: Schema) -> str:
    """Return what the type of this name lacks at the end of what it was; empty for nothing.

    Of a type that is no enum nobody can tell from here.
    """
    before, after = old.thing(name), end.thing(name)
    if not (before and after and before.labels and after.labels):
        return "nobody can tell from here whether it takes the same values"
    if gone := [each for each in before.labels if each not in after.labels]:
        return f"it lacks {', '.join(gone)}"
    if not takes_all(before, after):
        return "it sorts its values otherwise"
    for table, column in _of_type(name, old):
        now = end.column(table, column.name)
        if now and named(now.type, end) != name:
            return f"{table}.{column.name} is {now.type} by then"
    return ""


def is_the_same_enum(old: Type, new: Type, was: Schema, end: Schema) -> bool:
    """Whether a column's type at the end goes by the same name and takes what the old one did."""
    before, after = named(old, was), named(new, end)
    if before != after or (old.array, old.modifiers) != (new.array, new.modifiers):
        return False
    return takes_all(was.thing(before), end.thing(after))


ENUMS: dict[type[Operation], Callable[[Schema, Any], None]] = {
    op.AddEnumValue: _add_value,
    op.RenameEnumValue: _rename_value,
}
