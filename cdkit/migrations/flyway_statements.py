"""What Flyway finds out by itself about a script's transaction, on PostgreSQL 12 and newer.

Source: Flyway's PostgreSQLParser.java (detectCanExecuteInTransaction) and ParserSqlScript.java
(`mixed`).
"""

from collections.abc import Iterator

from cdkit.migrations.lazy import pattern
from cdkit.migrations.lexer import tokens

_ALONE = pattern(
    rb"(?:CREATE|DROP) (?:DATABASE|TABLESPACE|SUBSCRIPTION)\b|ALTER SYSTEM\b"
    rb"|(?:CREATE|DROP)(?: UNIQUE)? INDEX CONCURRENTLY\b"
    rb"|REINDEX(?: VERBOSE)? (?:SCHEMA|DATABASE|SYSTEM)\b|VACUUM\b|DISCARD ALL\b"
)
"""What Flyway runs outside a transaction by itself on PostgreSQL 12 and newer."""

_MAYBE_ALONE = (
    b"concurrently", b"vacuum", b"discard", b"database", b"tablespace", b"subscription", b"system",
    b"reindex",
)  # fmt: skip


def _commands(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield where each statement starts, and its first words in upper case."""
    words: list[bytes] = []
    start = 0
    for token in tokens(data):
        if token.text == b";" and token.kind == "mark":
            if words:
                yield start, b" ".join(words)
            words = []
            continue
        start = start if words else token.start
        if len(words) < 5:
            words.append(token.text.upper())
    if words:
        yield start, b" ".join(words)


def transaction_of(data: bytes) -> tuple[bool, int]:
    """Return whether Flyway wraps a script by its own finding, and where it would refuse it.

    It refuses the first statement that is of the other kind than those before; -1 for none.
    """
    lowered = data.lower()
    if not any(word in lowered for word in _MAYBE_ALONE):
        return True, -1
    kinds = [(at, bool(_ALONE().match(words))) for at, words in _commands(data)]
    alone = any(kind for _, kind in kinds)
    other = (at for at, kind in kinds if kind is not kinds[0][1])
    return not alone, next(other, -1)
