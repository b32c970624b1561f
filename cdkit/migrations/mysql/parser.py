"""From the bytes of a migration to its statements, as the `mysql` client splits them.

Sources: MySQL manual, 9.6 "Comments" (`/*!50110 … */`), 4.5.1.2 "mysql Client Commands" (DELIMITER,
source); MariaDB, "Comment Syntax" (`/*M!100100 … */`, and that 50700 to 99999 do not run there).
"""

import re
from collections.abc import Iterator

from cdkit.migrations.encoding import readable
from cdkit.migrations.engine import Server
from cdkit.migrations.foreign import foreign
from cdkit.migrations.parsed import Parsed
from cdkit.migrations.reading.compound import Nesting
from cdkit.migrations.reading.scan import MYSQL, MYSQL_RUN, open_comment, stripped, unclosed
from cdkit.migrations.statement import Statement
from cdkit.migrations.text import Text
from cdkit.migrations.trouble import Trouble

_WORD = re.compile(rb"[A-Za-z]+")
_BOM = b"\xef\xbb\xbf"
_VERSION_COMMENT = re.compile(rb"/\*(M?)!(\d{5,6})?")
_SOURCE = re.compile(rb"(?:source|system)\b|\\[.!]", re.IGNORECASE)
_BETWEEN = frozenset({"space", "comment"})
_OPAQUE = frozenset({"string", "name", "variable"})

Piece = tuple[int, int, bool]


def parse(text: Text, sql: bytes, server: Server) -> Parsed:
    """Read the statements of a file; each keeps its own SQL, with what does not run made blank."""
    if trouble := readable(sql):
        return Parsed(troubles=(trouble,))
    if sql.startswith(_BOM):
        sql = b"   " + sql[3:]
    if (begun := open_comment(sql, sqlite=False)) >= 0:
        return Parsed(troubles=(_fault("a comment is never closed", begun),))
    sql = unwrapped(sql, server)
    statements: list[Statement] = []
    troubles = [*foreign(sql, "MySQL", MYSQL)]
    for start, end, left_open in _pieces(sql):
        if trouble := _unreadable(sql, start, end, left_open=left_open):
            troubles.append(trouble)
        else:
            statements.append(_statement(text, sql, start, end, server))
    return Parsed(statements=tuple(statements), troubles=tuple(troubles))


class _WithoutKeys(Statement):
    """A statement for a server that ignores foreign keys of columns.

    MySQL keeps them since 9.0 (release notes, "Inline and implicit foreign key constraints"),
    MariaDB since 10.5 ("Foreign Keys").
    """

    passed_over = frozenset({"foreign key"})
    __slots__ = ()


class _WithoutChecks(Statement):
    """One for MySQL before 8.0.16, which ignores every CHECK as well (manual, 15.1.20.6)."""

    passed_over = frozenset({"foreign key", "check"})
    __slots__ = ()


def _statement(text: Text, sql: bytes, start: int, end: int, server: Server) -> Statement:
    found = _WORD.match(sql, start)
    kind = found.group().decode().upper() if found else ""
    mysql = server.engine == "mysql"
    made = Statement
    if server.before(9) if mysql else server.before(10, 5):
        made = _WithoutChecks if mysql and server.before(8, 0, 16) else _WithoutKeys
    return made(text=text, kind=kind, node=sql[start:end], start=start, end=end, base=start)


def unwrapped(sql: bytes, server: Server) -> bytes:
    """Return SQL with `/*!50110 … */` laid open where the server runs it, blank where it does not.

    A version unsaid runs it. Offsets and lines stay.
    """
    if b"/*!" not in sql and b"/*M!" not in sql:
        return sql
    kept = bytearray(sql)
    for match in MYSQL.finditer(sql):
        opened = _VERSION_COMMENT.match(match.group()) if match.lastgroup == "comment" else None
        if opened is None:
            continue
        start, end = match.span()
        if _runs(opened, server):
            kept[start : start + opened.end()] = b" " * opened.end()
            kept[end - 2 : end] = b"  "
        else:
            kept[start:end] = re.sub(rb"[^\n]", b" ", sql[start:end])
    return bytes(kept)


def _runs(opened: re.Match[bytes], server: Server) -> bool:
    ours, number = opened[1], int(opened[2] or 0)
    mariadb = server.engine == "mariadb"
    if (ours and not mariadb) or (mariadb and not ours and 50700 <= number <= 99999):
        return False
    return not server.before(number // 10000, number // 100 % 100, number % 100)


def _pieces(sql: bytes) -> Iterator[Piece]:
    """Yield the start and end of each statement, and whether a block in it is never ended."""
    position, begin, delimiter = 0, -1, b";"
    nesting = Nesting(sql)
    while match := MYSQL.match(sql, position):
        kind, position = match.lastgroup or "mark", match.end()
        if kind in _BETWEEN:
            continue
        if begin < 0:
            if match.group().upper() == b"DELIMITER":
                line, position = _line(sql, position)
                delimiter = next(iter(line.split()), delimiter)
                continue
            begin = match.start()
            nesting = Nesting(sql, begin)
            if delimiter == b";" and not nesting.routine:
                position = _run(sql, begin)
                ended = MYSQL.match(sql, position)
                if ended is None:
                    break
                match, kind, position = ended, "mark", ended.end()
        cut = -1 if kind in _OPAQUE else _cut(sql, match, delimiter)
        if cut < 0 or (delimiter == b";" and nesting.depth > 0):
            nesting.follow(match)
            continue
        if cut > begin:
            yield begin, stripped(sql, begin, cut, sqlite=False), False
        begin, position = -1, cut + len(delimiter)
    if begin >= 0:
        yield begin, stripped(sql, begin, len(sql), sqlite=False), nesting.depth > 0


def _run(sql: bytes, begin: int) -> int:
    """Return where the semicolon stands that ends the statement which begins here."""
    match = MYSQL_RUN.match(sql, begin)
    return match.end() if match else begin


def _cut(sql: bytes, match: re.Match[bytes], delimiter: bytes) -> int:
    """Return where the delimiter stands that this token holds or begins, or -1."""
    return sql.find(delimiter, match.start(), match.end() + len(delimiter) - 1)


def _line(sql: bytes, position: int) -> tuple[bytes, int]:
    end = sql.find(b"\n", position)
    end = len(sql) if end < 0 else end
    return sql[position:end], end


def _unreadable(sql: bytes, start: int, end: int, *, left_open: bool) -> Trouble | None:
    """Say why a piece is no statement that can be read, or None."""
    if _SOURCE.match(sql, start):
        what = "a command of the mysql client brings in what is not in this file"
        remedy = "write the SQL itself into the migration"
        return Trouble(rule="unread-command", what=what, offset=start, remedy=remedy)
    if left_open:
        return _fault("a block that begins here is never ended", start)
    if sql.find(b";", end) < 0 and (begun := unclosed(sql[start:end], sqlite=False)) >= 0:
        return _fault("a quote is never closed", start + begun)
    return None


def _fault(what: str, offset: int) -> Trouble:
    return Trouble(rule="syntax-error", what=what, offset=offset, remedy="close it")
