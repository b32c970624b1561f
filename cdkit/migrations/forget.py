"""What a schema forgets with a thing that goes: indexes, partitions and heirs, foreign keys."""

from collections.abc import MutableMapping
from typing import Any

from msgspec import structs

from cdkit.migrations.nouns import Column, Name, Type
from cdkit.migrations.operation import DropObject
from cdkit.migrations.schema import Schema


def stores(schema: Schema) -> tuple[MutableMapping[Name, Any], ...]:
    """Return what holds things by name."""
    return (schema.tables, schema.indexes, schema.things)


def forget_indexes(schema: Schema, table: Name, column: str = "") -> None:
    """Forget the indexes of a table, or those that a column is part of: they go with it."""
    for name in schema.indexes.of(table):
        if not column or column in schema.indexes[name].columns:
            del schema.indexes[name]


def forget_index(schema: Schema, name: Name) -> None:
    """Forget an index; a table whose replica identity it is has none then, whatever comes later."""
    index = schema.indexes.pop(name, None)
    table = schema.tables.get(index.table) if index else None
    if table and table.options.get(IDENTITY) == f"i:{name.name}":
        schema.change(table.name, options={**table.options, IDENTITY: "n"})


IDENTITY = "REPLICA IDENTITY"
"""The option of a table that says by what its rows are told apart for those who replicate it."""


def forget_children(schema: Schema, gone: Name, *, cascade: bool) -> None:
    """Forget the partitions of a table that is gone; with CASCADE what inherits from it too."""
    for name in schema.children.get(gone, ()):
        table = schema.tables.get(name)
        if table and gone in table.parents and (table.partition or cascade):
            forget_table(schema, name)
            forget_children(schema, name, cascade=cascade)


def forget_references(schema: Schema, gone: Name) -> None:
    """Forget the foreign keys that lead to a table: CASCADE takes them along."""
    for name in schema.referring.get(gone, ()):
        table = schema.tables.get(name)
        held = table.constraints if table else {}
        left = {
            k: v
            for k, v in held.items()
            if v.references is None or schema.full(v.references) != gone
        }
        if table and len(left) < len(held):
            schema.tables[name] = structs.replace(table, constraints=left)


def forget_sequence(schema: Schema, table: Name, column: Column) -> None:
    """Forget the sequence that a serial or identity column owns: it goes with the column."""
    name = Name(table.schema, f"{table.name}_{column.name}_seq")
    thing = schema.things.get(name) if column.serial or column.identity else None
    if thing and thing.kind == "sequence":
        del schema.things[name]
        schema.grants.drop("sequence", name)


def forget_table(schema: Schema, name: Name) -> None:
    """Forget a table, with its indexes, sequences and what was granted on it."""
    table = schema.tables.pop(name, None)
    for column in table.columns.values() if table else ():
        forget_sequence(schema, name, column)
    schema.grants.drop("table", name)
    forget_indexes(schema, name)


def forget_shown(schema: Schema, gone: Name) -> None:
    """Forget the views that show a table or view which goes: CASCADE takes them along."""
    for name in schema.showing.get(gone, ()):
        thing = schema.things.get(name)
        if thing and thing.query and gone in map(schema.full, thing.query.sources):
            _forget_view(schema, name)
            schema.grants.drop(thing.kind, name)
            forget_shown(schema, name)


def _forget_callers(schema: Schema, gone: Name) -> None:
    """Forget the triggers that call a function which goes: CASCADE takes them along."""
    for name, table in list(schema.tables.items()):
        left = {k: v for k, v in table.triggers.items() if schema.full(v.function) != gone}
        if len(left) < len(table.triggers):
            schema.tables[name] = structs.replace(table, triggers=left)


def _forget_view(schema: Schema, name: Name) -> None:
    """Forget a view, or anything else that is no table; SQLite's have triggers, which go along."""
    thing = schema.things.pop(name, None)
    if thing and thing.kind == "materialized view":
        forget_indexes(schema, name)
    if thing and thing.kind == "view" and not schema.home:
        for each in [each for each, other in schema.things.items() if other.is_on(name)]:
            del schema.things[each]


def forget_schema(schema: Schema, gone: str) -> None:
    """Forget all that is in a schema of this name."""
    for store in stores(schema):
        for name in [name for name in store if name.schema == gone]:
            if store is schema.tables:
                forget_table(schema, name)
            else:
                del store[name]


def _forget_routine(schema: Schema, name: Name, takes: tuple[Type, ...]) -> None:
    """Forget a function of these types; its namesakes stay."""
    thing = schema.things[name]
    left = {types: routine for types, routine in thing.routines.items() if types != takes}
    if left:
        schema.things[name] = structs.replace(thing, routines=left)
    else:
        schema.things.pop(name)
        schema.grants.drop("function", name)


def forget_thing(schema: Schema, name: Name, dropped: DropObject) -> None:
    """Forget what is no table, index or schema; with CASCADE the views and triggers on it too."""
    if dropped.cascade and dropped.kind in {"function", "routine"}:
        _forget_callers(schema, name)
    if dropped.takes is not None and name in schema.things:
        _forget_routine(schema, name, dropped.takes)
        return
    if dropped.cascade:
        forget_shown(schema, name)
    _forget_view(schema, name)
    schema.grants.drop(dropped.kind, name)
