"""What of an edited migration ran already, as it was released: that is not run again."""

from collections import Counter

from cdkit.migrations.reader import Reader
from cdkit.migrations.source import Migration
from cdkit.migrations.statement import Statement


def sources_of(before: Migration | None, reader: Reader) -> Counter[str]:
    """Return the statements of a file as it was released, white space aside."""
    if before is None:
        return Counter()
    parsed = reader.parse(before)
    return Counter(" ".join(each.source.split()) for each in parsed.statements)


def ran_already(statement: Statement, ran: Counter[str]) -> bool:
    """Whether a statement is one of those that ran, and take it out of them."""
    source = " ".join(statement.source.split())
    found = ran[source] > 0
    ran[source] -= 1
    if ran[source] <= 0:
        del ran[source]
    return found
