"""Whether the running version keeps to a constraint already, so that a new one refuses nothing."""

from cdkit.migrations.implied import implies
from cdkit.migrations.indexes import Index, whole_columns
from cdkit.migrations.nouns import NULLS_ALIKE, Constraint, Name
from cdkit.migrations.operation import CreateIndex, OnTable
from cdkit.migrations.rule import Context
from cdkit.migrations.schema import Schema


def key_of(index: CreateIndex | Index) -> str:
    """Return what a unique index holds apart besides columns: expressions, and of which rows."""
    return " ".join((*index.expressions, index.where)).strip()


def lived_with(operation: OnTable, constraint: Constraint, context: Context) -> bool:
    """Whether the running version keeps to something as strict already."""
    table = context.released.table(operation.table)
    if table is None:
        return False
    if constraint.kind in {"unique", "primary key"}:
        return _is_unique_already(operation, constraint, context)
    held = table.constraints.values()
    strict = [old for old in held if implies(old, constraint, context.released)]
    if not strict or constraint.kind != "check":
        return bool(strict)
    # A row that only passes without the old one can fail by an UPDATE of another column.
    end = context.ahead.end.table(operation.table)
    return any(
        set(constraint.columns) <= set(old.columns)
        or (end is not None and end.constraints.get(old.name) == old)
        for old in strict
    )


def _is_unique_already(operation: OnTable, constraint: Constraint, context: Context) -> bool:
    """Whether fewer columns were unique before, so that more of them are."""
    released = context.released
    if constraint.kind == "primary key" and not all(
        (column := released.column(operation.table, name)) and column.not_null
        for name in constraint.columns
    ):
        return False
    made = operation.expressions if isinstance(operation, CreateIndex) else ()
    asked = whole_columns(constraint.columns, made) if made else set(constraint.columns)
    for _, index in released.unique_keys(operation.table):
        whole = not index.where and not index.expressions
        if whole and index.columns and set(index.columns) <= asked:
            alike = NULLS_ALIKE in constraint.expression
            return not alike or _are_set(operation.table, index, released)
        if index.columns == constraint.columns and constraint.expression == key_of(index):
            return True
    return False


def _are_set(table: Name, index: Index, schema: Schema) -> bool:
    """Whether no column of an index can be null, so that it does not matter how nulls compare."""
    columns = [schema.column(table, name) for name in index.columns]
    return all(column and column.not_null for column in columns)


def held_already(operation: OnTable, constraint: Constraint, context: Context) -> bool:
    """Whether the unique index that it is made from refuses the same.

    One that is new has its own finding. A primary key sets its columns NOT NULL besides.
    """
    schema = context.schema
    table = schema.full(operation.table)
    index = schema.index(Name(table.schema, constraint.index))
    if index is None or not index.unique:
        return False
    return constraint.kind == "unique" or _are_set(operation.table, index, schema)
