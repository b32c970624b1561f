"""Columns that stay empty in each row which the running version adds: they are new to it."""

from cdkit.migrations.nouns import NULLS_ALIKE, Constraint, Name
from cdkit.migrations.rule import Context
from cdkit.migrations.triggered import may_set


def has_nulls(table: Name, constraint: Constraint, context: Context) -> bool:
    """Whether each row that the running version adds has a null in a unique key: none is alike.

    It has in a new column that nothing fills: no default, no trigger, no UPDATE of the release
    (what that version writes into a filled row could then be there already).
    """
    if NULLS_ALIKE in constraint.expression:
        return False
    return any(stays_null(table, name, context) for name in constraint.columns if name)


def stays_null(table: Name, name: str, context: Context) -> bool:
    """Whether a column is new, and null in each row that the running version adds."""
    found, column = context.schema.table(table), context.schema.column(table, name)
    if found is None or column is None or not context.schema.is_new_column(table, name):
        return False
    if column.not_null or column.identity or column.serial or column.generated:
        return False
    if column.default and not column.default.null:
        return False
    if column.type.name == "timestamp" and context.server.engine in {"mysql", "mariadb"}:
        return False  # without explicit_defaults_for_timestamp it holds the time of the write
    filled = found.filled or name in found.written
    filled = filled or any(may_set(x, name, context.schema) for x in found.triggers.values())
    return not filled and not context.ahead.writes(table, name)
