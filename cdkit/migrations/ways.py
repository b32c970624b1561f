"""Safe ways that every engine knows: what is taken away goes in a release of its own."""

from cdkit.migrations.operation import Operation

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


def whole(operation: Operation) -> str:
    """Return the statement as it is written, with its semicolon."""
    return ended(operation.statement.source)


def ended(source: str, by: str = ";") -> str:
    """Return a statement with what ends it, on a line of its own where a comment would hold it."""
    said = source.strip()
    last = said.rpartition("\n")[2]
    return f"{said}\n{by}" if "--" in last or "#" in last else f"{said}{by}"
