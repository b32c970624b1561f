"""Keeping what a way back would lose, as SQL: a copy before it goes, its values from the copy."""

from cdkit.migrations import operation as op
from cdkit.migrations.inverse import Speech
from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema
from cdkit.migrations.ways import whole

_KEY = "id"
"""What a key is called where the model knows none; a comment says so."""


def kept(operation: Operation, start: Schema, speech: Speech) -> str:  # noqa: PLR0911 - a list
    """Return how what an operation of a way back loses is kept, or which rows it would fail at.

    `start` is the schema before the migration.
    """
    match operation:
        case op.AddColumn(table=table, column=column):
            return _brought_back(table, column.name, operation, start, speech)
        case op.CreateTable(table=table):
            copy, name = speech.name(_copy(table)), speech.name(table)
            return (
                f"-- in the migration, before it drops the table:\n{_copied(table, speech)}\n"
                f"-- in the way back:\n{whole(operation)}\nINSERT INTO {name} SELECT * FROM {copy};"
            )
        case op.SetNotNull(table=table, column=column):
            said = speech.dialect.quoted(column)
            refused = f"SELECT * FROM {speech.name(table)} WHERE {said} IS NULL;"
            return f"-- what it fails at, to be filled first:\n{refused}\n{whole(operation)}"
        case op.DropColumn(table=table, column=column):
            keys = keys_of(table, start)
            columns = tuple(dict.fromkeys((*keys, column))) if keys else ()
            return f"{_copied(table, speech, columns)}\n{whole(operation)}"
        case op.DropObject(kind="table", name=table):
            return f"{_copied(table, speech)}\n{whole(operation)}"
        case op.OnTable(table=table):
            return f"{_copied(table, speech)}\n{whole(operation)}"
        case _:
            return ""


def _copy(table: Name) -> Name:
    return Name(table.schema, f"{table.name}_kept")


def _copied(table: Name, speech: Speech, columns: tuple[str, ...] = ()) -> str:
    """Return what copies some columns of a table, or all."""
    what = speech.names(columns) or "*"
    return f"CREATE TABLE {speech.name(_copy(table))} AS SELECT {what} FROM {speech.name(table)};"


def _brought_back(
    table: Name, column: str, operation: Operation, start: Schema, speech: Speech
) -> str:
    """The values come back by the key, from a copy that the migration made."""
    keys = keys_of(table, start)
    name, copy, said = speech.name(table), speech.name(_copy(table)), speech.dialect.quoted(column)
    note = "" if keys else f"-- {_KEY} stands for the key of the table\n"
    columns = tuple(dict.fromkeys((*keys, column))) if keys else ()
    copied = _copied(table, speech, columns)
    same = " AND ".join(
        f"kept.{key} = {name}.{key}" for key in map(speech.dialect.quoted, keys or (_KEY,))
    )
    return (
        f"-- in the migration, before it drops the column:\n{copied}\n"
        f"-- in the way back:\n{whole(operation)}\n{note}"
        f"UPDATE {name} SET {said} = (SELECT kept.{said} FROM {copy} AS kept WHERE {same});"
    )


def keys_of(table: Name, schema: Schema) -> tuple[str, ...]:
    """Return the columns of the primary key as far as the model knows one."""
    found = schema.table(table)
    for each in found.constraints.values() if found else ():
        if each.kind == "primary key":
            return each.columns
    return ()
