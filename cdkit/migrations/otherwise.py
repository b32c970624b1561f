"""Safe ways that say a statement otherwise: a transaction of its own, a column's other type."""

from cdkit.migrations.nouns import Column, quoted
from cdkit.migrations.operation import AddColumn, CreateTable, Operation
from cdkit.migrations.ways import whole

_SAID_BY_KIND = frozenset({"primary key", "unique"})


def on_its_own(operation: Operation) -> str:
    """Return the statement in a transaction that does nothing else."""
    return f"-- in a migration of its own:\nBEGIN;\n{whole(operation)}\nCOMMIT;"


def redefined(operation: CreateTable | AddColumn, column: Column, type_: str) -> str:
    """Return the definition of a new column with another type, as a statement where it is one.

    An empty text where the column says more than can be said again: a CHECK, a reference.
    """
    kinds = {each.kind for each in column.constraints} - {"not null"}
    if column.generated or not kinds <= _SAID_BY_KIND:
        return ""
    default = f" DEFAULT {column.default.sql}" if column.default and column.default.sql else ""
    null = " NOT NULL" if column.not_null else ""
    keys = "".join(f" {each.upper()}" for each in sorted(kinds))
    definition = f"{quoted(column.name)} {type_}{default}{null}{keys}"
    if isinstance(operation, AddColumn):
        return f"ALTER TABLE {operation.table.sql} ADD COLUMN {definition};"
    return f"-- in CREATE TABLE {operation.table.sql}:\n{definition}"
