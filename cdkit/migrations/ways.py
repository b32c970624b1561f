"""Safe ways that every engine knows: what is taken away goes in a release of its own."""

from cdkit.migrations.nouns import Name
from cdkit.migrations.operation import Operation
from cdkit.migrations.schema import Schema

RELEASE = "-- release"
"""What a line begins with that parts one release from the next in a safe way."""
_LONGEST = 4_000


def later(operation: Operation, first: str) -> str:
    """Return the statement put off: release 1 is code alone, release 2 does it.

    `first` says what the first release must be, in our own words: it stands in a comment. A
    statement of several pages is not said again, nor one that is only a part of what is done.
    """
    if not operation.statement.whole or len(operation.statement.source) > _LONGEST:
        return ""
    return f"{RELEASE} 1: {first}\n{RELEASE} 2, when release 1 runs everywhere:\n{whole(operation)}"


def what_goes_along(table: Name, column: str, schema: Schema) -> str:
    """Return a line about what would go with a column that another one replaces, if there is any.

    Which indexes and constraints it means the line does not say: a name may hold a line end.
    """
    held, indexes = schema.table(table), schema.indexes
    on = (
        [each.columns for each in held.constraints.values() if each.kind != "not null"]
        if held
        else []
    )
    on += [indexes[name].columns for name in indexes.of(schema.full(table))]
    said = "-- first, on the new one: the indexes and constraints that the old one has\n"
    return said if any(column in each for each in on) else ""


def whole(operation: Operation) -> str:
    """Return the statement as it is written, with its semicolon."""
    return ended(operation.statement.source)


def ended(source: str, by: str = ";") -> str:
    """Return a statement with what ends it, on a line of its own where a comment would hold it."""
    said = source.strip()
    last = said.rpartition("\n")[2]
    return f"{said}\n{by}" if "--" in last or "#" in last else f"{said}{by}"
