"""The part of a schema that some operations are about, so that work grows with them alone."""

from collections.abc import Iterable, Iterator

from cdkit.migrations import operation as op
from cdkit.migrations.nouns import TEMPORARY, Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema


def part_of(schema: Schema, operations: Iterable[Operation]) -> Schema:
    """Return a schema of its own that holds what these operations name, and what goes with it.

    That are the indexes of a table, its partitions and heirs, and what leads to it by foreign
    keys. Whatever is left out, none of the operations changes.
    """
    operations = tuple(operations)
    if any(isinstance(each, op.DropObject) and each.cascade for each in operations):
        return schema.copy()  # whatever depends on it goes too
    names: set[Name] = set()
    whole: set[str] = set()
    paths = {schema.home, schema.path}
    for operation in operations:
        match operation:
            case op.SetVariable(name="search_path", value=value):
                paths.add(value.split(",")[0].strip().strip('"'))
            case op.DropObject(kind="schema", name=name):
                whole.add(name.name)
            case _:
                pass
        names.update(_names(operation))
    full = {Name(path, name.name) for name in names if not name.schema for path in paths}
    full |= {Name(TEMPORARY, name.name) for name in names if not name.schema}
    full |= {name for name in names if name.schema}
    for store in (schema.tables, schema.things) if whole else ():
        full |= {name for name in store if name.schema in whole}
    return _taken(schema, full)


def _names(operation: Operation) -> Iterator[Name]:
    """Yield every name in an operation."""
    for field in operation.__struct_fields__:
        value = getattr(operation, field)
        if isinstance(value, Name):
            yield value
        elif isinstance(value, tuple):
            yield from (each for each in value if isinstance(each, Name))


def _taken(schema: Schema, names: set[Name]) -> Schema:
    made = schema.copy(empty=True)
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if thing := schema.things.get(name):
            made.things[name] = thing
        if index := schema.indexes.get(name):
            made.indexes[name] = index
            waiting += [index.table] if index.table not in made.tables else []
        table = schema.tables.get(name)
        if table is None or name in made.tables:
            continue
        made.tables[name] = table
        made.indexes.update({each: schema.indexes[each] for each in schema.indexes.of(name)})
        for each in table.columns.values():
            if each.serial or each.identity:
                waiting.append(Name(name.schema, f"{name.name}_{each.name}_seq"))
        for hints in ("children", "referring", "showing"):
            getattr(made, hints)[name] = found = getattr(schema, hints).get(name, {})
            waiting += found if hints != "showing" else ()
    return made
