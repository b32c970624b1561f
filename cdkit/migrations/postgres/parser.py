"""From the bytes of a migration to its statements, losing as little as can be to what is broken."""

import re

import msgspec
from msgspec import Raw, Struct

from cdkit.core.doors import pg_query
from cdkit.core.doors.pg_query import GrammarFault
from cdkit.core.errors import CannotTell
from cdkit.core.world import Processes
from cdkit.migrations.encoding import readable
from cdkit.migrations.lexer import first, tokens
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.postgres.psql import without_commands
from cdkit.migrations.statement import Statement
from cdkit.migrations.text import Text
from cdkit.migrations.trouble import Trouble

_BOM = b"\xef\xbb\xbf"
_SEVERAL = 2


class _Stmt(Struct, frozen=True):
    stmt: Raw
    stmt_location: int = 0
    stmt_len: int = 0


class _Tree(Struct, frozen=True):
    stmts: tuple[_Stmt, ...] = ()


def parse(text: Text, processes: Processes, *, data: bytes | None = None) -> Parsed:
    """Read the statements of a file; `data` is its text where parts of it are made blank.

    Nothing here raises for what stands in the file: each part that cannot be read is a trouble,
    and the rest is read all the same.
    """
    sql = text.data if data is None else data
    if trouble := readable(sql):
        return Parsed(troubles=(trouble,))
    if sql.startswith(_BOM):
        sql = b"   " + sql[3:]
    try:
        return _whole(text, sql, processes)
    except GrammarFault:
        return _recovered(text, sql, processes)


def _whole(text: Text, sql: bytes, processes: Processes) -> Parsed:
    """Parse all at once; raises GrammarFault."""
    if len(sql) > pg_query.SAFE_LENGTH:
        pieces = pg_query.split(sql)
        if _longest(sql, pieces) > pg_query.SAFE_LENGTH:
            return _in_pieces(text, sql, _covering(sql, pieces), processes)
    tree = pg_query.parse(sql)
    try:
        return Parsed(statements=_statements(text, sql, tree))
    except RecursionError:
        return _in_pieces(text, sql, _covering(sql, pg_query.split(sql)), processes)


def _longest(sql: bytes, pieces: tuple[tuple[int, int], ...]) -> int:
    """Return the length of the longest piece, or of what the scanner left out between two."""
    longest = position = 0
    for start, length in (*pieces, (len(sql), 0)):
        longest = max(longest, start - position, length)
        position = start + length
    return longest


def _statements(text: Text, sql: bytes, tree: bytes) -> tuple[Statement, ...]:
    found = msgspec.json.decode(tree, type=_Tree).stmts
    return tuple(_statement(text, sql, one) for one in found)


def _statement(text: Text, sql: bytes, one: _Stmt) -> Statement:
    kind, node = _kind(bytes(one.stmt))
    end = one.stmt_location + one.stmt_len if one.stmt_len else len(sql.rstrip())
    start = first(sql, one.stmt_location)
    return Statement(text=text, kind=kind, node=node, start=start, end=end)


def statements_of(sql: bytes) -> list[tuple[str, bytes]]:
    """Parse a piece of SQL by itself: the kind and the tree of each statement in it.

    Raises GrammarFault and RecursionError.
    """
    if len(sql) > pg_query.SAFE_LENGTH:
        raise GrammarFault("too long", 0)
    tree = pg_query.parse(sql)
    return [_kind(bytes(one.stmt)) for one in msgspec.json.decode(tree, type=_Tree).stmts]


def _kind(stmt: bytes) -> tuple[str, bytes]:
    """Take `{"AlterTableStmt":{…}}` apart: its only key, and what stands below it."""
    end = stmt.index(b'"', 2)
    return stmt[2:end].decode(), stmt[end + 2 : -1]


def _recovered(text: Text, sql: bytes, processes: Processes) -> Parsed:
    """Read what can be read of a file that the grammar refuses as a whole."""
    clean, troubles = without_commands(sql)
    try:
        parsed = _whole(text, clean, processes)
    except GrammarFault as fault:
        parsed = _in_pieces(text, clean, _pieces(clean), processes)
        if not parsed.troubles:
            # The whole is refused though each piece is not: say so rather than pass it over.
            troubles = (*troubles, _syntax_error(clean, 0, len(clean), fault))
    return Parsed(statements=parsed.statements, troubles=(*troubles, *parsed.troubles))


