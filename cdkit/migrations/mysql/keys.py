"""What MySQL and MariaDB refuse for the sake of a foreign key that stays.

Sources: MySQL manual, "FOREIGN KEY Constraints" (both sides need an index that begins with the
columns; their types are alike), `foreign_key_checks` (0 lets both go), "Restrictions and
Limitations on Partitioning"; MariaDB 10.11 itself, which refuses another type even then (errors
1553, 1832, 1833), and partitions (1217, 1506).
"""

from collections.abc import Iterator

from cdkit.migrations import operation as op
from cdkit.migrations.anew import AlterTable, ChangeColumn, ChangeOption
from cdkit.migrations.engine import Server
from cdkit.migrations.nouns import Column, Constraint, Name
from cdkit.migrations.schema import Schema, Table

_DROPPED = "drop the foreign key in the same statement, and add it again afterwards"
_OTHER = "add another index that begins with these columns in the same statement"


def refuses(whole: AlterTable, schema: Schema, server: Server) -> tuple[str, str] | None:
    """Return what a foreign key forbids an ALTER TABLE, and what to do; None where it is taken."""
    table = schema.table(whole.table)
    if table is None:
        return None
    if what := _in_partitions(whole, table, schema, server):
        return what, "drop the foreign key first, or leave the table in one piece"
    return _for_indexes(whole, table, schema, server)


def _for_indexes(
    whole: AlterTable, table: Table, schema: Schema, server: Server
) -> tuple[str, str] | None:
    unchecked = schema.settings.get("foreign_key_checks", "").lower() in {"0", "off", "false"}
    if unchecked and server.engine == "mysql":
        return None
    keys = list(_keys(whole, table, schema))
    if not keys:
        return None
    for part in whole.parts:
        if isinstance(part, ChangeColumn):
            old = table.columns.get(part.column)
            key = next((key for key, columns in keys if part.column in columns), None)
            if key and old and _is_other(old, part.new, server):
                what = f"{server.engine} changes no type of a column in the foreign key {key.name}"
                return what, _DROPPED
    if unchecked:
        return None
    gone = {name for part in whole.parts if (name := _dropped(part, schema))}
    for key, columns in keys if gone else ():
        if _serves(gone, columns, schema) and not _is_served(whole, gone, table, columns, schema):
            return f"{server.engine} keeps the index that the foreign key {key.name} needs", _OTHER
    return None


def _in_partitions(whole: AlterTable, table: Table, schema: Schema, server: Server) -> str:
    """Say that a partitioned table has no foreign key, and none leads to it, where one would."""
    kept = any(each.kind == "foreign key" for each in table.constraints.values())
    for part in whole.parts:
        if isinstance(part, ChangeOption) and part.option == "PARTITION BY":
            if kept or any(schema.leading_to(table.name)):
                return f"{server.engine} partitions no table that a foreign key is of, or leads to"
        elif isinstance(part, op.AddConstraint) and part.constraint.references is not None:
            other = schema.table(part.constraint.references)
            if any("PARTITION BY" in each.options for each in (table, other) if each):
                return f"{server.engine} has no foreign key of a partitioned table, or to one"
    return ""


def _keys(
    whole: AlterTable, table: Table, schema: Schema
) -> Iterator[tuple[Constraint, tuple[str, ...]]]:
    """Yield the foreign keys of a table and those that lead to it, with the columns that it has.

    Those that the same statement drops are left out.
    """
    dropped = {part.constraint for part in whole.parts if isinstance(part, op.DropConstraint)}
    for key in table.constraints.values():
        if key.kind == "foreign key" and key.name not in dropped:
            yield key, key.columns
    for _, key in schema.leading_to(table.name):
        if key.refers and key.name not in dropped:
            yield key, key.refers


def _is_other(old: Column, new: Column, server: Server) -> bool:
    """Whether a type is another one to the server; MySQL lets a varchar grow."""
    one, two = old.type, new.type
    if (one.name, one.unsigned) != (two.name, two.unsigned):
        return True
    return server.engine == "mariadb" and "char" in one.name and one.modifiers != two.modifiers


def _dropped(part: op.Operation, schema: Schema) -> Name | None:
    """Return the index that a part drops, where one of that name is known.

    Not of a primary key: MariaDB was seen to let it go, and to refuse it.
    """
    if not isinstance(part, op.DropObject) or part.kind != "index":
        return None
    name = schema.full(part.name)
    return name if name in schema.indexes else None


def _serves(names: set[Name], columns: tuple[str, ...], schema: Schema) -> bool:
    return any(schema.indexes[name].columns[: len(columns)] == columns for name in names)


def _is_served(
    whole: AlterTable, gone: set[Name], table: Table, columns: tuple[str, ...], schema: Schema
) -> bool:
    """Whether an index that stays, or comes with the statement, begins with the columns."""
    if _serves(set(schema.indexes.of(table.name)) - gone, columns, schema):
        return True
    made = (
        part.columns if isinstance(part, op.CreateIndex) else part.constraint.columns
        for part in whole.parts
        if isinstance(part, op.CreateIndex | op.AddConstraint)
    )
    return any(each[: len(columns)] == columns for each in made)
