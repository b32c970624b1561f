"""Cutting SQL into statements, and into ranges of whole statements that are parsed at once."""

from cdkit.core.doors import pg_query
from cdkit.core.doors.pg_query import GrammarFault
from cdkit.migrations.lexer import first, tokens

AT_ONCE = 128 * 1024
"""How many bytes of statements are parsed at once: their tree takes about ten times as many."""

Range = tuple[int, int]
"""The bytes where something starts, and its length."""

_ATOMIC = b"atomic"
_NOTHING = b"; \t\r\n"


def pieces(sql: bytes) -> tuple[Range, ...]:
    """Split at semicolons: by the server's scanner, or by our own where that gives up."""
    try:
        return statements(sql)
    except GrammarFault:
        return at_semicolons(sql, 0, len(sql))


def statements(sql: bytes) -> tuple[Range, ...]:
    """Split by the server's scanner, leaving nothing out. Raises GrammarFault where it gives up."""
    return _covering(sql, _joined(sql, pg_query.split(sql)))


def groups(sql: bytes) -> tuple[Range, ...]:
    """Return ranges of whole statements, each of AT_ONCE bytes at most or one longer statement.

    Raises GrammarFault where the scanner gives up.
    """
    if _ATOMIC not in sql.lower():
        return _covering(sql, pg_query.cut(sql, AT_ONCE))
    found: list[Range] = []
    for start, length in statements(sql):
        if found and start + length - found[-1][0] <= AT_ONCE:
            found[-1] = (found[-1][0], start + length - found[-1][0])
        else:
            found.append((start, length))
    return tuple(found)


def at_semicolons(sql: bytes, start: int, end: int) -> tuple[Range, ...]:
    """Split at every semicolon outside quotes and comments, even inside parentheses."""
    found, begin = [], start
    for token in tokens(sql, start, end):
        if token.text == b";":
            found.append((begin, token.start - begin))
            begin = token.end
    found.append((begin, end - begin))
    return tuple((at, size) for at, size in found if first(sql, at, at + size) < at + size)


def _covering(sql: bytes, found: tuple[Range, ...]) -> tuple[Range, ...]:
    """Add what the scanner left out: it drops a statement whose parenthesis is never closed."""
    covered: list[Range] = []
    position = 0
    for start, length in (*found, (len(sql), 0)):
        if sql[position:start].strip(_NOTHING):
            covered += at_semicolons(sql, position, start)
        covered.append((start, length))
        position = start + length
    return tuple(piece for piece in covered if piece[1])


def _joined(sql: bytes, found: tuple[Range, ...]) -> tuple[Range, ...]:
    """Join what the scanner takes apart: the statements in a body of BEGIN ATOMIC … END."""
    if _ATOMIC not in sql.lower():
        return found
    joined: list[Range] = []
    begin, depth = 0, 0
    for start, length in found:
        begin = begin if depth else start
        depth = _depth(sql, start, start + length, depth)
        if not depth:
            joined.append((begin, start + length - begin))
    if depth:
        joined.append((begin, len(sql) - begin))
    return tuple(joined)


def _depth(sql: bytes, start: int, end: int, depth: int) -> int:
    """Return how many bodies and CASEs are open at the end of a piece, `depth` at its start."""
    if not depth and _ATOMIC not in sql[start:end].lower():
        return 0
    before = b""
    for token in tokens(sql, start, end):
        word = token.text.upper() if token.kind == "name" else b""
        if (before, word) == (b"BEGIN", b"ATOMIC") or (depth and word == b"CASE"):
            depth += 1
        elif depth and word == b"END":
            depth -= 1
        before = word
    return depth