def _pieces(sql: bytes) -> tuple[tuple[int, int], ...]:
    """Split at semicolons: by the server's scanner, or by our own where that gives up."""
    try:
        return _covering(sql, pg_query.split(sql))
    except GrammarFault:
        return _at_semicolons(sql, 0, len(sql))


def _covering(sql: bytes, pieces: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """Add what the scanner left out: it drops a statement whose parenthesis is never closed."""
    covered: list[tuple[int, int]] = []
    position = 0
    for start, length in (*pieces, (len(sql), 0)):
        covered += _at_semicolons(sql, position, start)
        covered.append((start, length))
        position = start + length
    return tuple(piece for piece in covered if piece[1])


def _at_semicolons(sql: bytes, start: int, end: int) -> tuple[tuple[int, int], ...]:
    """Split at every semicolon outside quotes and comments, even inside parentheses."""
    pieces, begin = [], start
    for token in tokens(sql, start, end):
        if token.text == b";":
            pieces.append((begin, token.start - begin))
            begin = token.end
    pieces.append((begin, end - begin))
    return tuple((at, size) for at, size in pieces if first(sql, at, at + size) < at + size)


def _in_pieces(
    text: Text, sql: bytes, pieces: tuple[tuple[int, int], ...], processes: Processes
) -> Parsed:
    statements: list[Statement] = []
    troubles: list[Trouble] = []
    for start, length in pieces:
        try:
            statements += _piece(text, sql, start, length, processes)
        except GrammarFault as fault:
            inner = _at_semicolons(sql, start, start + length)
            if len(inner) < _SEVERAL:
                troubles.append(_syntax_error(sql, start, length, fault))
                continue
            rest = _in_pieces(text, sql, inner, processes)
            statements += rest.statements
            troubles += rest.troubles
        except CannotTell as fault:
            at = first(sql, start)
            troubles.append(
                Trouble(rule="unread-code", what=fault.what, offset=at, remedy=fault.remedy)
            )
    return Parsed(statements=tuple(statements), troubles=tuple(troubles))


def _piece(
    text: Text, sql: bytes, start: int, length: int, processes: Processes
) -> list[Statement]:
    """Parse one statement by itself."""
    begin = first(sql, start, start + length)
    piece = sql[begin : start + length]
    apart = len(piece) > pg_query.SAFE_LENGTH
    tree = pg_query.parse_apart(piece, processes) if apart else pg_query.parse(piece)
    end = start + length
    try:
        found = [_kind(bytes(one.stmt)) for one in msgspec.json.decode(tree, type=_Tree).stmts]
    except RecursionError:
        # Nested deeper than the decoder goes: the kind is known, whoever wants more cannot tell.
        at = tree.index(b'"stmt":{"') + len(b'"stmt":{"')
        found = [(tree[at : tree.index(b'"', at)].decode(), b"")]
    return [
        Statement(text=text, kind=kind, node=node, start=begin, end=end, base=begin)
        for kind, node in found
    ]


def _syntax_error(sql: bytes, start: int, length: int, fault: GrammarFault) -> Trouble:
    begin = first(sql, start, start + length)
    offset = begin + fault.offset if fault.offset >= 0 else begin
    around = sql[max(offset - 3, 0) : offset + 3]
    if re.search(rb"\$\{|\{\{|\{%|<%|%\(|\{[A-Za-z_]", around):
        return Trouble(
            rule="syntax-error",
            what=f"this is a template, not SQL: {fault.message}",
            offset=offset,
            remedy="render the migration first, and give the rendered SQL",
        )
    return Trouble(
        rule="syntax-error",
        what=f"PostgreSQL's grammar says: {fault.message}",
        offset=offset,
        remedy="mend the statement; if another database is meant, say so: `--server mysql:8.0`",
    )
